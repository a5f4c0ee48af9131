#!/usr/bin/env bash
# What a reload does not mend is still told after it.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: has_finding ID
has_finding() {
	status_is "[.findings[].id] | index(\"$1\")"
}

lab_for_daemon
daemon_defaults "--traversal=manual --map=game=5000/udp"
daemon_start --data-dir=/proc/nowhere
has_finding state.unwritable || fail "the data directory is not complained of"
ctl reload
has_finding state.unwritable || fail "forgotten by the reload"
daemon_stop

note "a directory that needs a restart"
daemon_defaults "--traversal=manual --map=game=5000/udp"
lab_spawn h traversald "$LAB_BUILD/traversald" \
	--defaults="$DAEMON_DEFAULTS" --runtime-dir="$DAEMON_RUN"
DAEMON_PID=$LAB_PID
wait_until 'status >/dev/null' 5 || fail "no answer"
daemon_defaults "--traversal=manual --map=game=5000/udp --data-dir=/tmp/other"
ctl reload
has_finding cfg.pending_restart || fail "the restart is not asked for"
ctl reload
has_finding cfg.pending_restart || fail "forgotten by the second reload"
daemon_stop
