#!/usr/bin/env bash
# Another router of the LAN answers every search, and no default route leads
# over it: it is never asked to map anything, whether the real router maps ports
# or not.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
lab_second_router
igd_start r2

note "the router of the default route is mute"
drop_everything r
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
wait_status 'settled' 15
expect_status 'reachable == "no" and svc("game").external == []'
expect_status 'attempt("game"; "upnp").outcome == "absent"'
stays '[ "$(router_count r2)" -eq 0 ]' 3 || fail "$(router_mappings r2)"
assert_silent udp "$WAN2:5000"
daemon_stop

note "it speaks UPnP, and so does the stranger"
router_drop_nothing r
igd_start r natpmp=no
daemon_start
wait_status 'reachable == "yes"' 8
expect_status "ext(\"game\").gateway == \"$ROUTER\""
expect "mappings of the router" 1 "$(router_count r)"
expect "mappings of the stranger" 0 "$(router_count r2)"
assert_service_reached game udp 5000
assert_silent udp "$WAN2:5000"
daemon_stop
expect "mappings at the end" 00 "$(router_count r)$(router_count r2)"
