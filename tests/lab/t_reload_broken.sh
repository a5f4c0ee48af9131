#!/usr/bin/env bash
# A broken file: the reload says which line, and everything stays in force. At a
# start what is usable counts; where nothing is, the daemon ends with status 78.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
outer=$(external game)
before=$(status_get .daemon.config_generation)

printf '# first\nDAEMON_OPTS="--map=\\"5000/udp"\n' >"$DAEMON_DEFAULTS"
code=0
ctl reload 2>"$LAB_TMP/reload.err" || code=$?
note "$(cat "$LAB_TMP/reload.err")"
expect "exit status of the reload" 78 "$code"
grep -q "$DAEMON_DEFAULTS:2" "$LAB_TMP/reload.err" ||
	fail "the reload does not name file and line"
expect "configuration" "$before" "$(status_get .daemon.config_generation)"
expect "outer endpoint" "$outer" "$(external game)"
assert_reaches udp "$outer" 5000

note "a start with the same file: a finding, and the rest counts"
daemon_stop
daemon_start
expect_status "[.findings[] | select(.file == \"$DAEMON_DEFAULTS\" and .line == 2)
	| .severity] != []"
daemon_stop

note "a start with a file that a crash left full of NULs"
printf '# first\n\0\0\0\n' >"$DAEMON_DEFAULTS"
daemon_spawn
wait_until '! is_alive "$DAEMON_PID"' 5 || fail "it starts all the same"
code=0
wait "$DAEMON_PID" || code=$?
expect "exit status of the start" 78 "$code"
tail -n 3 "$LAB_TMP/traversald.log" | \
	grep -q "${DAEMON_DEFAULTS}[: a-z=]*2" ||
	fail "the log does not name file and line"
