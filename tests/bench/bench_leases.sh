#!/usr/bin/env bash
# A thousand leases: how long until the router has them all, beside what its own
# speed allows; what they cost the daemon in memory and the loop in time; and
# how their renewals are spread. The router is the limit: miniupnpd walks a
# list for each mapping. COUNT=N (1000) leases; TOOL_COUNT=N (100) mappings by a
# loop of the tools, multiplied up: their thousand would take longer, as each
# mapping costs the router more than the one before.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/../lab/daemon.sh"

COUNT=${COUNT:-1000}
TOOL_COUNT=${TOOL_COUNT:-100}
FIRST=10000

# --- the router's rules -----------------------------------------------------

# Starts to count in RULES_FILE the rules that the router makes.
rules_watch() {
	RULES_FILE=$LAB_TMP/rules.$RANDOM
	lab_spawn r monitor sh -c "exec stdbuf -oL nft -n monitor new rules \
		>'$RULES_FILE'"
	MONITOR_PID=$LAB_PID
	# It listens when it has told of a rule that is made to be seen.
	wait_until 'nse r nft add rule inet mupnp lab_drop udp dport 9
		grep -q lab_drop "$RULES_FILE"' 5 || fail "no nft monitor"
	router_drop_nothing
}

rules_made() {
	grep -c ' dnat ' "$RULES_FILE" || true
}

rules_ignore() {
	lab_stop "$MONITOR_PID" KILL
}

# --- the tools --------------------------------------------------------------

# Maps one port after the other with a tool, PORT stands for the port. Prints
# the milliseconds of all TOOL_COUNT. usage: time_tool COMMAND...
time_tool() {
	local since_ms port

	since_ms=$(now_ms)
	for port in $(seq "$FIRST" $((FIRST + TOOL_COUNT - 1))); do
		nse h "${@//PORT/$port}" >/dev/null || fail "$1 did not map"
	done
	echo $(($(now_ms) - since_ms))
}

# --- the daemon -------------------------------------------------------------

# One file with all the services.
write_services() {
	local port

	mkdir -p "$LAB_TMP/conf"
	for port in $(seq "$FIRST" $((FIRST + COUNT - 1))); do
		printf '[service s%d]\nport = %d/udp\n' "$port" "$port"
	done >"$LAB_TMP/conf/many.conf"
	chmod -R go-w "$LAB_TMP/conf"
}

# Prints a size of the daemon in kB. usage: daemon_kb KEY
daemon_kb() {
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$DAEMON_PID/status"
}

# Sets TOOK_MS, RSS_KB, SLOWEST_MS, STATUS_MS, SPREAD. LEVER makes the
# router speak nothing else. usage: time_daemon VIA LEVER...
time_daemon() {
	local since_ms via=$1

	rm -rf "$LAB_TMP/data" "$LAB_TMP/run"
	rules_watch
	shift
	"$@"
	daemon_defaults "--port-check-servers= --stun-servers= --traversal=upnp"
	since_ms=$(now_ms)
	daemon_spawn --log-level=info --conf-dir="$LAB_TMP/conf"
	wait_until '[ "$(rules_made)" -ge "$COUNT" ]' 120 ||
		fail "$via: $(rules_made) of $COUNT mapped after 120 s"
	TOOK_MS=$(($(now_ms) - since_ms))
	wait_until 'status >"$LAB_TMP/status.json" &&
		[ "$(jq "$(mapped "$via")" \
			"$LAB_TMP/status.json")" = "$COUNT" ]' 20 ||
		fail "$via: the daemon knows less"
	since_ms=$(now_ms)
	status >"$LAB_TMP/status.json"
	STATUS_MS=$(($(now_ms) - since_ms))
	RSS_KB=$(daemon_kb VmHWM)
	SLOWEST_MS=$(counter_get .parameters.counters.slowest_callback_ms)
	SPREAD=$(jq -r '[.services[].external[0].renew_in_sec] |
		"\(min)..\(max) s, in 10 parts " +
		((min) as $a | ((max - $a) / 10 + 0.001) as $w |
		map((. - $a) / $w | floor) | group_by(.) |
		map(length) | join(" "))' "$LAB_TMP/status.json")
	lab_stop "$DAEMON_PID" KILL 2>/dev/null
	rules_ignore 2>/dev/null
}

# How many services have been mapped by VIA, as jq.
mapped() {
	echo "[.services[] | select(.external[0].via == \"$1\")] | length"
}

# usage: fresh_router IGD_OPTION...
fresh_router() {
	[ -z "$(igd_pid)" ] || igd_stop
	igd_flush
	igd_start r "$@"
}

# --- the table --------------------------------------------------------------

# usage: show_daemon NAME
show_daemon() {
	printf '%-26s %8d %8s %8d %10d %10d\n' "$1" "$TOOK_MS" \
		"$(awk -v n="$COUNT" -v ms="$TOOK_MS" \
			'BEGIN { printf "%.1f", ms / n }')" \
		"$RSS_KB" "$SLOWEST_MS" "$STATUS_MS"
	printf '   renewals in %s\n' "$SPREAD"
}

# usage: show_tool NAME MS
show_tool() {
	printf '%-26s %8d %8s  (%d measured, multiplied up)\n' \
		"$1" "$(($2 * COUNT / TOOL_COUNT))" \
		"$(awk -v n="$TOOL_COUNT" -v ms="$2" \
			'BEGIN { printf "%.1f", ms / n }')" "$TOOL_COUNT"
}

lab_for_daemon
write_services
echo "$COUNT leases against one miniupnpd"
printf '%-26s %8s %8s %8s %10s %10s\n' "" "all, ms" "one, ms" "peak kB" \
	"slowest ms" "status ms"
fresh_router natpmp=yes
time_daemon pcp drop_natpmp
show_daemon "traversald, PCP"
fresh_router natpmp=yes
time_daemon nat-pmp drop_pcp
show_daemon "traversald, NAT-PMP"
fresh_router natpmp=no
time_daemon upnp true
show_daemon "traversald, UPnP"
router_drop_nothing
fresh_router natpmp=yes
show_tool "natpmpc in a loop" "$(time_tool natpmpc -a PORT PORT udp 3600)"
fresh_router natpmp=no
URL=http://$ROUTER:5000/rootDesc.xml
show_tool "upnpc -u in a loop" \
	"$(time_tool upnpc -u "$URL" -a "$HOST" PORT PORT UDP 3600)"
echo "targets: peak 8192 kB, slowest callback 20 ms (0: none was slower);"
echo "known on this router: libnatpmp 8300 ms, libminiupnpc 7800 ms," \
	"libplum 8300 ms for 1000"
