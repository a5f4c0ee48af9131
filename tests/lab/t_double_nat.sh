#!/usr/bin/env bash
# Two routers in a row, both of which map ports: the second one is found and
# mapped through the first, by each protocol, and both mappings end together.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

OUTER=192.168.178.1

# Starts the service's daemon and proves it through both routers.
# usage: check_through VIA [STATUS_CONDITION]
check_through() {
	daemon_up "--traversal=manual,upnp --map=game=5000/udp:5005"
	wait_status "reachable == \"yes\" and ext(\"game\").via == \"$1\"" 8
	note "by $1: $(status_get 'ext("game")')"
	expect_status "ext(\"game\").address == \"$WAN\""
	expect_status "ext(\"game\").gateway == \"$OUTER\""
	expect_status '.nat.layers == 2 and .nat.cgnat == false'
	expect "mappings of the first router" 1 "$(router_count r)"
	expect "mappings of the second router" 1 "$(router_count u)"
	expect "the second router's target" "$WAN_PRIVATE" \
		"$(router_mappings u | cut -d' ' -f3)"
	assert_service_reached game udp 5000
}

# Ends the daemon; nothing may be left. usage: check_end
check_end() {
	daemon_stop
	expect "mappings of the first router at the end" 0 "$(router_count r)"
	expect "mappings of the second router at the end" 0 "$(router_count u)"
	assert_silent udp "$WAN:5005"
}

lab_for_daemon wan=private
stun_start
igd_maps_private_wan
igd_start r
igd_start u lan=192.168.178.0/24

note "by PCP, in the name of the first router"
check_through pcp
note "one mapping each, also with a service that is added and removed"
ctl map 6000/udp >/dev/null
wait_until '[ "$(router_count u)" -eq 2 ]' 5 || fail "$(router_mappings u)"
ctl unmap 6000/udp >/dev/null
wait_until '[ "$(router_count u)$(router_count r)" = 11 ]' 5 ||
	fail "r: $(router_mappings r) u: $(router_mappings u)"
note "the daemon is killed: the same pair is found again"
daemon_kill
daemon_start
wait_status "reachable == \"yes\" and ext(\"game\").port == 5005" 10
expect "mappings after a crash" 11 "$(router_count r)$(router_count u)"
assert_service_reached game udp 5000
note "the second router reboots"
igd_grow_old
igd_reboot u
wait_until '[ "$(router_count u)" -eq 1 ]' 40 || fail "not mapped again"
assert_service_reached game udp 5000
check_end

note "by NAT-PMP, where the second router knows no PCP"
drop_pcp u
check_through nat-pmp
check_end
router_drop_nothing u

note "by UPnP"
igd_stop u
igd_flush u
igd_start u lan=192.168.178.0/24 natpmp=no
check_through upnp
check_end

note "the first router claims a public address that is not its own"
igd_stop u
igd_flush u
igd_start u lan=192.168.178.0/24
igd_stop r
igd_flush r
igd_start r ext_ip=11.22.99.9
check_through nat-pmp
expect_status '[.findings[].id] | contains(["net.double_nat"])'
grep -q 'another NAT stands in between (PCP ADDRESS_MISMATCH' \
	"$LAB_TMP/traversald.log" || fail "PCP was not told of the mismatch"
check_end
