#!/usr/bin/env bash
# `mappings --router` while the router goes: the caller is answered, and one that
# goes away itself does no harm.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Counts the daemon's descriptors: each caller has one.
descriptors() {
	find "/proc/$DAEMON_PID/fd" -mindepth 1 | wc -l
}

lab_for_daemon
lab_second_router
igd_start r natpmp=no
igd_start r2 natpmp=no
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN\"" 10

note "the router hangs while it is asked for its table"
kill -STOP "$(igd_pid)"
# shellcheck disable=SC2034 # read by the condition
BEFORE=$(descriptors)
ctl --json mappings --router >"$LAB_TMP/patient.json" 2>&1 &
# shellcheck disable=SC2034 # read by the condition
PATIENT=$!
ctl --json mappings --router >"$LAB_TMP/gone.json" 2>&1 &
GONE=$!
wait_until '[ "$(descriptors)" -ge "$((BEFORE + 2))" ]' 5 || fail "nobody asks"
gateway_move "$ROUTER2"
wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN2\"" 10
kill -KILL "$GONE"
wait_until '! is_alive "$PATIENT"' 25 || fail "the caller waits for ever"
is_alive "$DAEMON_PID" || fail "the daemon ended"
expect_status 'reachable == "yes"'
kill -CONT "$(igd_pid)"
daemon_stop 2
expect "exit status" 0 "$LAB_STATUS"
