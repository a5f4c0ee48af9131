#!/usr/bin/env bash
# kill -9 and start again: the lease is found again, not doubled, and the outer
# port is the same, with each protocol. With the default chain, too: the mapping
# that was left must not be taken for a forward that somebody made by hand.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: try_kill VIA [ORDER]
try_kill() {
	local before

	daemon_up "--traversal=${2:-upnp} --map=game=5000/udp:5555"
	wait_status 'reachable == "yes"' 10
	expect_status "ext(\"game\").via == \"$1\""
	before=$(external game)
	daemon_kill
	expect "mappings after the kill" 1 "$(router_count)"
	daemon_start
	wait_status 'reachable == "yes"' 10
	expect "outer endpoint" "$before" "$(external game)"
	expect "mappings after the start" 1 "$(router_count)"
	expect "method" upnp "$(status_get 'svc("game").method')"
	assert_service_reached game udp 5000
	daemon_stop
	expect "mappings at the end" 0 "$(router_count)"
}

lab_for_daemon
note "PCP"
igd_start r
try_kill pcp

note "the default chain"
try_kill pcp manual,upnp,holepunching

note "NAT-PMP"
drop_pcp
try_kill nat-pmp
router_drop_nothing
igd_stop

note "UPnP"
igd_start r natpmp=no
try_kill upnp
