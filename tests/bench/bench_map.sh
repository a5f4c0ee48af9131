#!/usr/bin/env bash
# The first mapping, side by side: traversald, natpmpc and upnpc against the
# same router, in the same run. The clock starts with the process and stops when
# the rule appears in the router's firewall, as the kernel tells it. Then what
# the daemon costs at rest. RUNS=N (10) repetitions.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/../lab/daemon.sh"

RUNS=${RUNS:-10}
IDLE_S=${IDLE_S:-10}
PORT=4000
declare -A MEDIAN SHOWN

# --- measuring --------------------------------------------------------------

# Opens MONITOR_FD on which the router's kernel tells of each new rule.
monitor_start() {
	local mark line

	exec {MONITOR_FD}< <(exec ip netns exec "${LAB_PREFIX}r" \
		stdbuf -oL nft -n monitor new rules)
	# It listens when it has told of a rule that is made to be seen.
	for mark in $(seq 1 100); do
		nse r nft add rule inet mupnp lab_drop udp dport "$mark"
		if read -rt 0.05 line <&"$MONITOR_FD"; then
			[ -z "$line" ] || break
		fi
	done
	[ -n "${line:-}" ] || fail "nft monitor tells nothing"
	router_drop_nothing
}

# Runs a command on the host until the router has the rule for PORT. Prints what
# nsmeasure prints. usage: measure [--let-end] COMMAND...
measure() {
	nse h "$LAB_TOOLS/nsmeasure" --until="dport $PORT dnat" \
		--fd="$MONITOR_FD" "$@"
}

# Adds a value to the series of a row. usage: record ROW KEY LINE
record() {
	sed -n "s/.*\b$2=\([^ ]*\).*/\1/p" <<<"$3" >>"$LAB_TMP/$1.$2"
}

# Reduces a series to MEDIAN[ROW] and SHOWN[ROW], 'median [min..max]'.
# usage: reduce ROW KEY
reduce() {
	local values

	mapfile -t values < <(sort -g "$LAB_TMP/$1.$2")
	[ "${#values[@]}" -eq "$RUNS" ] || fail "$1: ${#values[@]} runs only"
	MEDIAN[$1]=${values[$((RUNS / 2))]}
	SHOWN[$1]=$(printf '%.1f [%.1f..%.1f]' "${MEDIAN[$1]}" \
		"${values[0]}" "${values[-1]}")
}

# Times a tool that maps one port and ends; each run another port, so that the
# router always has to make a rule. usage: run_tool ROW COMMAND...
# In the command PORT stands for the port.
run_tool() {
	local row=$1 line

	shift
	for _ in $(seq "$RUNS"); do
		PORT=$((PORT + 1))
		line=$(measure --let-end -- "${@//PORT/$PORT}") ||
			fail "$row did not map: $line"
		record "$row" until_ms "$line"
	done
	reduce "$row" until_ms
}

# Times the daemon from nothing: no state, no sockets. usage: run_daemon ROW
run_daemon() {
	local row=$1 line

	for _ in $(seq "$RUNS"); do
		PORT=$((PORT + 1))
		rm -rf "$LAB_TMP/run" "$LAB_TMP/data"
		daemon_defaults "--traversal=upnp --map=game=$PORT/udp"
		line=$(measure -- "$LAB_BUILD/traversald" --foreground \
			--defaults="$DAEMON_DEFAULTS" \
			--runtime-dir="$DAEMON_RUN" \
			--data-dir="$LAB_TMP/data") ||
			fail "$row did not map: $line"
		record "$row" until_ms "$line"
	done
	reduce "$row" until_ms
}

# Prints a counter or a size of a process. usage: proc_value PID KEY
proc_value() {
	awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status" 2>/dev/null
}

# Keeps in WORKER_KB the most memory that a child of the daemon has had.
note_worker() {
	local pid kb

	for pid in $(pgrep -P "$DAEMON_PID" || true); do
		kb=$(proc_value "$pid" VmHWM)
		[ "${kb:-0}" -le "$WORKER_KB" ] || WORKER_KB=$kb
	done
}

# Measures the daemon at rest with a mapping by UPnP, the method that needs the
# worker: peak memory of both in kB, wake-ups in IDLE_S seconds.
measure_rest() {
	local before

	WORKER_KB=0
	daemon_defaults "--traversal=upnp --map=game=5000/udp"
	daemon_spawn --log-level=info
	until [ -e "$DAEMON_RUN" ] && status_is 'reachable == "yes"'; do
		note_worker
		is_alive "$DAEMON_PID" || fail "traversald ended"
	done
	before=$(proc_value "$DAEMON_PID" voluntary_ctxt_switches)
	stays 'is_alive "$DAEMON_PID"' "$IDLE_S" || fail "traversald ended"
	WAKE_UPS=$(($(proc_value "$DAEMON_PID" voluntary_ctxt_switches) - before))
	note_worker
	DAEMON_KB=$(proc_value "$DAEMON_PID" VmHWM)
	daemon_stop
}

# --- the table --------------------------------------------------------------

# usage: row WHAT MEASURED TARGET [RATIO]
row() {
	printf '%-31s %-24s %-8s %s\n' "$1" "$2" "$3" "${4:-}"
}

# How much faster a row is than its anchor. usage: ratio ROW ANCHOR
ratio() {
	awk -v own="${MEDIAN[$1]}" -v anchor="${MEDIAN[$2]}" -v name="$2" \
		'BEGIN { printf "%.1f x %s", anchor / own, name }'
}

show_table() {
	echo "first mapping, process start to rule in the router, $RUNS runs, ms"
	row "" "median [min..max]" target "times faster than"
	row "traversald, PCP" "${SHOWN[pcp]}" 5 "$(ratio pcp natpmpc)"
	row "traversald, NAT-PMP" "${SHOWN[natpmp]}" 5 "$(ratio natpmp natpmpc)"
	row "traversald, UPnP" "${SHOWN[upnp]}" 70 "$(ratio upnp upnpc)"
	row "traversald, all three offered" "${SHOWN[all]}" 5 \
		"$(ratio all upnpc)"
	row "natpmpc -a" "${SHOWN[natpmpc]}" -
	row "upnpc -a" "${SHOWN[upnpc]}" -
	echo
	echo "traversald with one mapping by UPnP"
	row "peak memory, daemon, kB" "$DAEMON_KB" 6144
	row "peak memory, worker, kB" "$WORKER_KB" 12288
	row "wake-ups in $IDLE_S s at rest" "$WAKE_UPS" -
}

lab_for_daemon
igd_start r natpmp=yes
monitor_start
run_tool natpmpc natpmpc -a PORT PORT udp 3600
run_tool upnpc upnpc -a "$HOST" PORT PORT UDP 3600
run_daemon all
igd_stop && igd_flush && igd_start r upnp=no
drop_natpmp
run_daemon pcp
router_drop_nothing
drop_pcp
run_daemon natpmp
router_drop_nothing
igd_stop && igd_flush && igd_start r natpmp=no
run_daemon upnp
measure_rest
show_table
