#!/usr/bin/env bash
# SIGTERM while other deletions are under way: they are waited for too, and what
# is asked of the daemon while it stops maps nothing.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# What the daemon logged since it began to stop.
after_stop() {
	tac "$LAB_TMP/traversald.log" | sed '/event=stopping/q'
}

MAPS=
for port in $(seq 5001 5012); do
	MAPS="$MAPS --map=s$port=$port/udp"
done

lab_for_daemon
igd_start r natpmp=no
daemon_up "--traversal=upnp --map=game=5000/udp $MAPS"
wait_until '[ "$(router_count)" -eq 13 ]' 20 || fail "$(router_mappings)"

note "a reload gives all of them back, and then the daemon stops"
kill -STOP "$(igd_pid)"
daemon_defaults "--traversal=manual --map=game=5000/udp"
ctl reload
kill -TERM "$DAEMON_PID"
wait_until 'grep -q "event=stopping" "$LAB_TMP/traversald.log"' 2
kill -CONT "$(igd_pid)"
wait_until '! is_alive "$DAEMON_PID"' 2 || fail "it does not end"
expect "mappings after" "" "$(router_mappings)"
daemon_defaults "--traversal=upnp --map=game=5000/udp"

note "a reload that comes too late adds nothing"
daemon_start
wait_until '[ "$(router_count)" -eq 1 ]' 20 || fail "$(router_mappings)"
kill -STOP "$(igd_pid)"
daemon_defaults "--traversal=upnp --map=game=5000/udp $MAPS"
kill -TERM "$DAEMON_PID"
wait_until 'grep -q "event=stopping" "$LAB_TMP/traversald.log"' 2
kill -HUP "$DAEMON_PID"
wait_until '! is_alive "$DAEMON_PID"' 3 || fail "it does not end"
kill -CONT "$(igd_pid)"
! after_stop | grep -q "event=config-reloaded" || fail "reloaded while stopping"
