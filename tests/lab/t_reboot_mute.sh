#!/usr/bin/env bash
# The router crashes and comes back without a word, its table empty: it is found
# out by asking, within half a minute, by each protocol.
# deadline: 240 s
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Nothing that the router says to a group reaches the LAN.
mute_router() {
	nse r nft -f - <<-'RULES'
		table inet lab_mute {
			chain output {
				type filter hook output priority 0;
				oifname lan0 ip daddr 224.0.0.0/4 drop
			}
		}
	RULES
}

# usage: try_crash VIA
try_crash() {
	local back_ms

	daemon_up "--traversal=upnp --map=game=5000/udp:5555"
	wait_status 'reachable == "yes"' 10
	expect_status "ext(\"game\").via == \"$1\""
	# A clock may drift by 2 s and 1/16 of the time between two looks (RFC
	# 6887 section 8.5): after 27 s a shorter first life does not show.
	wait_status '.daemon.uptime_sec >= 7' 9
	igd_kill
	igd_flush
	igd_start r
	back_ms=$(now_ms)
	wait_until '[ "$(router_external_port udp 5000)" = 5555 ]' 30 ||
		fail "$1: not mapped again after 30 s: $(router_mappings)"
	note "$1: mapped again after $(($(now_ms) - back_ms)) ms"
	daemon_stop
}

lab_for_daemon
mute_router
note "PCP"
igd_start r
try_crash pcp
note "NAT-PMP"
drop_pcp
try_crash nat-pmp
router_drop_nothing
note "UPnP"
igd_stop
igd_start r natpmp=no
try_crash upnp
