#!/usr/bin/env bash
# A gateway that means harm, against the whole daemon: HTTP that never ends or
# never comes, and datagrams that are nearly answers. None is believed; the
# daemon's memory stays, the worker's is bounded and so is its time, and the
# event loop is never held up.
# deadline: 300 s
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

GROWTH_KB=256
WORKER_KB=32768
# The daemon gives it 10 s; to see that it is over takes a moment as well.
REQUEST_MS=10300
# All that it asks before it gives up.
ATTEMPT_S=30
COUNTERS=.parameters.counters
# The sanitizers keep what was freed, and a shadow of all of it.
! grep -q fsanitize "$LAB_BUILD/config.mk" 2>/dev/null || GROWTH_KB=65536

# Prints a size of a process in kB, 0 when it is gone. usage: kb_of PID KEY
kb_of() {
	awk -v key="$2:" '$1 == key { kb = $2 } END { print kb + 0 }' \
		"/proc/$1/status" 2>/dev/null || echo 0
}

# Keeps in MOST_KB the daemon's most, in WORKER_MOST_KB the workers' most.
look() {
	local pid kb

	kb=$(kb_of "$DAEMON_PID" VmRSS)
	[ "$kb" -le "$MOST_KB" ] || MOST_KB=$kb
	for pid in $(pgrep -P "$DAEMON_PID" || true); do
		kb=$(kb_of "$pid" VmHWM)
		[ "$kb" -le "$WORKER_MOST_KB" ] || WORKER_MOST_KB=$kb
	done
}

# usage: igd_evil WORD...
igd_evil() {
	rm -f "$LAB_TMP/evil.log"
	lab_spawn r evil "$LAB_TOOLS/evil_igd" "$ROUTER" 5000 "$@"
	EVIL_PID=$LAB_PID
	wait_until 'grep -qs ^ready "$LAB_TMP/evil.log"' 3 ||
		fail "the hostile router does not start"
}

# What holds after each attack. usage: assert_unharmed WHAT
assert_unharmed() {
	local grown_kb=$((MOST_KB - CALM_KB))

	SLOWEST_MS=$(counter_get "$COUNTERS.slowest_callback_ms")
	note "$1: daemon +$grown_kb kB, worker $WORKER_MOST_KB kB, slowest" \
		"callback $SLOWEST_MS ms"
	is_alive "$DAEMON_PID" || fail "$1: the daemon is gone"
	[ "$grown_kb" -lt "$GROWTH_KB" ] || fail "$1: grown by $grown_kb kB"
	[ "$WORKER_MOST_KB" -le "$WORKER_KB" ] ||
		fail "$1: a worker with $WORKER_MOST_KB kB"
	[ "$SLOWEST_MS" -eq 0 ] ||
		fail "$1: the loop was held up for $SLOWEST_MS ms"
	expect_status '[.services[].external[]] | length == 0'
}

# Has the daemon given up this router, or its worker ended? Keeps in
# REQUEST_MOST_MS how long the worker hung at one request.
attack_is_over() {
	local seen now

	look
	seen=$(grep -c . "$LAB_TMP/evil.log")
	now=$(now_ms)
	[ "$seen" -eq "$SCENE_SEEN" ] || SCENE_ASKED_MS=$now
	SCENE_SEEN=$seen
	[ "$((now - SCENE_ASKED_MS))" -le "$REQUEST_MOST_MS" ] ||
		REQUEST_MOST_MS=$((now - SCENE_ASKED_MS))
	grep -q "^$SCENE_ACTION" "$LAB_TMP/evil.log" || return 1
	[ -z "$(pgrep -P "$DAEMON_PID")" ] ||
		status_is 'attempt("game"; "upnp").outcome |
			. != "ok" and . != "running"'
}

# A daemon that has mapped by a good router; then this one comes in its place,
# as after a reboot. usage: try_http MODE ACTION WORD...
try_http() {
	local mode=$1 since_ms

	SCENE_ACTION=$2
	shift 2
	SCENE_SEEN=0 REQUEST_MOST_MS=0
	WORKER_MOST_KB=0 MOST_KB=0
	igd_evil
	rm -rf "$LAB_TMP/data"
	daemon_up "--port-check-servers= --traversal=upnp --map=game=5000/udp"
	wait_status 'ext("game").via == "upnp"' 10
	look
	CALM_KB=$MOST_KB
	lab_stop "$EVIL_PID" KILL
	igd_evil bootid=2 "$@"
	# The next worker reads the description; another service is to be mapped.
	pkill -KILL -P "$DAEMON_PID" || true
	daemon_defaults "--port-check-servers= --traversal=upnp \
		--map=game=5001/udp"
	ctl --quiet reload || fail "no reload"
	since_ms=$(now_ms)
	SCENE_ASKED_MS=$since_ms
	wait_until attack_is_over "$ATTEMPT_S" ||
		status_fail "an end of '$mode' on $SCENE_ACTION" "$ATTEMPT_S"
	note "$mode on $SCENE_ACTION: a request hung $REQUEST_MOST_MS ms," \
		"over after $(($(now_ms) - since_ms)) ms"
	[ "$REQUEST_MOST_MS" -le "$REQUEST_MS" ] ||
		fail "$mode: a request hung $REQUEST_MOST_MS ms"
	assert_unharmed "$mode on $SCENE_ACTION"
	daemon_kill
	lab_stop "$EVIL_PID" KILL
}

# usage: pmp_evil WORD...
pmp_evil() {
	rm -f "$LAB_TMP/evil.log"
	lab_spawn r evil "$LAB_TOOLS/evil_pmp" "other=$EVIL_OTHER" "$@"
	EVIL_PID=$LAB_PID
	wait_until 'nse r ss -Hlun | grep -q ":5351 "' 3 ||
		fail "the hostile gateway does not start"
}

# Has the gateway been asked for a mapping in both protocols, and lied?
both_lied() {
	look
	grep -q '^version=2 opcode=1 ' "$LAB_TMP/evil.log" &&
		grep -q '^version=0 opcode=1 ' "$LAB_TMP/evil.log"
}

# Nothing but lies: refused all. Then the same with one proper answer.
try_datagrams() {
	local lies

	WORKER_MOST_KB=0 MOST_KB=0
	rm -rf "$LAB_TMP/data"
	daemon_up "--port-check-servers= --traversal=upnp --map=game=5000/udp"
	wait_status 'settled' 10
	look
	CALM_KB=$MOST_KB
	daemon_kill
	pmp_evil
	daemon_start
	MOST_KB=0
	wait_until both_lied 20 || fail "never asked: $(cat "$LAB_TMP/evil.log")"
	stays 'look; status_is "[.services[].external[]] | length == 0"' 8 ||
		status_fail "no lie believed" 8
	assert_unharmed "datagrams"
	lies=$(sed -n 's/.*sent=//p' "$LAB_TMP/evil.log" |
		awk '{ n += $1 } END { print n }')
	note "$lies lies sent, dropped by the reader:" \
		"$(counter_get "$COUNTERS.rejected | tojson")"
	[ "$(counter_get "[$COUNTERS.rejected[].count] | add")" -gt 100 ] ||
		fail "too few were seen to be dropped"
	lab_stop "$EVIL_PID" KILL
	daemon_kill
	pmp_evil valid=1
	daemon_start
	wait_status 'ext("game").port == 7777' 10
	daemon_stop
	lab_stop "$EVIL_PID" KILL
}

lab_for_daemon
EVIL_OTHER=192.168.77.9
nip r addr add "$EVIL_OTHER/24" dev lan0
for mode in body headers drip huge silence; do
	try_http "$mode" desc "desc=$mode"
	try_http "$mode" AddPortMapping AddPortMapping="$mode"
done
try_http silence GetExternalIPAddress any=silence
try_datagrams
