#!/usr/bin/env bash
# traversalctl metrics: the text format as promtool reads it, the number of
# series, hostile names, and a file that is replaced in one step.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/system/fake.sh
. "$(dirname "$0")/fake.sh"

# Fails when promtool finds anything to say. usage: check_format FILE
check_format() {
	local out

	out=$(promtool check metrics <"$1" 2>&1) || fail "promtool: $out"
	expect "what promtool says" "" "$out"
}

# usage: value SERIES
value() {
	awk -v series="$1" '$1 == series { print $2 }' "$scratch/out"
}

# A status of N services, the last one with a hostile name.
many_services() {
	"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" --json |
		jq --argjson n "$1" '.services[0] as $s |
			.services = [range($n) | $s + {name: "service\(.)"}] |
			.services[0].name = "a\"b\\c\nd\u001b[2J"' \
			>"$scratch/many.json"
}

note "the figures of canned answers"
start_fake yes
expect_ctl 0 metrics
check_format "$scratch/out"
expect "up" 1 "$(value traversald_up)"
expect "reachable" 1 \
	"$(value 'traversald_reachable{service="wireguard",family="ipv4"}')"
expect "the end of the mapping" "$(date -d 2026-11-20T14:00:01Z +%s)" \
	"$(value 'traversald_mapping_expiry_timestamp_seconds{service="wireguard",method="pcp"}')"
expect "renewals" 3 \
	"$(value 'traversald_mapping_renewals_total{method="pcp",result="renewed"}')"
expect "changes of the address" 1 \
	"$(value traversald_external_address_changes_total)"
expect "round trips" 5 \
	"$(value 'traversald_probe_rtt_seconds_bucket{le="+Inf"}')"
expect "their sum" 1.5 "$(value traversald_probe_rtt_seconds_sum)"
expect "rejected" 7 \
	"$(value 'traversald_rejected_packets_total{proto="pcp",reason="invalid"}')"
expect "punches" 40 "$(value 'traversald_punch_packets_total{direction="out"}')"
proven=$(value 'traversald_last_proof_timestamp_seconds{service="wireguard"}')
age=$(($(date +%s) - proven))
expect "age of the proof" yes "$([ "$age" -ge 41 ] && [ "$age" -le 45 ] && echo yes)"
! grep -E '[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+' "$scratch/out" ||
	fail "an address is among the figures"
expect_ctl 0 metrics --json=short
json '[.metrics[] | select(.name == "traversald_up").samples[0].value] == [1]'

note "however many services: at most 200 series"
many_services 500
start_fake "$scratch/many.json"
expect_ctl 0 metrics
check_format "$scratch/out"
series=$(grep -vc '^#' "$scratch/out")
[ "$series" -le 200 ] || fail "$series series"
expect "services" 500 "$(value traversald_services)"
expect "services without a series" 468 "$(value traversald_services_omitted)"

note "a hostile name is spelt out"
grep -qF 'service="a\"b\\c\\x0ad\\x1b[2J"' "$scratch/out" ||
	fail "$(grep traversald_reachable "$scratch/out" | head -n 1)"
expect "control characters" 0 \
	"$(LC_ALL=C grep -c $'[\x01-\x09\x0b-\x1f\x7f]' "$scratch/out")"

note "not reachable, unknown"
for scenario in no unknown cgnat likely; do
	start_fake "$scenario"
	expect_ctl 0 metrics
	check_format "$scratch/out"
	expect "reachable" 0 "$(value \
		'traversald_reachable{service="wireguard",family="ipv4"}')"
done

note "a file for the node exporter"
mkdir "$scratch/dir"
expect_ctl 0 metrics --textfile "$scratch/dir"
expect "output" "" "$(cat "$scratch/out")"
expect "files" "644 traversald.prom" \
	"$(find "$scratch/dir" -type f -printf '%m %P\n')"
check_format "$scratch/dir/traversald.prom"
expect_ctl 2 metrics --textfile "$scratch/absent"
says err "cannot write $scratch/absent/traversald.prom: No such file"
expect_ctl 64 status --textfile "$scratch/dir"

note "readers see an old file or a new one, never half of one"
(
	while [ ! -e "$scratch/stop" ]; do
		"$LAB_BUILD/traversalctl" metrics --textfile "$scratch/dir" \
			--socket="$scratch/traversald.sock" || exit
	done
) &
others+=($!)
for _ in $(seq 200); do
	tail -n 1 "$scratch/dir/traversald.prom" |
		grep -q '^traversald_slow_callbacks_total 0$' ||
		fail "half a file"
done
: >"$scratch/stop"
wait "${others[0]}"
others=()
expect "files" traversald.prom "$(ls -A "$scratch/dir")"

if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=4k tmpfs "$scratch/dir" \
	2>/dev/null; then
	note "a full disk leaves the old file"
	code=0
	echo old >"$scratch/dir/traversald.prom"
	expect_ctl 2 metrics --textfile "$scratch/dir"
	says err "No space left"
	expect "the old file" old "$(cat "$scratch/dir/traversald.prom")"
	expect "files" traversald.prom "$(ls -A "$scratch/dir")"
	umount "$scratch/dir"
fi

note "the daemon is down: that is a figure, too"
stop_fake
expect_ctl 69 metrics
expect "figures" "traversald_up 0" "$(grep -v '^#' "$scratch/out")"
expect_ctl 69 metrics --textfile "$scratch/dir"
expect "figures" "traversald_up 0" \
	"$(grep -v '^#' "$scratch/dir/traversald.prom")"

note "a daemon of another version, and none"
strange 'printf "{\"parameters\":{\"status\":{\"schema\":9,\"services\":7}}}\000"; cat >/dev/null'
expect_ctl 0 metrics
check_format "$scratch/out"
stop_others
strange 'head -c 1 >/dev/null; printf "garbage\000"; cat >/dev/null'
expect_ctl 69 metrics
says err "is not traversald"
