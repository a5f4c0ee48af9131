#!/usr/bin/env bash
# A router that denies every port: refused, with the reason, and never good.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r deny=0-65535
daemon_up "--traversal=manual,upnp --map=game=5000/udp"

wait_status 'settled' 15
expect_status 'attempt("game"; "upnp").outcome == "refused"'
expect_status 'attempt("game"; "upnp").detail != ""'
expect_status 'reachable == "no"'
expect_status 'svc("game").external == []'
expect "mappings in the router" 0 "$(router_count)"
code=0
ctl status || code=$?
expect "exit status" 2 "$code"
assert_silent udp "$WAN:5000"
