#!/usr/bin/env bash
# Another host of the LAN has the outer port already: another one is granted,
# shown and proven, and the other host keeps its own.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: try_conflict VIA IGD_OPTION...
try_conflict() {
	local via=$1

	shift
	note "by $via"
	igd_start r "$@"
	nse h2 upnpc -m eth0 -a "$HOST2" 5000 5000 UDP 600 >/dev/null
	daemon_up "--traversal=upnp --map=game=5000/udp"
	wait_status 'reachable == "yes"' 10
	expect_status "ext(\"game\").via == \"$via\""
	expect_status 'ext("game").port != 5000'
	expect_status 'svc("game").local.port == 5000'
	expect "the outer port" "$(router_external_port udp 5000)" \
		"$(status_get 'ext("game").port')"
	expect "the other host's port" 5000 \
		"$(router_external_port udp 5000 "$HOST2")"
	assert_service_reached game udp 5000
	daemon_stop
	igd_stop
	igd_flush
}

lab_for_daemon
try_conflict pcp natpmp=yes
try_conflict upnp natpmp=no igd1=yes
