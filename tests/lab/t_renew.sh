#!/usr/bin/env bash
# A lease is renewed at half of its life, before it ends, and when asked.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r upnp=no
drop_pcp # PCP grants no less than 120 s here, NAT-PMP any time
daemon_up "--traversal=upnp --map=game=5000/udp --lease=6s"
wait_status 'reachable == "yes"' 10
granted=$(status_get 'ext("game").lifetime_sec')
note "granted: $granted s"

if [ "$granted" -le 10 ]; then
	note "the mapping outlives its first lease"
	stays '[ "$(router_count)" -eq 1 ]' $((granted + 3)) ||
		fail "the mapping went away"
	expect_status "ext(\"game\").expires_in_sec > 0"
	expect_status 'reachable == "yes"'
else
	wait_status "ext(\"game\").expires_in_sec < $granted" 5
fi

note "renewed when asked"
wait_status 'ext("game").expires_in_sec < ext("game").lifetime_sec' 10
asks=$(router_asks)
ctl renew
wait_status 'ext("game").expires_in_sec == ext("game").lifetime_sec' 3
[ "$(router_asks)" -gt "$asks" ] || fail "the router was not asked"
assert_service_reached game udp 5000
