#!/usr/bin/env bash
# The service has the port: the daemon cannot listen there, proves a twin or says
# that it cannot, and leaves the service alone.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
service_start udp 5000
daemon_up "--traversal=upnp --map=game=5000/udp"

wait_status 'svc("game").state | IN("reachable", "likely")' 10
note "state: $(status_get 'svc("game").state'), $(status_get .verdict.code)"
expect_status 'svc("game").external | length == 1'
wait_until '[ "$(router_count)" -eq 1 ]' 5 ||
	fail "the twin stays: $(router_mappings)"
assert_answers udp "$(external game)" 5000
is_alive "$SERVICE_PID" || fail "the service ended"
