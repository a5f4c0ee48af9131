#!/usr/bin/env bash
# Two default routes over two routers: the better one is used and the other one
# is named; when the first vanishes the other takes over; --gateway chooses.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

SEVERAL='[.findings[] | select(.id == "net.several_gateways")]'

lab_for_daemon
lab_second_router
igd_start r
igd_start r2
nip h route del default
nip h route add default via "$ROUTER" metric 100
nip h route add default via "$ROUTER2" metric 200

note "the better default route counts, the other one is named"
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 8
expect_status "ext(\"game\").gateway == \"$ROUTER\""
expect_status "ext(\"game\").address == \"$WAN\""
expect "mappings of the first router" 1 "$(router_count r)"
expect "mappings of the second router" 0 "$(router_count r2)"
expect_status "$SEVERAL | length == 1 and .[0].severity == \"info\""
expect_status "${SEVERAL}[0].detail | contains(\"$ROUTER2\")"
assert_service_reached game udp 5000

note "the first default route vanishes: the other one takes over"
nip h route del default via "$ROUTER"
wait_status "reachable == \"yes\" and ext(\"game\").gateway == \"$ROUTER2\"" 8
expect_status "ext(\"game\").address == \"$WAN2\""
expect_status "$SEVERAL == []"
expect "mappings of the second router" 1 "$(router_count r2)"
assert_service_reached game udp 5000

note "and it comes back"
nip h route add default via "$ROUTER" metric 100
wait_status "reachable == \"yes\" and ext(\"game\").gateway == \"$ROUTER\"" 8
assert_service_reached game udp 5000
wait_until '[ "$(router_count r2)" -eq 0 ]' 5 ||
	fail "left in the second router: $(router_mappings r2)"
daemon_stop
expect "mappings at the end" 00 "$(router_count r)$(router_count r2)"

note "--gateway chooses the other one: packets that leave by the first are named"
daemon_up "--gateway=$ROUTER2 --traversal=upnp --map=game=5000/udp"
wait_status '[.findings[].id] | contains(["net.gateway_off_route"])' 8
wait_until '[ "$(router_count r2)" -eq 1 ]' 5 || fail "not mapped there"
expect "mappings of the first router" 0 "$(router_count r)"
daemon_stop

note "and with routes that lead there it is all there is"
nip h route add default via "$ROUTER2" table 200
nip h rule add to 198.51.100.0/24 lookup 200
daemon_up "--gateway=$ROUTER2 --traversal=upnp --map=game=5000/udp"
wait_status "reachable == \"yes\" and ext(\"game\").gateway == \"$ROUTER2\"" 8
expect_status "ext(\"game\").address == \"$WAN2\""
expect "mappings of the first router" 0 "$(router_count r)"
expect "mappings of the second router" 1 "$(router_count r2)"
assert_service_reached game udp 5000
daemon_stop
expect "mappings at the end" 00 "$(router_count r)$(router_count r2)"
