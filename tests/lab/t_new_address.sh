#!/usr/bin/env bash
# The provider gives the router another address: shown and proven, no restart.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN\"" 10
igd_grow_old

wan_new_address
wait_status 'reachable == "yes" and ext("game").address == "11.22.44.2"' 10
assert_service_reached game udp 5000
expect "mappings in the router" 1 "$(router_count)"
