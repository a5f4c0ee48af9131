#!/usr/bin/env bash
# A lease is renewed at half of its life, before it ends, and when asked.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Renewed at half of the 6 s or soon after: never close to the end.
# shellcheck disable=SC2034 # read by the condition
RENEWED='reachable == "yes" and ext("game").expires_in_sec >= 2'

lab_for_daemon
igd_start r upnp=no min=3 max=6
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
expect "lifetime granted" 6 "$(status_get 'ext("game").lifetime_sec')"

note "the mapping outlives its first two leases, which a forgotten one does not"
nse h2 natpmpc -a 6000 6000 udp 4 >/dev/null
stays '[ -n "$(router_external_port udp 5000)" ] && status_is "$RENEWED"' 13 ||
	fail "expires in $(status_get 'ext("game").expires_in_sec') s"
expect "the forgotten mapping" "" "$(router_external_port udp 6000 "$HOST2")"
assert_service_reached game udp 5000
daemon_stop
igd_stop

note "renewed when asked"
igd_start r upnp=no min=120 max=86400
daemon_start
wait_status 'ext("game").expires_in_sec < ext("game").lifetime_sec - 1' 10
asks=$(router_asks)
ctl renew
wait_status 'ext("game").expires_in_sec >= ext("game").lifetime_sec - 1' 3
[ "$(router_asks)" -gt "$asks" ] || fail "the router was not asked"
assert_service_reached game udp 5000
