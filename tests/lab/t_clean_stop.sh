#!/usr/bin/env bash
# SIGTERM: within a second the router holds nothing of ours and the daemon is
# gone, with each protocol.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: try_stop VIA
try_stop() {
	daemon_up "--traversal=upnp --map=game=5000/udp --map=web=8080/tcp"
	wait_status 'svc("game").state == "reachable"' 10
	wait_status 'ext("web").port == 8080' 10
	expect_status "ext(\"game\").via == \"$1\""
	expect "mappings before" 2 "$(router_count)"
	daemon_stop 1
	expect "exit status" 0 "$LAB_STATUS"
	expect "mappings after" 0 "$(router_count)"
	[ ! -e "$DAEMON_RUN/traversald.sock" ] || fail "the socket stays"
}

lab_for_daemon
note "PCP"
igd_start r
try_stop pcp

note "NAT-PMP"
drop_pcp
try_stop nat-pmp
router_drop_nothing
igd_stop

note "UPnP"
igd_start r natpmp=no
try_stop upnp
