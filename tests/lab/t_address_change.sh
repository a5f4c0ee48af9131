#!/usr/bin/env bash
# The provider gives the router another address: told with the old one and the
# new one, 50 ms after the router announced it.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

NEW_WAN=11.22.44.2

# Prints when the daemon first logged PATTERN, in milliseconds; nothing when it
# did not. usage: logged_ms PATTERN
logged_ms() {
	local stamp

	stamp=$(grep -m 1 "$1" "$LAB_TMP/traversald.log" | cut -d' ' -f1)
	[ -z "$stamp" ] || date -d "$stamp" +%s%3N
}

# usage: try_change VIA
try_change() {
	local took_ms

	: >"$LAB_TMP/traversald.log"
	daemon_up "--traversal=upnp --map=game=5000/udp:5555"
	wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN\"" 10
	expect_status "ext(\"game\").via == \"$1\""
	: >"$LAB_TMP/events.log"
	lab_spawn h events "$LAB_BUILD/traversalctl" \
		--socket="$DAEMON_RUN/traversald.sock" events
	wait_until 'grep -q . "$LAB_TMP/events.log"' 3 || fail "no events"
	wan_new_address
	wait_until 'grep -q address-changed "$LAB_TMP/events.log"' 10 ||
		fail "not told: $(tail -n 3 "$LAB_TMP/events.log")"
	note "$(grep address-changed "$LAB_TMP/events.log" | tail -n 1)"
	expect "old and new" "$WAN $NEW_WAN" "$(grep address-changed \
		"$LAB_TMP/events.log" | tail -n 1 | jq -r '(.event? // .) as $e |
		[.. | objects | select(has("previous"))][0] |
		"\(.previous.address) \(.external.address)"')"
	took_ms=$(($(logged_ms event=address-changed) - \
		$(logged_ms event=announcement-heard)))
	note "$1: told $took_ms ms after the announcement"
	[ "$took_ms" -le 50 ] || fail "$1: that is over 50 ms"
	expect_status "ext(\"game\").address == \"$NEW_WAN\""
	daemon_stop
}

lab_for_daemon
note "PCP"
igd_start r
try_change pcp

note "NAT-PMP"
nip i addr del 11.22.44.1/24 dev to-r
wan_old_address
drop_pcp
try_change nat-pmp

note "UPnP, where nothing is announced: by asking, within 30 s"
nip i addr del 11.22.44.1/24 dev to-r
wan_old_address
router_drop_nothing
igd_stop
igd_start r natpmp=no
: >"$LAB_TMP/events.log"
daemon_start
wait_status "reachable == \"yes\" and ext(\"game\").address == \"$WAN\"" 10
expect_status 'ext("game").via == "upnp"'
since_ms=$(now_ms)
wan_new_address
wait_status "ext(\"game\").address == \"$NEW_WAN\"" 30
note "upnp: told after $(($(now_ms) - since_ms)) ms"
