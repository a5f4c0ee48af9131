#!/usr/bin/env bash
# A NAT that gives each peer another port, and one that filters by port: no
# plain punching connects them. Both ends fail after 10 s, politely, and the one
# that knows its NAT names the cause.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/punch.sh"

lab_start
punch_sides port-restricted symmetric-random delay=20
nat_stun
mkdir -p "$LAB_TMP/run" "$LAB_TMP/data"
cat >"$LAB_TMP/defaults" <<-DEFAULTS
	DAEMON_OPTS="--stun-servers=$STUN_1:$STUN_PORT --port-check-servers="
	SERVICE_OPTS="openvpn"
DEFAULTS
lab_spawn q traversald "$LAB_BUILD/traversald" --foreground \
	--defaults="$LAB_TMP/defaults" --runtime-dir="$LAB_TMP/run" \
	--data-dir="$LAB_TMP/data"
ctl="nse q $LAB_BUILD/traversalctl --socket=$LAB_TMP/run/traversald.sock"
wait_until '{ $ctl --json=short status || true; } 2>/dev/null | grep -q symmetric' 10 ||
	fail "the NAT is not recognised"

$ctl punch "$PUNCH_P" --local-ports=45000-45019 --remote-ports=25000-25019 \
	--role=consumer >"$LAB_TMP/ctl.out" 2>&1 &
pid=$!
punch_run ours ours 2 50 --data=10500
status=0
wait "$pid" || status=$?
punch_note "port-restricted x symmetric-random"
expect "exit of traversalctl" 2 "$status"
grep -q 'our NAT gives each peer another port' "$LAB_TMP/ctl.out" ||
	fail "cause: $(cat "$LAB_TMP/ctl.out")"
for side in provider consumer; do
	expect "$side connected" 0 "$(punch_good $side)"
	expect "$side failed" 2 \
		"$(grep -c 'outcome=failed.*cause=silent' "$LAB_TMP/$side.out")"
	punch_limit $side took_ms 10200
	punch_limit $side sent 125
done
