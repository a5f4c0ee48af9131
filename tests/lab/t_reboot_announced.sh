#!/usr/bin/env bash
# The router restarts, has forgotten everything and announces itself: the
# mapping is back half a second after it answers, with the same outer port, by
# each protocol.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: try_reboot VIA
try_reboot() {
	local back_ms

	daemon_up "--traversal=upnp --map=game=5000/udp:5555"
	wait_status 'reachable == "yes"' 10
	expect_status "ext(\"game\").via == \"$1\""
	igd_stop
	igd_flush
	expect "mappings after the loss" 0 "$(router_count)"
	igd_start r
	back_ms=$(now_ms)
	wait_until '[ "$(router_external_port udp 5000)" = 5555 ]' 2 ||
		fail "$1: not mapped again: $(router_mappings)"
	back_ms=$(($(now_ms) - back_ms))
	note "$1: mapped again after $back_ms ms"
	[ "$back_ms" -le 500 ] || fail "$1: that is over 500 ms"
	wait_status 'reachable == "yes"' 5
	assert_service_reached game udp 5000
	daemon_stop
}

lab_for_daemon
note "PCP"
igd_start r
try_reboot pcp
note "UPnP"
igd_stop
igd_start r natpmp=no
try_reboot upnp
