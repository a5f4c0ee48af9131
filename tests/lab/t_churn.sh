#!/usr/bin/env bash
# Two hundred reloads, a hundred ports handed out and given back, fifty changes
# of the gateway: memory and descriptors stay flat, and nothing is left behind.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

RELOADS=200
HANDOUTS=100
CHANGES=50
# What the allocator may keep of it.
GROWTH_KB=512

# Prints the daemon's resident memory without that of files, in KiB.
memory_kb() {
	awk '$1 == "RssAnon:" { print $2 }' "/proc/$DAEMON_PID/status"
}

# Counts the daemon's descriptors.
descriptors() {
	find "/proc/$DAEMON_PID/fd" -mindepth 1 | wc -l
}

# Waits until everything has calmed down: the pool is mapped, no client and no
# lease of before is left.
calm() {
	wait_until '[ "$(router_count)" -eq 3 ] && [ "$(router_count r2)" -eq 0 ]' \
		20 || fail "$(router_mappings) $(router_mappings r2)"
	wait_status 'settled' 10
}

# One of the lists of services, the same port in different company.
# usage: list_of ROUND
list_of() {
	local port

	printf -- '--map=game=5000/udp'
	for port in $(seq 1 $(($1 % 5))); do
		printf -- ' --map=s%d=%d/udp' "$port" $((6000 + port * ($1 % 3 + 1)))
	done
}

# usage: reload_often COUNT
reload_often() {
	local round

	for round in $(seq "$1"); do
		daemon_defaults "$COMMON $(list_of "$round")" wireguard
		ctl reload >>"$LAB_TMP/out" || fail "reload $round"
	done
	daemon_defaults "$COMMON --map=game=5000/udp" wireguard
	ctl reload >>"$LAB_TMP/out"
	calm
}

# usage: hand_out_often COUNT
hand_out_often() {
	local round port

	for round in $(seq "$1"); do
		port=$(ctl --json=short acquire | jq -r '.ports[0].port') ||
			fail "acquire $round"
		ctl release "$port" >>"$LAB_TMP/out" || fail "release $port"
	done
	calm
}

# usage: change_often COUNT
change_often() {
	local round

	for round in $(seq "$1"); do
		gateway_move "$ROUTER2"
		# Some are shorter than netmon waits for, some longer.
		sleep "0.$((round % 3 * 15 + 10))"
		gateway_move "$ROUTER"
		sleep "0.$((round % 4 * 10 + 5))"
	done
	calm
}

# Runs it once to warm up and once more to measure. A sanitizer keeps what was
# freed: CHURN_ANY_MEMORY=1 counts descriptors only.
# usage: flat FUNCTION COUNT
flat() {
	local memory descriptors

	"$1" "$WARM_UP"
	memory=$(memory_kb)
	descriptors=$(descriptors)
	"$1" "$2"
	note "$1 $2: $memory KiB, then $(memory_kb); $descriptors descriptors, then $(descriptors)"
	wait_until '[ "$(descriptors)" -le '"$descriptors"' ]' 5 ||
		fail "$1: $(descriptors) descriptors, before $descriptors"
	[ -n "${CHURN_ANY_MEMORY:-}" ] ||
		[ "$(memory_kb)" -le $((memory + GROWTH_KB)) ] ||
		fail "$1: $(memory_kb) KiB, before $memory"
}

# Enough reloads to fill the ring of events.
WARM_UP=$RELOADS
COMMON="--traversal=upnp --udp.ports=20000:30000"
lab_for_daemon
lab_second_router
igd_start r
igd_start r2
daemon_up "$COMMON --map=game=5000/udp" wireguard
calm
note "$(memory_kb) KiB, $(descriptors) descriptors"
flat reload_often $RELOADS
WARM_UP=10
flat hand_out_often $HANDOUTS
flat change_often $CHANGES
is_alive "$DAEMON_PID" || fail "the daemon ended"
expect_status 'reachable == "yes"'
daemon_stop 2
expect "exit status" 0 "$LAB_STATUS"
expect "mappings at the end" 0 "$(router_count)"
expect "mappings in the other router" 0 "$(router_count r2)"
