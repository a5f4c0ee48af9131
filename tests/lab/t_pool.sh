#!/usr/bin/env bash
# Dynamic ports: two are prepared, handed out as pairs of inner and outer port,
# the next two follow, and what is given back leaves the router.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --udp.ports=20000:20100" wireguard
wait_status 'reachable == "yes"' 10
wait_until '[ "$(router_count)" -eq 2 ]' 10 || fail "$(router_mappings)"

ctl --json=short acquire 2 >"$LAB_TMP/acquired.json"
note "$(cat "$LAB_TMP/acquired.json")"
mapfile -t ports < <(jq -r '.ports[].port' "$LAB_TMP/acquired.json")
expect "ports handed out" 2 "${#ports[@]}"
for port in "${ports[@]}"; do
	[ "$port" -ge 20000 ] && [ "$port" -le 20100 ] ||
		fail "port $port is not in the range"
	outer=$(jq -r --argjson port "$port" '.ports[] |
		select(.port == $port).external[0] |
		"\(.address):\(.port)"' "$LAB_TMP/acquired.json")
	assert_reaches udp "$outer" "$port"
done

note "the next two are prepared"
wait_until '[ "$(router_count)" -eq 4 ]' 10 || fail "$(router_mappings)"

note "one is given back"
ctl release "${ports[0]}"
wait_until '[ "$(router_count)" -eq 3 ]' 5 || fail "$(router_mappings)"
expect "its mapping" "" "$(router_external_port udp "${ports[0]}")"
daemon_stop 2
expect "mappings at the end" 0 "$(router_count)"
