#!/usr/bin/env bash
# A TCP port: a connection from outside arrives.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=web=8080/tcp"
wait_status 'ext("web").port == 8080' 10
expect_status 'svc("web").protocol == "tcp"'
expect_status 'svc("web").state | IN("reachable", "likely")'
expect "mappings in the router" "tcp 8080 $HOST 8080" "$(router_mappings)"
assert_service_reached web tcp 8080
assert_silent udp "$WAN:8080"
