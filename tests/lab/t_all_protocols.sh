#!/usr/bin/env bash
# A router that speaks all three: one of them maps, PCP, and only once.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=game=5000/udp"

wait_status 'reachable == "yes"' 5
expect_status 'ext("game").via == "pcp"'
# SSDP answers after 50 ms and more: give the losers of the race their time.
stays '[ "$(router_count)" -eq 1 ]' 1 || fail "$(router_mappings)"
assert_service_reached game udp 5000
