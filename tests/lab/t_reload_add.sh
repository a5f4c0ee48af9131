#!/usr/bin/env bash
# A reload that adds and removes a service leaves the others as they are.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# The handle of a rule tells whether it was made anew. usage: rule_of PORT
rule_of() {
	nse r nft -n -a list chain inet mupnp prerouting_miniupnpd |
		sed -n "s/.*dport $1 .*# handle //p"
}

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
rule=$(rule_of 5000)
[ -n "$rule" ] || fail "no rule for 5000"

daemon_defaults "--traversal=upnp --map=game=5000/udp --map=voice=5002/udp"
ctl reload
wait_status 'svc("voice").state == "reachable"' 10
expect_status 'svc("game").state == "reachable"'
expect "rule of the first mapping" "$rule" "$(rule_of 5000)"
assert_service_reached voice udp 5002

daemon_defaults "--traversal=upnp --map=game=5000/udp"
ctl reload
wait_until '[ "$(router_count)" -eq 1 ]' 5 || fail "$(router_mappings)"
expect "rule of the first mapping" "$rule" "$(rule_of 5000)"
expect_status '[.services[].name] == ["game"]'
assert_service_reached game udp 5000
