#!/usr/bin/env bash
# What each command prints with --json is what doc/traversald.schema.json says,
# and that is what the interface definition says.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/system/fake.sh
. "$(dirname "$0")/fake.sh"

check=$LAB_ROOT/tests/tools/check_schema.py

# Runs a command, whatever the verdict, and keeps its answer for check_all().
# usage: valid SCHEMA ARGUMENT...
valid() {
	local schema=$1

	shift
	ctl --json=short "$@"
	[ "$code" -le 3 ] || fail "$*: exit $code: $(cat "$scratch/err")"
	cat "$scratch/out" >>"$scratch/answers.$schema"
}

check_all() {
	local file

	for file in "$scratch"/answers.*; do
		"$check" "${file##*/answers.}" <"$file" 2>"$scratch/why" ||
			fail "$(cat "$scratch/why")"
	done
}

note "schema and interface: $("$check" --idl)" || fail "they differ"

note "every command has a schema"
expect_ctl 0 help --json=short
while read -r command; do
	grep -q "^$command\(-\|$\)" <<<"$("$check" --commands)" ||
		fail "there is no schema of $command"
done < <(jq -r '.commands[].name' "$scratch/out")

note "the checker finds what is missing, wrong and new"
start_fake yes
ctl --json=short
for broken in 'del(.verdict.since)' '.chain[0] = "magic"' '.new = 1' \
	'.services[0].local.port = 65536' '.findings[0].title = null' \
	'.verdict.since = "yesterday"' '.schema = 2'; do
	! jq -c "$broken" "$scratch/out" | "$check" status 2>/dev/null ||
		fail "the checker does not see $broken"
done

for scenario in yes likely limited no cgnat unknown hostile; do
	note "$scenario"
	start_fake "$scenario"
	valid status status
	valid status status wireguard
	valid nat nat
	valid check check
	valid check check 51820
	valid mappings mappings
	valid mappings mappings --router
	valid config-show config show
	valid config-explain config explain udp.ports
	valid metrics metrics
	valid acquire acquire 2
	valid renew renew
	valid release release 51820
	valid unmap unmap 7/udp
done
valid help help
valid help help map
valid version version
valid doctor doctor
valid doctor doctor --offline cfg
valid doctor-list doctor --list
valid doctor-explain doctor --explain fw.input
valid explain explain CGNAT
valid explain-list explain
valid complete complete -- status ""
start_fake yes
valid wait wait
valid reload reload
printf 'DAEMON_OPTS="--udp.ports=9:3"\n' >"$scratch/odd"
valid config-check config check "$scratch/odd"
# The fake tells what it was asked as well.
ctl --json map 7/udp
jq -c 'del(.asked)' "$scratch/out" | "$check" map || fail "map"

note "events"
"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" events \
	>"$scratch/events" 2>/dev/null &
others+=($!)
wait_until 'grep -q snapshot "$scratch/events"' 5 || fail "no snapshot"
kill -USR1 "$fake_pid"
wait_until 'grep -q verdict-changed "$scratch/events"' 5 || fail "no event"
# An event has members of its own.
jq -c '{seq, time, event, service} + if .status then {status} else {} end' \
	"$scratch/events" | "$check" events || fail "events"
stop_fake
stop_others
valid version version
check_all
