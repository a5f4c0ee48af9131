#!/usr/bin/env bash
# The exposure of each service stays at 2.0 or below (systemd-analyze(1)).
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

exposure() {
	systemd-analyze security --no-pager --offline=yes --threshold=20 "$1"
}

for unit in "$LAB_ROOT"/systemd/*.service; do
	exposure "$unit" >/dev/null ||
		fail "exposure over 2.0: $(exposure "$unit")"
	note "$(exposure "$unit" | tail -n 1)"
done

# The gate must be able to fail.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grep -v '^SystemCall\|^CapabilityBoundingSet\|^Private' \
	"$LAB_ROOT/systemd/traversald.service" >"$scratch/traversald.service"
! exposure "$scratch/traversald.service" >/dev/null ||
	fail "a unit without its sandbox passed"
