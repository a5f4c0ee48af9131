#!/usr/bin/env bash
# `map` where no router maps: every caller that waits is told, others that wait
# meanwhile are not disturbed, and the verdict forgets what was refused.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Asks for a port in the background. usage: map_later PORT CALLER
map_later() {
	ctl map "$1/udp" >"$LAB_TMP/map.$1.$2" 2>&1 &
	CALLERS+=($!)
}

CALLERS=()
lab_for_daemon
router_forward udp 5000
daemon_up "--traversal=manual --map=game=5000/udp"
wait_status 'reachable == "yes"' 10

for caller in 1 2 3; do
	map_later 7000 "$caller"
	map_later 7001 "$caller"
done
for pid in "${CALLERS[@]}"; do
	if wait "$pid"; then
		fail "a mapping without a router"
	fi
done
is_alive "$DAEMON_PID" || fail "the daemon ended"
wait_status '[.services[].name] == ["game"]' 5
wait_status 'reachable == "yes"' 5
daemon_stop
expect "exit status" 0 "$LAB_STATUS"
