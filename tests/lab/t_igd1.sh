#!/usr/bin/env bash
# A router with the first version of UPnP IGD: no AddAnyPortMapping.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r natpmp=no igd1=yes
daemon_up "--traversal=upnp --map=game=5000/udp"

wait_status 'reachable == "yes"' 5
expect_status 'ext("game").via == "upnp"'
assert_service_reached game udp 5000
