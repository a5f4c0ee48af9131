#!/usr/bin/env bash
# The lab itself: real clients map ports, datagrams pass or do not, and what
# was built can be taken down without a trace.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_start
lab_home
igd_start r

note "nothing passes before anybody has asked"
assert_silent udp "$WAN:4000"

note "NAT-PMP maps, and the datagram arrives"
nse h natpmpc -a 4000 4000 udp 3600 | grep -q 'Mapped public port 4000'
expect "mapping" "udp 4000 $HOST 4000" "$(router_mappings)"
assert_reaches udp "$WAN:4000" 4000

note "UPnP maps, and the datagram and the connection arrive"
nse h upnpc -a "$HOST" 5000 5000 UDP 600 >/dev/null
nse h upnpc -a "$HOST" 5001 5001 TCP 600 >/dev/null
expect "mappings" 3 "$(router_count)"
expect "external port" 5001 "$(router_external_port tcp 5001)"
assert_reaches udp "$WAN:5000" 5000
assert_reaches tcp "$WAN:5001" 5001
assert_silent udp "$WAN:4999"
[ "$(router_asks)" -gt 0 ] || fail "the router counted no request"

note "a reboot forgets"
igd_reboot
expect "mappings" 0 "$(router_count)"
assert_silent udp "$WAN:5000"

note "a manual range forwards, also to the wrong host"
router_forward udp 6000-6010
assert_reaches udp "$WAN:6005" 6005
router_forward udp 7000 192.168.77.99
assert_silent udp "$WAN:7000"

note "denied, dropped and silent routers"
igd_stop
igd_start r deny=8000-8010
nse h natpmpc -a 8000 8000 udp 60 >/dev/null
expect "external port" 8011 "$(router_external_port udp 8000)"
drop_natpmp
if nse h timeout 0.5 natpmpc -a 4100 4100 udp 60 >/dev/null; then
	fail "NAT-PMP was answered"
fi
router_drop_nothing

note "the provider gives a new address"
nse h natpmpc -a 4200 4200 udp 3600 >/dev/null
wan_new_address
wait_until 'nse h natpmpc | grep -q 11.22.44.2' 3 || fail "address unchanged"
assert_reaches udp 11.22.44.2:4200 4200

note "a second router takes over"
lab_second_router
igd_start r2
gateway_move "$ROUTER2"
nse h natpmpc -g "$ROUTER2" -a 4300 4300 udp 3600 >/dev/null
assert_reaches udp "$WAN2:4300" 4300

note "the teardown leaves nothing"
tmp=$LAB_TMP
pid=$(igd_pid r2)
lab_teardown
expect "namespaces" "" "$(lab_leftovers "$LAB_PREFIX")"
wait_until "! is_alive $pid" 1 || fail "miniupnpd survived"
[ ! -e "$tmp" ] || fail "$tmp survived"
