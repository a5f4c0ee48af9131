#!/usr/bin/env bash
# A forward to another host of the LAN does not count.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
router_forward udp 5000 "$HOST2"
daemon_up "--traversal=manual --map=game=5000/udp"

wait_status 'settled' 10
expect_status 'attempt("game"; "manual").outcome == "no-reply"'
expect_status 'reachable == "no"'

note "put right, it is found when asked again"
router_forward_nothing
router_forward udp 5000
ctl probe
wait_status 'svc("game").method == "manual" and reachable == "yes"' 10
assert_reaches udp "$WAN:5000" 5000
