#!/usr/bin/env bash
# What a router does wrong while a mapping is held, played by the fake gateway:
# its control port moves, it restarts, its clock jumps, it cleans its table.
# deadline: 240 s
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

FAKEGW=$LAB_TOOLS/fakegw/fakegw

# Tells or asks the fake gateway. usage: fake WORD...
fake() {
	"$FAKEGW" --ask "$LAB_TMP/fakegw.sock" "$@" 2>/dev/null
}

# Prints how many restarts of the router the daemon has acted upon.
restarts() {
	grep -c event=router-restarted "$LAB_TMP/traversald.log" || true
}

# Prints how many mappings were asked for.
maps() {
	fake seen | sed 's/maps=\([0-9]*\).*/\1/'
}

# usage: begin WORD...
begin() {
	lab_spawn r fakegw "$FAKEGW" "$ROUTER" 5000 "$LAB_TMP/fakegw.sock" "$@"
	FAKE_PID=$LAB_PID
	wait_until '[ -S "$LAB_TMP/fakegw.sock" ] && fake seen >/dev/null' 3 ||
		fail "the fake gateway does not start"
	daemon_up "--port-check-servers= --traversal=upnp \
		--map=game=5000/udp:5555"
	wait_status 'reachable == "likely"' 10
	wait_until 'fake table | grep -q "UDP:5555>"' 1 || fail "$(fake table)"
}

finish() {
	daemon_stop
	lab_stop "$FAKE_PID" KILL
	rm -f "$LAB_TMP/fakegw.sock"
}

# Fails unless the mapping is back in time. usage: comes_back MS
comes_back() {
	local since_ms

	since_ms=$(now_ms)
	wait_until 'fake table | grep -q "UDP:5555>"' 5 ||
		fail "not mapped again: $(fake seen)"
	since_ms=$(($(now_ms) - since_ms))
	note "mapped again after $since_ms ms"
	[ "$since_ms" -le "$1" ] || fail "that is over $1 ms"
}

lab_for_daemon
[ -x "$FAKEGW" ] || skip "$FAKEGW is not built"

note "11: the control port moves and the description with it"
begin pcp=silent natpmp=silent
fake port=5001
ctl renew >/dev/null
wait_until 'grep -q mapping-renewed "$LAB_TMP/traversald.log"' 10 ||
	fail "not found again: $(fake seen)"
grep -q renewal-failed "$LAB_TMP/traversald.log" && fail "a renewal failed"
expect_status 'ext("game").via == "upnp"'

note "11: a restart that is announced by SSDP"
fake reboot port=5002 alive
comes_back 500
finish

note "40: a restart that is announced by PCP"
begin ssdp=silent
fake reboot announce
comes_back 500
finish

note "40: a clock that jumps a hundred times is one restart in 30 s"
begin ssdp=silent
# shellcheck disable=SC2034 # read by the condition
before=$(maps)
told=$(restarts)
for n in $(seq 1 100); do
	fake epoch=$((n % 7 * 1000)) announce
done
wait_until '[ "$(maps)" -gt "$before" ]' 3 || fail "never asked again"
stays "[ \$(restarts) -le $((told + 1)) ]" 3 ||
	fail "$(($(restarts) - told)) restarts"
expect_status 'ext("game").via == "pcp"'
finish

note "24: a router that cleans its table"
begin pcp=silent natpmp=silent
fake reboot epoch=1000 bootid=1
fake table | grep -q UDP && fail "the table is not empty"
wait_until 'fake table | grep -q "UDP:5555>"' 60 ||
	fail "not mapped again in 60 s: $(fake seen)"
finish
