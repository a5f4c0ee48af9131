#!/usr/bin/env bash
# The router loses power and comes back without a word that reaches the host: the
# daemon finds out by asking.
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
igd_start r upnp=no
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
igd_grow_old

nse r nft -f - <<-RULES
	table inet lab_mute {
		chain output {
			type filter hook output priority 0;
			oifname lan0 ip daddr 224.0.0.0/4 drop
		}
	}
RULES
igd_kill
igd_flush
igd_start
comes_back 45
assert_service_reached game udp 5000
