#!/usr/bin/env bash
# Another host takes the outer port away: noticed within a minute, another port
# instead, by each family of protocols.
# deadline: 240 s
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

# usage: try_steal VIA
try_steal() {
	local since_ms

	note "$1: stolen"
	up_via "$1"
	nse h2 upnpc -d 5555 UDP >/dev/null
	nse h2 upnpc -a "$HOST2" 6000 5555 UDP >/dev/null
	expect "owner" 5555 "$(router_external_port udp 6000 "$HOST2")"
	since_ms=$(now_ms)
	wait_until '[ -n "$(router_external_port udp 5000)" ]' 60 ||
		fail "$1: no other port after 60 s: $(router_mappings)"
	note "$1: another port after $(($(now_ms) - since_ms)) ms:" \
		"$(router_external_port udp 5000)"
	wait_status 'reachable == "yes" and ext("game").port != 5555' 5
	assert_service_reached game udp 5000
	expect "the thief's" 5555 "$(router_external_port udp 6000 "$HOST2")"
	daemon_stop
	nse h2 upnpc -d 5555 UDP >/dev/null
	expect "mappings at the end" 0 "$(router_count)"
}

lab_for_daemon
igd_start r natpmp=no secure=no
try_steal upnp
igd_stop
igd_start r secure=no
try_steal pcp
