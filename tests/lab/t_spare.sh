#!/usr/bin/env bash
# Two methods work: the first of the order carries, the other takes over.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
router_forward udp 5000
daemon_up "--traversal=manual,upnp --map=game=5000/udp"

wait_status 'reachable == "yes"' 10
expect_status 'svc("game").method == "manual"'
assert_reaches udp "$WAN:5000" 5000

note "the person takes the forward away; the next check finds out"
router_forward_nothing
ctl check game || true
wait_status 'svc("game").method == "upnp" and reachable == "yes"' 15
assert_service_reached game udp 5000

note "and back again"
router_forward udp 5000
ctl probe
wait_status 'svc("game").method == "manual" and reachable == "yes"' 15
