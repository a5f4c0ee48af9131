#!/usr/bin/env bash
# Two routers in a row, and the second one maps no ports: said in words, with
# its address and what to do there; nothing stays in the first one.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

OUTER=192.168.178.1

# usage: check_words
check_words() {
	wait_status 'settled' 15
	expect_status 'attempt("game"; "upnp").outcome == "private-address"'
	expect_status 'reachable == "no"'
	expect_status 'svc("game").external == []'
	expect_status '.nat.layers == 2 and .nat.cgnat == false'
	wait_status '[.findings[].id] | contains(["net.double_nat"])' 3
	expect_status '[.findings[].id] | contains(["net.cgnat"]) | not'
	expect_status ".findings[] | select(.id == \"net.double_nat\") |
		.fix | contains(\"$OUTER\") and contains(\"$WAN_PRIVATE\")"
	wait_until '[ "$(router_count r)" -eq 0 ]' 2 ||
		fail "$(router_mappings r)"
	assert_silent udp "$WAN:5000"
	ctl --color=never status >"$LAB_TMP/text" || true
	cat "$LAB_TMP/text"
	grep -q "another router" "$LAB_TMP/text" || fail "not in the text"
	! grep -q "CGNAT" "$LAB_TMP/text" || fail "taken for CGNAT"
}

lab_for_daemon wan=private
stun_start

note "the first router refuses, for its address is private"
igd_start r
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
check_words
daemon_stop

note "the first router grants, the second one is no help"
igd_stop r
igd_flush r
igd_maps_private_wan
igd_start r
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
check_words
expect_status "attempt(\"game\"; \"upnp\").detail | contains(\"$OUTER\")"
note "and it hears nothing more than a probe from time to time"
daemon_stop
expect "mappings of the first router at the end" 0 "$(router_count r)"

note "the second router learns to map: used without a restart"
daemon_start
wait_status 'settled' 15
igd_start u lan=192.168.178.0/24
ctl probe >/dev/null
wait_status 'reachable == "yes"' 70
assert_service_reached game udp 5000
daemon_stop
expect "mappings of the second router at the end" 0 "$(router_count u)"
