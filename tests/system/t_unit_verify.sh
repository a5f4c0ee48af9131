#!/usr/bin/env bash
# systemd accepts the units as they are installed, for /usr and /usr/local.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# All units under a root; of a template, an instance. usage: verify ROOT PREFIX
verify() {
	local units

	units=$(cd "$1$2/lib/systemd/system" && echo -- * | sed 's/@/@i/g')
	# shellcheck disable=SC2086 # names of units
	systemd-analyze verify --no-pager --man=no --recursive-errors=no \
		--root="$1" ${units#-- }
}

for prefix in /usr /usr/local; do
	root=$scratch$prefix.root
	make -s -C "$LAB_ROOT" BUILD="$LAB_BUILD" install \
		prefix="$prefix" DESTDIR="$root" >/dev/null
	out=$(verify "$root" "$prefix" 2>&1) || fail "prefix $prefix: $out"
	expect "warnings with prefix $prefix" "" "$out"
	grep -q "^ExecStart=$prefix/sbin/traversald\$" \
		"$root$prefix/lib/systemd/system/traversald.service" ||
		fail "the unit does not start $prefix/sbin/traversald"
done

# The gate must be able to fail.
rm "$scratch/usr.root/usr/sbin/traversald"
! verify "$scratch/usr.root" /usr >/dev/null 2>&1 ||
	fail "a unit without its program passed"
