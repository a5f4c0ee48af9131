#!/usr/bin/env bash
# A forward that a person made: found by the echo, no router is asked to map.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
router_forward udp 5000
daemon_up "--map=game=5000/udp"

wait_status 'reachable == "yes"' 10
expect_status 'svc("game").method == "manual"'
expect_status 'svc("game").state == "reachable"'
expect_status 'svc("game").proof[0].result == "received"'
assert_reaches udp "$WAN:5000" 5000
