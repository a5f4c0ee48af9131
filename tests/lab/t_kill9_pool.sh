#!/usr/bin/env bash
# kill -9 at any moment, twenty times, with dynamic ports: the next start takes
# the ports of the last one over, the router never holds a third entry for two
# ports, and what was handed out stays with its owner.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# The inner ports in the router, sorted, in one line.
mapped_ports() {
	router_mappings | awk '{ print $4 }' | sort -n | tr '\n' ' '
}

wait_for_two() {
	wait_status 'reachable == "yes" or reachable == "likely"' 10
	wait_until '[ "$(router_count)" -eq 2 ]' 10 ||
		fail "not two: $(router_mappings)"
}

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --udp.ports=20000:40000" wireguard
wait_for_two
before=$(mapped_ports)
note "prepared: $before"

for _ in $(seq 1 20); do
	daemon_kill
	daemon_spawn
	# Somewhere between its first instruction and its last proof.
	sleep "0.0$((RANDOM % 10))"
done
daemon_kill
[ "$(router_count)" -eq 2 ] || fail "left behind: $(router_mappings)"
daemon_start
wait_for_two
expect "prepared ports" "$before" "$(mapped_ports)"
stays '[ "$(router_count)" -eq 2 ]' 3 || fail "$(router_mappings)"

note "the same by UPnP, which takes longer to answer"
daemon_stop
igd_stop && igd_start r natpmp=no
daemon_start
wait_for_two
before=$(mapped_ports)
for _ in $(seq 1 10); do
	daemon_kill
	daemon_spawn
	sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
done
daemon_kill
daemon_start
wait_for_two
expect "prepared ports" "$before" "$(mapped_ports)"
stays '[ "$(router_count)" -eq 2 ]' 3 || fail "$(router_mappings)"
daemon_stop
igd_stop && igd_start r natpmp=yes
daemon_start
wait_for_two

note "a port that was handed out and is in use stays its owner's"
ctl --json=short acquire >"$LAB_TMP/acquired.json"
port=$(jq -r '.ports[0].port' "$LAB_TMP/acquired.json")
service_start udp "$port"
wait_until '[ "$(router_count)" -eq 3 ]' 10 || fail "$(router_mappings)"
before=$(mapped_ports)
wait_until 'grep -q " acquired udp" "$LAB_TMP/data/state"' 3 ||
	fail "$(cat "$LAB_TMP/data/state")"
daemon_kill
daemon_start
wait_status 'reachable == "yes" or reachable == "likely"' 10
wait_until '[ "$(status_get "[.services[] |
	select(.external | length == 1)] | length")" -eq 3 ]' 10 ||
	fail "$(status_get .services)"
expect "ports" "$before" "$(mapped_ports)"
assert_answers udp "$(status_get ".services[] | select(.local.port == $port) |
	.external[0] | \"\(.address):\(.port)\"")" "$port"

note "one that nobody uses any more becomes the pool's again, the third goes"
daemon_kill
lab_stop "$SERVICE_PID"
daemon_start
wait_for_two
daemon_stop
expect "mappings at the end" 0 "$(router_count)"
grep -q '^end 0 ' "$LAB_TMP/data/state" || fail "$(cat "$LAB_TMP/data/state")"
