#!/usr/bin/env bash
# Type=notify: READY within 50 ms of the start, a STATUS line, watchdog pings.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ready_most_ms=50

# Starts the daemon without a network and prints what it tells systemd.
# usage: listen SINK-OPTION...
listen() {
	unshare --net "$LAB_TOOLS/notify_sink" "$@" \
		"$LAB_BUILD/traversald" --foreground --defaults="$scratch/empty" \
		--runtime-dir="$scratch" --data-dir="$scratch/state" \
		2>"$scratch/daemon.log"
}

: >"$scratch/empty"
mkdir "$scratch/state"

times=()
for _ in 1 2 3 4 5; do
	out=$(listen -u READY=1) || fail "no READY, or no clean end: $out
$(cat "$scratch/daemon.log")"
	times+=("$(sed -n 's/ READY=1$//p' <<<"$out" | head -n 1)")
	grep -q ' STOPPING=1$' <<<"$out" || fail "no STOPPING=1 in: $out"
done
median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 3p)
note "READY after ${times[*]} ms, median $median ms"
[ "$median" -le "$ready_most_ms" ] ||
	fail "READY took $median ms (median), over $ready_most_ms ms"

out=$(listen -u STATUS=) || fail "no STATUS: $out"
note "$(grep ' STATUS=' <<<"$out" | head -n 1)"

# One progress report must come in each half of the span, whatever else waits.
out=$(listen -w 30000 -t 60 -u WATCHDOG=1 -u WATCHDOG=1) ||
	fail "no two watchdog pings: $out"
grep ' WATCHDOG=1' <<<"$out"
