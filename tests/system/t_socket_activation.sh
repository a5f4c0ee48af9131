#!/usr/bin/env bash
# Sockets made by systemd: the daemon serves them and leaves the files alone.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

scratch=$(mktemp -d)
activator=
trap '[ -z "$activator" ] || kill "$activator" 2>/dev/null; rm -rf "$scratch"' \
	EXIT

read_sock=$scratch/traversald.sock
admin_sock=$scratch/traversald-admin.sock
: >"$scratch/empty"
mkdir "$scratch/state"

unshare --net systemd-socket-activate -l "$read_sock" -l "$admin_sock" \
	--fdname=control:control-admin "$LAB_BUILD/traversald" --foreground \
	--defaults="$scratch/empty" --runtime-dir="$scratch/none" \
	--data-dir="$scratch/state" >"$scratch/daemon.log" 2>&1 &
activator=$!
# shellcheck disable=SC2016 # evaluated again and again
wait_until '[ -S "$read_sock" ] && [ -S "$admin_sock" ]' 5 ||
	fail "systemd-socket-activate made no sockets"
inode=$(stat -c %i "$read_sock")

ask() {
	local status=0

	"$LAB_BUILD/traversalctl" --socket="$1" status --json >"$scratch/out" \
		2>&1 || status=$?
	[ "$status" -le 3 ] || fail "status on $1 exits $status: $(
		cat "$scratch/out" "$scratch/daemon.log"
	)"
	jq -e '.schema == 1' "$scratch/out" >/dev/null ||
		fail "no status: $(cat "$scratch/out")"
}

ask "$read_sock"
ask "$admin_sock"
expect "the socket file while the daemon runs" "$inode" \
	"$(stat -c %i "$read_sock")"

kill "$activator"
wait "$activator" || true
activator=
[ -S "$read_sock" ] || fail "the daemon removed a socket that is systemd's"
