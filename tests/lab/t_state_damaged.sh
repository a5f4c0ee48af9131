#!/usr/bin/env bash
# A state file that is damaged, cut, empty, too long, of a later version, a
# directory, or cannot be written: told as a finding, and the daemon works.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: try_state WHAT FINDING
try_state() {
	note "$1"
	daemon_start
	wait_status 'reachable == "yes"' 10
	expect_status "any(.findings[]; .id == \"$2\")"
	expect "mappings" 1 "$(router_count)"
	daemon_kill
}

lab_for_daemon
igd_start r
daemon_up "--traversal=upnp --map=game=5000/udp:5555"
wait_status 'reachable == "yes"' 10
wait_until 'grep -q "^lease game fixed udp pcp" "$LAB_TMP/data/state"' 3 ||
	fail "nothing kept"
expect_status '.findings | map(select(.id | startswith("state."))) == []'
daemon_kill
state=$LAB_TMP/data/state
cp "$state" "$LAB_TMP/good"

sed 's/5555/5556/' "$LAB_TMP/good" >"$state"
try_state "altered" state.damaged
[ -e "$state.bad" ] || fail "the bad file is not kept"
head -c 100 "$LAB_TMP/good" >"$state"
try_state "cut" state.damaged
: >"$state"
try_state "empty" state.damaged
head -c 3000000 /dev/urandom >"$state"
try_state "noise" state.damaged
echo "traversald-state 9" >"$state"
try_state "of a later version" state.damaged
rm -f "$state" "$state.bad"
mkdir "$state"
try_state "a directory" state.damaged
rm -rf "$LAB_TMP/data"
: >"$LAB_TMP/data"
try_state "nowhere to write" state.unwritable
rm -f "$LAB_TMP/data"

note "and a good one is no finding"
mkdir "$LAB_TMP/data"
cp "$LAB_TMP/good" "$state"
daemon_start
wait_status 'reachable == "yes"' 10
expect_status '.findings | map(select(.id | startswith("state."))) == []'
