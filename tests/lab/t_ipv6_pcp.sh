#!/usr/bin/env bash
# IPv6 beside IPv4: the router's firewall is opened by PCP for the address that
# stays, and closed at the end; without IPv6 there is no word of it.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

IPV6='(svc("game").external[] | select(.family == "ipv6"))'

lab_for_daemon
igd_start r

note "no IPv6: nothing is said"
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 8
expect_status '[svc("game").external[].family] == ["ipv4"]'
expect_status '.findings == []'
! grep -q "warn\|err " "$LAB_TMP/traversald.log" ||
	fail "$(grep "warn\|err " "$LAB_TMP/traversald.log")"

note "IPv6 comes while it runs"
igd_stop r
lab_ipv6
igd_start r
wait_status "[$IPV6] | length == 1" 30
note "$(status_get "$IPV6")"
expect_status "$IPV6 | .address == \"$HOST_IPV6\" and 
	(.gateway | startswith(\"fe80::1%\"))"
wait_status "$IPV6 | .via == \"pcp\" and .port == 5000" 1
wait_status "svc(\"game\").external[0].family == \"ipv4\"" 8
assert_reaches_ipv6 "$(status_get "$IPV6 | .address")" 5000
assert_service_reached game udp 5000
assert_closed_ipv6 "$HOST_IPV6" 5001
expect "mappings that are told" "ipv4 $HOST ipv6 $HOST_IPV6 " \
	"$(ctl --json=short mappings | jq -r '.. | objects |
		select(has("internal")) |
		"\(.external.family) \(.internal.address)"' | tr '\n' ' ')"

note "the firewall closes at the end"
daemon_stop
assert_closed_ipv6 "$HOST_IPV6" 5000
expect "mappings at the end" 0 "$(router_count)"
