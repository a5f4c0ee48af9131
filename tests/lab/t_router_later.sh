#!/usr/bin/env bash
# The router learns to map while the daemon runs: the mapping appears.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'attempt("game"; "upnp").outcome != "running"' 15
expect_status 'reachable != "yes"'

igd_start r
wait_status 'reachable == "yes"' 10
assert_service_reached game udp 5000
