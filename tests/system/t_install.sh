#!/usr/bin/env bash
# make install and uninstall: what they put where, and what they leave alone.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

run_make() {
	make -s -C "$LAB_ROOT" BUILD="$LAB_BUILD" DESTDIR="$scratch" "$@"
}

list() {
	(cd "$scratch" && find . -type f -printf '%m %P\n' | sort -k 2)
}

run_make install prefix=/usr >/dev/null
expect "installed files" "644 etc/default/traversald
755 usr/bin/traversalctl
644 usr/lib/systemd/catalog/traversald.catalog
644 usr/lib/systemd/system/traversald-admin.socket
644 usr/lib/systemd/system/traversald-fwprobe.socket
644 usr/lib/systemd/system/traversald-fwprobe@.service
644 usr/lib/systemd/system/traversald.service
644 usr/lib/systemd/system/traversald.socket
644 usr/lib/sysusers.d/traversald.conf
755 usr/lib/traversald/traversald-fwprobe
755 usr/lib/traversald/traversald-igd
755 usr/sbin/traversald
755 usr/sbin/traversald-echo
644 usr/share/bash-completion/completions/traversalctl
644 usr/share/doc/traversald/traversald.conf.example
644 usr/share/doc/traversald/traversald.schema.json
644 usr/share/fish/vendor_completions.d/traversalctl.fish
644 usr/share/man/man1/traversalctl.1
644 usr/share/man/man5/traversald.conf.5
644 usr/share/man/man7/traversald-checks.7
644 usr/share/man/man8/traversald-echo.8
644 usr/share/man/man8/traversald.8
644 usr/share/zsh/vendor-completions/_traversalctl" "$(list)"

echo 'DAEMON_OPTS="--map=1"' >"$scratch/etc/default/traversald"
run_make install prefix=/usr >/dev/null
expect "the administrator's file after a second install" \
	'DAEMON_OPTS="--map=1"' "$(cat "$scratch/etc/default/traversald")"

run_make uninstall prefix=/usr >/dev/null
expect "what uninstall leaves" "644 etc/default/traversald" "$(list)"

for program in traversald traversalctl traversald-igd traversald-echo; do
	readelf -d "$LAB_BUILD/$program" | grep -q BIND_NOW ||
		fail "$program is not linked with -z now"
	readelf -h "$LAB_BUILD/$program" | grep -q 'DYN' ||
		fail "$program is not position independent"
done
