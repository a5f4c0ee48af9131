#!/usr/bin/env bash
# traversalctl watch on terminals of its own (tests/tools/on_terminal.py), and
# as lines: keys, sizes, and every way out.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/system/fake.sh
. "$(dirname "$0")/fake.sh"

export TERM=xterm LC_ALL=C.UTF-8
watch=("$LAB_BUILD/traversalctl" "--socket=$scratch/traversald.sock" watch)

# Plays the steps on a terminal of that size; "exit" sees that it is clean.
# usage: on_terminal SIZE STEP...
on_terminal() {
	"$LAB_ROOT/tests/tools/on_terminal.py" "$@" -- "${watch[@]}" \
		>"$scratch/out" 2>"$scratch/err" ||
		fail "$* $(cat "$scratch/err" "$scratch/out")"
}

note "the screen"
start_fake yes
on_terminal 24x80 see "● Reachable from the internet" see "> wireguard" \
	see "203.0.113.7:51820" see "1 h 5" see "holepunching" keys q \
	exit 0
on_terminal 24x80 see wireguard keys "?" see "not found out yet" gone "> wireguard" \
	keys "?" see "> wireguard" keys q exit 0
watch+=(--ascii)
on_terminal 24x80 see "* Reachable" see "up/down" gone "●" keys q exit 0
unset "watch[-1]"

note "every way out leaves the terminal as it was"
on_terminal 24x80 see wireguard keys q exit 0
on_terminal 24x80 see wireguard keys $'\x04' exit 0
on_terminal 24x80 see wireguard keys $'\x03' exit 130
on_terminal 24x80 see wireguard keys $'\x1c' exit 131
on_terminal 24x80 see wireguard signal INT exit 130
on_terminal 24x80 see wireguard signal TERM exit 143
on_terminal 24x80 see wireguard signal HUP exit 129
on_terminal 24x80 see wireguard hangup exit 129
on_terminal 24x80 see wireguard deaf signal TERM exit 143
on_terminal 24x80 see wireguard keys $'\x1a' stopped clean signal CONT \
	see wireguard keys q exit 0
on_terminal 24x80 see wireguard run "kill $fake_pid" exit 69
says out "is stopping"
start_fake yes
on_terminal 24x80 see wireguard run "kill -KILL $fake_pid" exit 69
says out "closed the connection"
wait "$fake_pid" 2>/dev/null || true
fake_pid=

note "keys that are none, and halves of keys"
start_fake yes
on_terminal 24x80 see wireguard keys 'xyz\e[5~\e[\eOP\e\e\e[1;5A' \
	keys $'\xff\x01' see wireguard keys q exit 0

note "sizes"
on_terminal 24x80 see wireguard resize 24x20 see "> wireguard" \
	see "51820  ←" resize 50x132 see LAST resize 3x20 gone "> wireguard" \
	resize 24x80 see "> wireguard" keys q exit 0
for size in 1x1 1x80 2x20 24x19 10x20 100x200 24x60; do
	on_terminal "$size" see q resize 24x80 see wireguard keys q exit 0
done

note "time goes on, and events come"
on_terminal 24x80 see "1 h 59 min" see "42 s" see "43 s" keys q exit 0
start_fake unknown
on_terminal 24x80 see "Finding out" see trying run "kill -USR1 $fake_pid" \
	see "verdict-changed reachable=yes" see "● Reachable" \
	see "> wireguard" gone trying keys q exit 0

note "services"
many() {
	"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" --json |
		jq --argjson n "$1" '.services[0] as $s |
			.services = [range($n) | $s + {name: "s\(.)"}]' \
			>"$scratch/many.json"
}
many 300
start_fake "$scratch/many.json"
on_terminal 24x80 see "> s0" see "300 services, 12 shown" keys '\e[B' \
	see "> s1 " gone "> s0" keys '\e[B\eOB\e[B' see "> s4" \
	keys '\e[A' see "> s3" keys "$(printf '\\e[B%.0s' {1..30})" \
	see "> s33" gone "  s0 " keys "$(printf '\\e[A%.0s' {1..60})" \
	see "> s0" keys q exit 0
many 0
start_fake "$scratch/many.json"
on_terminal 24x80 see "no services" keys '\e[B\e[A' see "no services" \
	keys q exit 0

note "p"
start_fake yes
on_terminal 24x80 see wireguard keys p see "finding out everything anew" \
	keys '\e[B' gone "finding out" keys q exit 0
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$scratch"
	chmod 600 "$scratch/traversald-admin.sock"
	before=("${watch[@]}")
	watch=(setpriv --reuid=65534 --regid=65534 --clear-groups "${watch[@]}")
	on_terminal 24x80 see wireguard keys p see "not permitted" keys q \
		exit 0
	watch=("${before[@]}")
fi

note "what strangers say does not steer the terminal"
start_fake hostile
on_terminal 24x80 see "Reachable" see wireguard keys q exit 0
stop_fake

note "daemons that are absent, silent, strange, or of another version"
on_terminal 24x80 exit 69
says out "is not running"
watch+=(--timeout 300ms)
strange 'sleep 20'
on_terminal 24x80 see "waiting for traversald" exit 75
says out "did not answer in time"
unset "watch[-1]" "watch[-1]"
on_terminal 24x80 see "waiting for traversald" keys q exit 0
stop_others
strange 'head -c 1 >/dev/null; printf "garbage\000"; cat >/dev/null'
on_terminal 24x80 exit 69
says out "is not traversald"
stop_others
strange 'head -c 1 >/dev/null; printf "{\"parameters\":{"; exit'
on_terminal 24x80 exit 69
stop_others
strange 'printf "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"Subscribe\"}}\000"; cat >/dev/null'
on_terminal 24x80 exit 69
says out "of another version"
stop_others
strange 'printf "{\"parameters\":{\"status\":{\"services\":[7,{\"name\":3,\"external\":[[]]}],\"verdict\":[]}},\"continues\":true}\000{\"parameters\":{\"event\":{\"event\":9,\"time\":[]}},\"continues\":true}\000"; cat >/dev/null'
on_terminal 24x80 see "> ?" see "Not known yet" keys '\e[B' keys q exit 0
stop_others

note "lines where there is no screen"
start_fake yes
"${watch[@]}" >"$scratch/lines" 2>&1 </dev/null &
lines_pid=$!
others+=("$lines_pid")
wait_until 'grep -q "service wireguard" "$scratch/lines"' 5 || fail "no line"
kill -USR1 "$fake_pid"
wait_until 'grep -q verdict-changed "$scratch/lines"' 5 || fail "no event"
expect "lines" 3 "$(wc -l <"$scratch/lines")"
grep -qE '^[0-9:]{8} status reachable=yes$' "$scratch/lines" ||
	fail "$(cat "$scratch/lines")"
grep -qE '^[0-9:]{8} service wireguard state=reachable external=203.0.113.7:51820 via=pcp$' \
	"$scratch/lines" || fail "$(cat "$scratch/lines")"
expect "escapes" 0 "$(grep -c $'\e' "$scratch/lines" || true)"
stop_fake
code=0
wait "$lines_pid" || code=$?
expect "exit status when the daemon goes" 69 "$code"
others=()
start_fake yes
began=$(now_ms)
"${watch[@]}" </dev/null | head -n 1 >"$scratch/out"
[ $(($(now_ms) - began)) -lt 3000 ] || fail "watch lingers after its reader"
expect "lines" 1 "$(wc -l <"$scratch/out")"
code=0
TERM=dumb "$LAB_ROOT/tests/tools/on_terminal.py" 24x80 \
	see "service wireguard" keys $'\x03' exit -2 -- "${watch[@]}" \
	>"$scratch/err" 2>&1 || fail "a dumb terminal: $(cat "$scratch/err")"
expect_ctl 64 watch this
code=0
"${watch[@]}" --json=short </dev/null 2>/dev/null | head -n 1 |
	jq -e '.event == "snapshot"' >/dev/null || fail "watch --json"
