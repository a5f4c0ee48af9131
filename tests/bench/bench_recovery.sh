#!/usr/bin/env bash
# How long a mapping is gone after the router has rebooted and answers again:
# traversald with announcements, traversald with a router that says nothing, and
# beside it a loop of upnpc that asks every LOOP_S (30) seconds. The clock starts
# when the router's services listen and stops when the rule is in its firewall.
# RUNS=N (10) reboots each; MUTE_RUNS=N (3) for the three that have to wait, 20
# take 25 minutes: make bench T=recovery MUTE_RUNS=20
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/../lab/daemon.sh"

RUNS=${RUNS:-10}
MUTE_RUNS=${MUTE_RUNS:-3}
LOOP_S=${LOOP_S:-30}

# Nothing that the router says to a group reaches the LAN, or again all.
mute_router() {
	nse r nft -f - <<-'RULES'
		table inet lab_mute {
			chain output {
				type filter hook output priority 0;
				oifname lan0 ip daddr 224.0.0.0/4 drop
			}
		}
	RULES
}
unmute_router() {
	nse r nft delete table inet lab_mute
}

# Takes the router away, brings it back and waits for the mapping; adds the
# milliseconds to the series of a row. usage: time_reboot ROW [igd_stop|igd_kill]
time_reboot() {
	local since_ms

	"${2:-igd_stop}"
	igd_flush
	igd_start r
	since_ms=$(now_ms)
	wait_until '[ "$(router_external_port udp 5000)" = 5555 ]' 90 ||
		fail "$1: not mapped after 90 s"
	echo $(($(now_ms) - since_ms)) >>"$LAB_TMP/$1.ms"
}

# usage: run_daemon ROW VIA RUNS [igd_stop|igd_kill]
run_daemon() {
	for _ in $(seq "$3"); do
		rm -rf "$LAB_TMP/data"
		daemon_up "--traversal=upnp --map=game=5000/udp:5555"
		wait_status "reachable == \"yes\" and ext(\"game\").via == \"$2\"" 10
		# A reboot shows in a clock that has run for a while.
		wait_status '.daemon.uptime_sec >= 4' 6
		time_reboot "$1" "${4:-igd_stop}"
		daemon_stop
	done
}

# What people put into a script. usage: run_loop ROW RUNS
run_loop() {
	lab_spawn h loop sh -c "while :; do
		upnpc -a $HOST 5000 5555 UDP 3600; sleep $LOOP_S; done"
	LOOP_PID=$LAB_PID
	for _ in $(seq "$2"); do
		wait_until '[ "$(router_external_port udp 5000)" = 5555 ]' 90 ||
			fail "$1: never mapped"
		# Not in step with the loop.
		sleep "$((RANDOM % LOOP_S)).$((RANDOM % 10))"
		time_reboot "$1"
	done
	lab_stop "$LOOP_PID" KILL
}

# Prints the distribution of a row. usage: show_row ROW WHAT TARGET
show_row() {
	sort -n "$LAB_TMP/$1.ms" | awk -v what="$2" -v target="$3" '
		{ v[NR] = $1 }
		END { printf "%-34s %3d %8d %8d %8d %8d %8s\n", what, NR, v[1],
			v[int((NR + 1) / 2)], v[int(NR * 0.9 + 0.5)], v[NR],
			target }'
}

lab_for_daemon
igd_start r
run_daemon pcp pcp "$RUNS"
mute_router
run_daemon pcp-mute pcp "$MUTE_RUNS" igd_kill
unmute_router
igd_stop && igd_flush && igd_start r natpmp=no
run_daemon upnp upnp "$RUNS"
mute_router
run_daemon upnp-mute upnp "$MUTE_RUNS" igd_kill
unmute_router
igd_flush && igd_stop && igd_start r natpmp=no
run_loop loop "$MUTE_RUNS"

echo "mapping gone after the router answers again, ms"
printf '%-34s %3s %8s %8s %8s %8s %8s\n' "" runs min median p90 max target
show_row pcp "traversald, PCP, announced" 500
show_row upnp "traversald, UPnP, announced" 500
show_row pcp-mute "traversald, PCP, silent crash" 30000
show_row upnp-mute "traversald, UPnP, silent crash" 30000
show_row loop "upnpc every $LOOP_S s" -
