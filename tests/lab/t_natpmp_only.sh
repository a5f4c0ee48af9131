#!/usr/bin/env bash
# A router that swallows PCP without a word and speaks NAT-PMP.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r upnp=no
drop_pcp
daemon_up "--traversal=upnp --map=game=5000/udp"

wait_status 'reachable == "yes"' 5
expect_status 'ext("game").via == "nat-pmp"'
expect "mappings in the router" "udp 5000 $HOST 5000" "$(router_mappings)"
assert_service_reached game udp 5000
