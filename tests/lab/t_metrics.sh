#!/usr/bin/env bash
# The figures of a real daemon: what is counted counts.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: value SERIES
value() {
	ctl metrics | awk -v series="$1" '$1 == series { print $2 }'
}

lab_for_daemon
igd_start r
daemon_up "--map=game=7777/udp"
wait_status 'reachable == "yes" and settled' 30

expect "reachable" 1 \
	"$(value 'traversald_reachable{service="game",family="ipv4"}')"
via=$(status_get 'ext("game").via')
renewals="traversald_mapping_renewals_total{method=\"$via\",result=\"renewed\"}"
expect "mappings acquired" 1 \
	"$(value "${renewals/renewed/acquired}")"
# shellcheck disable=SC2034 # read by the condition
before=$(value "$renewals")
ctl renew
wait_until '[ "$(value "$renewals")" -gt "$before" ]' 10 ||
	fail "a renewal is not counted"
[ "$(value 'traversald_probe_rtt_seconds_count')" -gt 0 ] ||
	fail "no round trip is counted"
now=$(date +%s)
ends=$(value "traversald_mapping_expiry_timestamp_seconds{service=\"game\",method=\"$via\"}")
[ "$ends" -gt "$now" ] || fail "the mapping ends at $ends, it is $now"

note "watch: the screen of a real daemon, found out anew by its key"
TERM=xterm LC_ALL=C.UTF-8 "$LAB_ROOT/tests/tools/on_terminal.py" 30x80 \
	see "> game" see "$WAN:7777" keys p see "everything was found out anew" \
	see "> game" keys q exit 0 -- "$LAB_BUILD/traversalctl" \
	"--socket=$DAEMON_RUN/traversald.sock" watch || fail "watch"
