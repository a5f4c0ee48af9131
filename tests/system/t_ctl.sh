#!/usr/bin/env bash
# traversalctl against canned answers (tests/tools/fake_daemon): exit statuses,
# sentences, JSON, widths, and daemons that are absent, silent or strange.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

# shellcheck source=tests/system/fake.sh
. "$(dirname "$0")/fake.sh"

note "no daemon"
expect_ctl 69 status
says err "traversald is not running (connect $scratch/traversald.sock: No such"
says err "Start it: sudo systemctl start traversald"
expect_ctl 69 --json
expect "output without a daemon" "" "$(cat "$scratch/out")"
expect_ctl 69 -q
expect "words with -q" "" "$(cat "$scratch/out" "$scratch/err")"
expect_ctl 69 wait --timeout 300ms
expect_ctl 69 reload
expect_ctl 0 version
says out "traversalctl "

note "the command line"
expect_ctl 64 stauts
says err "Did you mean 'status'?"
expect_ctl 64 completely-else
expect_ctl 64 --nonsense
expect_ctl 64 --timeout
expect_ctl 64 --timeout 0
expect_ctl 64 --json=xml
expect_ctl 64 status --router
says err "--router belongs to the command mappings"
expect_ctl 64 status a b
expect_ctl 64 map
expect_ctl 64 map 0/udp
expect_ctl 64 map 7/sctp
expect_ctl 64 unmap x
expect_ctl 64 release 65536
expect_ctl 64 acquire 0
expect_ctl 64 config
expect_ctl 64 config explain
expect_ctl 64 wait --for ever
expect_ctl 0 help
says out "reload [--wait"
expect_ctl 0 help reload

note "the verdict is the exit status"
for row in yes:0 likely:1 limited:1 cgnat:2 no:2 unknown:3; do
	start_fake "${row%:*}"
	expect_ctl "${row#*:}"
	expect_ctl "${row#*:}" status
	expect_ctl "${row#*:}" status wireguard
	expect_ctl "${row#*:}" status --json
	expect_ctl "${row#*:}" check
	expect_ctl "${row#*:}" -q status
	expect "words with -q" "" "$(cat "$scratch/out" "$scratch/err")"
done

note "reachable: the screen"
start_fake yes
expect_ctl 0 status
expect "first line" "● Reachable from the internet" \
	"$(head -n 1 "$scratch/out" | sed 's/  .*//')"
says out "checked 41 s ago"
says out "UDP 51820  ←  203.0.113.7:51820   via PCP mapping"
says out "expires in 1 h 59 min, renewed automatically in 59 min"
says out "proven by: 198.51.100.9:4589 (outside), 41 s ago"
says out '("port restricted cone")'
says out "/etc/default/mysterium-node:6:"
says_not out "198.51.100.9:4589 sent to port"
says_not out $'\e'
expect_ctl 0 status -v
says out "no reply (2.0 s): 198.51.100.9:4589 sent to port 51820"
expect_ctl 0 status --ascii
expect "other than ASCII" 0 "$(LC_ALL=C grep -c '[^ -~]' "$scratch/out")"
expect_ctl 64 status nosuch
says err "there is no service 'nosuch'"

note "colour only where it is wanted"
for row in :0 NO_COLOR=1:0 CLICOLOR_FORCE=1:1 CLICOLOR_FORCE=0:0 \
	FORCE_COLOR=1:1 NO_COLOR=:0; do
	# shellcheck disable=SC2086 # the first row sets nothing
	colors=$(env ${row%:*} "$LAB_BUILD/traversalctl" \
		--socket="$scratch/traversald.sock" | grep -c $'\e' || true)
	expect "coloured lines with '${row%:*}'" "${row##*:}" "$colors"
done
export CLICOLOR_FORCE=1 NO_COLOR=1
expect_ctl 0 status
says_not out $'\e'
expect_ctl 0 status --color=always
says out $'\e[1;32m●'
unset CLICOLOR_FORCE NO_COLOR

note "the glossary needs no daemon"
stop_fake
expect_ctl 0 explain carrier-grade nat
says out "100.64.0.0/10"
expect_ctl 64 explain CGNATT
says err "Did you mean 'CGNAT'?"
expect_ctl 64 explain zebra
start_fake yes

note "every width, every screen"
# A long name, IPv6, a long value: what needs the most room.
jq '.services[0] += {name: "a-service-with-quite-a-long-name",
	external: [.services[0].external[0] + {family: "ipv6",
	address: "2001:0db8:1111:2222:3333:4444:5555:6666"}]}' \
	<<<"$("$LAB_BUILD/traversalctl" --json \
		--socket="$scratch/traversald.sock")" >"$scratch/wide.json"
for scenario in yes cgnat likely unknown "$scratch/wide.json"; do
	start_fake "$scenario"
	for columns in 20 40 60 80 100; do
		for command in status "status -v" check mappings \
			"mappings --router" nat "config show" "acquire 3" \
			"map 7/udp" help "help map" version --ascii \
			explain "explain NAT types"; do
			# shellcheck disable=SC2086 # words
			COLUMNS=$columns ctl $command
			widest=$(LC_ALL=C.UTF-8 wc -L <"$scratch/out")
			[ "$widest" -le "$columns" ] ||
				fail "$command is $widest columns at $columns"
		done
	done
done
start_fake yes

note "JSON"
expect_ctl 0 --json=short status
expect "lines" 1 "$(wc -l <"$scratch/out")"
json '.schema == 1 and .verdict.reachable == "yes"'
json '.services[0].external[0].port == 51820 and (.nat | has("hairpin"))'
expect_ctl 0 mappings --json
json '.mappings[0].ours and (.mappings | length == 1)'
expect_ctl 0 mappings --router --json
json '.mappings | length == 2'
expect_ctl 0 check 51820 --json
json '.reachable == "yes"'
expect_ctl 0 config show --json
json '.entries[1].line == 6'
expect_ctl 0 config explain udp.ports
says out "/etc/default/mysterium-node:6"
expect_ctl 64 config explain udp.port
says err "Did you mean 'udp.ports'?"

note "changing"
expect_ctl 0 map game=7/udp:9 --lifetime 2h --json
json '.asked == {"name":"game","protocol":"udp","port":7,"external":9,
	"lifetime_sec":7200}'
expect_ctl 0 map TCP:443 --json
json '.asked == {"protocol":"tcp","port":443}'
expect_ctl 0 map udp:443:444 --json
json '.asked == {"protocol":"udp","port":443,"external":444}'
expect_ctl 2 map 13/udp
says err "port 13 is in use"
expect_ctl 0 unmap 7/udp
expect_ctl 2 unmap 8/udp
says err "no such mapping"
expect_ctl 0 acquire 2 --json=short
json '.ports | length == 2'
expect_ctl 0 release 51820
expect_ctl 0 renew
says out "1 mapping is being renewed"
expect_ctl 75 probe --timeout 200ms
says err "did not answer in time"
expect_ctl 0 reload --wait=5
says out "is in force"
expect_ctl 77 --admin-socket="$scratch/traversald.sock" renew
says err "sudo"
expect_ctl 0 --socket="$scratch/traversald-admin.sock" renew
start_fake no
expect_ctl 78 reload --wait
says err "/etc/default/traversald:2: a quote never closes"
says err "stays in force"

note "not reachable: where, why, what to do"
start_fake cgnat
expect_ctl 2 status
says out "you ── router ──✖── provider NAT (CGNAT) ── internet"
says out "100.72.13.5 is itself private"
says out "1. Ask the provider"

note "what strangers put into texts does not reach the terminal"
start_fake hostile
expect_ctl 0 status
expect "control characters" 0 \
	"$(LC_ALL=C grep -c $'[\x01-\x09\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]' \
		"$scratch/out")"
expect_ctl 0 status --json=short
expect "other than ASCII in JSON" 0 \
	"$(LC_ALL=C grep -c '[^ -~]' "$scratch/out")"

note "waiting"
start_fake yes
expect_ctl 0 wait
start_fake unknown
expect_ctl 75 wait --timeout 300ms
says err "timed out"
code=-1
"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" wait \
	--timeout 20s >"$scratch/out" 2>&1 &
others+=($!)
"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" events \
	>"$scratch/events" 2>&1 &
events_pid=$!
others+=("$events_pid")
wait_until 'grep -q snapshot "$scratch/events"' 5 || fail "no snapshot"
kill -USR1 "$fake_pid"
code=0
wait "${others[0]}" || code=$?
expect "exit status of wait" 0 "$code"
says out "Reachable from the internet"

note "events: the status first, then what changes, as lines of JSON"
wait_until '[ "$(wc -l <"$scratch/events")" -ge 2 ]' 5 || fail "no event"
jq -es '.[0].event == "snapshot" and .[0].status.schema == 1 and
	.[1].event == "verdict-changed" and .[1].seq == 1 and
	.[1].service == null and .[1].reachable == "yes"' \
	"$scratch/events" >/dev/null || fail "$(cat "$scratch/events")"
began=$(now_ms)
"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" events \
	--since 0 | head -n 2 >"$scratch/out"
[ $(($(now_ms) - began)) -lt 3000 ] || fail "events lingers after its reader"
expect "events since 0" 2 "$(wc -l <"$scratch/out")"
stop_fake
code=0
wait "$events_pid" || code=$?
expect "exit status of events" 69 "$code"
stop_others

note "no place left"
start_fake yes
# Its descriptors: one more for each client.
fds() {
	find "/proc/$fake_pid/fd" -type l | wc -l
}
# shellcheck disable=SC2034 # read by the condition
all_taken=$(($(fds) + 32))
for _ in $(seq 32); do
	socat -u "UNIX-CONNECT:$scratch/traversald.sock" /dev/null &
	others+=($!)
done
wait_until '[ "$(fds)" -ge "$all_taken" ]' 5 || fail "$(fds) descriptors"
wait_until 'ctl status --timeout 50ms; [ "$code" -eq 75 ]' 5 ||
	fail "the 33rd client is served: $code"
says err "serves 32 clients already"
expect_ctl 0 renew
stop_others
wait_until 'ctl status; [ "$code" -eq 0 ]' 5 || fail "no place comes free"
stop_fake

note "what is not traversald"
strange 'head -c 1 >/dev/null; printf "garbage\000"; cat >/dev/null'
expect_ctl 69 status
says err "is not traversald"
stop_others
strange 'printf "{\"parameters\":7}\000"; cat >/dev/null'
expect_ctl 69 status
says err "is not traversald"
stop_others
strange 'head -c 40 >/dev/null'
expect_ctl 69 status
says err "closed the connection"
stop_others
strange 'sleep 2'
expect_ctl 75 status --timeout 200ms
stop_others
strange 'printf "{\"parameters\":{}}\000"; cat >/dev/null'
expect_ctl 3 status
expect_ctl 0 mappings
expect_ctl 3 check
stop_others

note "a file is checked without a daemon"
printf 'DAEMON_OPTS="--udp.ports=20000:20100"\n' >"$scratch/good"
expect_ctl 0 config check "$scratch/good"
printf '# x\nDAEMON_OPTS="--map=\\"5000/udp"\n' >"$scratch/broken"
expect_ctl 78 config check "$scratch/broken"
says out "$scratch/broken:2"
expect_ctl 78 config check "$scratch/absent"
printf 'DAEMON_OPTS="--udp.ports=9:3"\n' >"$scratch/odd"
expect_ctl 1 config check "$scratch/odd" --json
json '.usable and .findings[0].line == 1'

note "a full disk is told"
start_fake yes
code=0
"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" \
	>/dev/full 2>"$scratch/err" || code=$?
expect "exit status with a full disk" 2 "$code"
says err "No space left"

if [ "$(id -u)" -eq 0 ]; then
	note "who may not change gets 77"
	chmod 755 "$scratch"
	chmod 600 "$scratch/traversald-admin.sock"
	code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$LAB_BUILD/traversalctl" \
		--socket="$scratch/traversald.sock" renew \
		2>"$scratch/err" || code=$?
	expect "exit status without the right" 77 "$code"
	says err "group traversald"
	code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$LAB_BUILD/traversalctl" \
		--socket="$scratch/traversald.sock" >/dev/null || code=$?
	expect "exit status of asking" 0 "$code"
fi
