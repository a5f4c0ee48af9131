#!/usr/bin/env bash
# A reload without changes sends the router nothing and touches no mapping.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
wait_until 'asks=$(router_asks); stays "[ \$(router_asks) -eq $asks ]" 1' 15 ||
	fail "the daemon never leaves the router alone"

before=$(status_get .daemon.config_generation)
outer=$(external game)
asks=$(router_asks)
ctl reload
expect_status 'reachable == "yes"'
expect "outer endpoint" "$outer" "$(external game)"
note "generation $before, then $(status_get .daemon.config_generation)"
stays "[ \$(router_asks) -eq $asks ]" 1 ||
	fail "the reload cost $(($(router_asks) - asks)) packets to the router"
