#!/usr/bin/env bash
# A mapping that the router has dropped from its table comes back; one that it
# lists and does not forward is deleted and made anew.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: up_via VIA
up_via() {
	daemon_up "--traversal=upnp --map=game=5000/udp:5555"
	wait_status 'reachable == "yes"' 10
	expect_status "ext(\"game\").via == \"$1\""
}

# The router takes the entry out of its table. usage: try_dropped VIA
try_dropped() {
	note "$1: dropped"
	up_via "$1"
	nse h upnpc -d 5555 UDP >/dev/null
	expect "mappings after the loss" 0 "$(router_count)"
	wait_until '[ "$(router_external_port udp 5000)" = 5555 ]' 60 ||
		fail "$1: not back after 60 s: $(router_mappings)"
	daemon_stop
}

# The router lists the mapping and does not forward it: its rules are gone, its
# table is not. usage: try_dead VIA
try_dead() {
	note "$1: listed but dead"
	up_via "$1"
	igd_flush
	ctl check game >/dev/null 2>&1 || true
	wait_until '[ "$(router_external_port udp 5000)" = 5555 ]' 10 ||
		fail "$1: not made anew: $(router_mappings)"
	grep -q event=mapping-remade "$LAB_TMP/traversald.log" ||
		fail "$1: back, but not made anew"
	wait_status 'reachable == "yes"' 10
	assert_service_reached game udp 5000
	daemon_stop
	: >"$LAB_TMP/traversald.log"
}

lab_for_daemon
igd_start r natpmp=no
try_dead upnp
try_dropped upnp
igd_stop
igd_start r natpmp=yes
try_dead pcp
