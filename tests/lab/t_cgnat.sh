#!/usr/bin/env bash
# The provider shares its address (RFC 6598): said in words, no mapping stays.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon wan=cgnat
igd_start r
daemon_up "--traversal=manual,upnp --map=game=5000/udp"

wait_status 'settled' 15
expect_status 'attempt("game"; "upnp").outcome == "private-address"'
expect_status 'attempt("game"; "upnp").detail | contains("100.64.0.2")'
expect_status 'reachable == "no"'
expect_status '.nat.cgnat == true'
wait_until '[ "$(router_count)" -eq 0 ]' 2 || fail "$(router_mappings)"
assert_silent udp "$WAN:5000"
