#!/usr/bin/env bash
# The default route moves to another router: mapped there, without a restart.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
lab_second_router
igd_start r
igd_start r2
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN\"" 5

gateway_move "$ROUTER2"
wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN2\"" 5
expect_status "ext(\"game\").gateway == \"$ROUTER2\""
expect "mappings in the second router" 1 "$(router_count r2)"
assert_service_reached game udp 5000
