#!/usr/bin/env bash
# The router itself has a private address: double NAT. A mapping would be of no
# use, so it is not called one, and none stays behind.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon wan=private
igd_start r
daemon_up "--traversal=manual,upnp --map=game=5000/udp"

wait_status 'settled' 15
expect_status 'attempt("game"; "upnp").outcome == "private-address"'
expect_status 'reachable == "no"'
expect_status '.nat.cgnat != true'
expect_status 'svc("game").external == []'
wait_until '[ "$(router_count)" -eq 0 ]' 2 || fail "$(router_mappings)"
assert_silent udp "$WAN:5000"
