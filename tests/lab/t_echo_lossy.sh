#!/usr/bin/env bash
# A third of the way to the echo server is lost: proven all the same.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
internet_loss 4589 30
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 20
assert_service_reached game udp 5000
