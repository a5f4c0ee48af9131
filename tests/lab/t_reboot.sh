#!/usr/bin/env bash
# The router reboots and loses every mapping: mapped again, same outer port, with
# each family of protocols.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Waits until the mapping is in the router again. usage: comes_back SECONDS
comes_back() {
	local started_ms

	started_ms=$(now_ms)
	wait_until '[ -n "$(router_external_port udp 5000)" ]' "$1" ||
		fail "the router has no mapping $1 s after it came back"
	note "mapped again after $(($(now_ms) - started_ms)) ms"
	wait_status 'reachable == "yes"' 5
}

lab_for_daemon
note "PCP and NAT-PMP"
igd_start r upnp=no
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
outer=$(external game)
igd_grow_old
igd_reboot
comes_back 8
expect "outer endpoint" "$outer" "$(external game)"
assert_service_reached game udp 5000
daemon_stop
igd_stop

note "UPnP"
igd_start r natpmp=no
daemon_start
wait_status 'reachable == "yes"' 10
igd_reboot
comes_back 8
expect "outer endpoint" "$outer" "$(external game)"
assert_service_reached game udp 5000
