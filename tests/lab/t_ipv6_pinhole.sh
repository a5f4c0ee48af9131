#!/usr/bin/env bash
# A router that speaks UPnP alone: its IPv6 firewall is opened by
# WANIPv6FirewallControl, in the name of the address that stays; made anew when
# the router has forgotten it, and closed at the end.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

IPV6='(svc("game").external[] | select(.family == "ipv6"))'

# The ports of the router's pinholes: rules for a raw IPv6 destination.
pinholes() {
	nse r nft -n list chain inet mupnp miniupnpd |
		sed -n 's/.*dport \([0-9]*\) @nh,192,128 .*/\1/p'
}

lab_for_daemon
lab_ipv6
igd_start r natpmp=no
# It still answers PCP over IPv6 then.
router_drop r meta nfproto ipv6 udp dport 5351
daemon_up "--traversal=manual,upnp --map=game=5000/udp --map=web=5001/tcp"
wait_status 'reachable == "yes" or reachable == "likely"' 8
wait_status "[$IPV6] | length == 1" 8
note "$(status_get "$IPV6")"
expect_status "$IPV6 | .via == \"upnp\" and .address == \"$HOST_IPV6\""
expect_status "$IPV6 | .port == 5000 and .lifetime_sec == 7200"
assert_reaches_ipv6 "$HOST_IPV6" 5000
assert_closed_ipv6 "$HOST_IPV6" 5002
wait_until '[ "$(pinholes | wc -l)" -eq 2 ]' 5 || fail "$(nse r nft -n list chain inet mupnp miniupnpd)"

note "the router forgets them without a word"
igd_kill r
igd_flush r
router_forget_flows r
igd_start r natpmp=no
wait_until '[ "$(pinholes | wc -l)" -eq 2 ]' 90 ||
	fail "not opened again: $(nse r nft list table inet mupnp)"
assert_reaches_ipv6 "$HOST_IPV6" 5000

note "one is removed, then all"
ctl --json map 6000/udp >/dev/null
wait_until '[ "$(pinholes | wc -l)" -eq 3 ]' 5 || fail "$(pinholes)"
ctl unmap 6000/udp >/dev/null
wait_until '[ "$(pinholes | wc -l)" -eq 2 ]' 5 || fail "$(nse r nft -n list chain inet mupnp miniupnpd)"
daemon_stop
expect "pinholes at the end" 0 "$(pinholes | wc -l)"
assert_closed_ipv6 "$HOST_IPV6" 5000
