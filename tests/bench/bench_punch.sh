#!/usr/bin/env bash
# Punching side by side at a round trip of 40 ms, port-restricted NATs on both
# sides: ours, and the stand-in for the pinger of Mysterium nodes, in each
# pairing. Times count from the provider's start to its connections, those of
# the consumer likewise; packets until then. The published figures are of the
# real program and of a laboratory program in another lab. Then how long the
# default chain takes to say 'holepunching' where manual and upnp fail.
# RUNS=N (10) attempts a row.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/../lab/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/../lab/punch.sh"

RUNS=${RUNS:-10}
# Published: the real pair; the laboratory program against the real one.
REAL_MS=138
LAB_CONSUMER_MS=131
LAB_PROVIDER_MS=179
CHAIN_MODEL_MS=4170

# --- punching ---------------------------------------------------------------

# usage: row WORDS PUBLISHEDMS
row() {
	local both published=$2

	both=$(punch_median provider took_ms)
	if [ "$(punch_median consumer took_ms)" -gt "$both" ]; then
		both=$(punch_median consumer took_ms)
	fi
	printf '%-34s %5s/%s %6s ms %6s ms %5s + %-5s %8s ms %6s\n' "$1" \
		"$(punch_good provider)" "$RUNS" \
		"$(punch_median provider took_ms)" \
		"$(punch_median consumer took_ms)" \
		"$(punch_median provider sent)" "$(punch_median consumer sent)" \
		"$published" \
		"$(awk -v a="$both" -v b="$published" \
			'BEGIN { printf "%.2f", a / b }')"
}

punching() {
	punch_sides port-restricted port-restricted delay=20
	printf '%-34s %8s %9s %9s %13s %11s %6s\n' "provider x consumer" \
		connected provider consumer packets published ratio
	punch_run go go "$RUNS" 500 --data=280
	row "stand-in x stand-in" "$REAL_MS"
	punch_run ours ours "$RUNS" 500 --data=280
	row "ours x ours" "$REAL_MS"
	punch_run go ours "$RUNS" 500 --data=280
	row "stand-in x ours" "$LAB_CONSUMER_MS"
	punch_run ours go "$RUNS" 500 --data=280
	row "ours x stand-in" "$LAB_PROVIDER_MS"
}

# --- the chain ---------------------------------------------------------------

# Prints the milliseconds from the daemon's start to its verdict.
one_verdict() {
	local run=$LAB_TMP/run-$1 start took

	mkdir -p "$run/data"
	start=$(now_ms)
	lab_spawn p "traversald-$1" "$LAB_BUILD/traversald" --foreground \
		--defaults="$LAB_TMP/defaults" --runtime-dir="$run" \
		--data-dir="$run/data"
	wait_until "[ -S '$run/traversald.sock' ]" 3 || fail "no daemon"
	"$LAB_BUILD/traversalctl" --socket="$run/traversald.sock" --quiet \
		wait --for limited --timeout 10s || [ $? -eq 1 ] ||
		fail "no verdict in 10 s"
	took=$(($(now_ms) - start))
	# The exit status of both tells the verdict: 1 is limited.
	{ "$LAB_BUILD/traversalctl" --socket="$run/traversald.sock" \
		--json=short status || true; } |
		grep -q '"method":"holepunching"' || fail "another method"
	lab_stop "$LAB_PID"
	echo "$took"
}

chain() {
	local run median

	nat_core
	nat_side p port-restricted delay=20
	nat_stun
	lab_spawn c echo "$LAB_BUILD/traversald-echo" \
		--listen="$EVIL_1:4589" --answer-from="$EVIL_2"
	cat >"$LAB_TMP/defaults" <<-DEFAULTS
		DAEMON_OPTS="--stun-servers=$STUN_1:$STUN_PORT,$STUN_2:$STUN_PORT --port-check-servers=$EVIL_1:4589"
		SERVICE_OPTS="openvpn"
	DEFAULTS
	for run in $(seq 1 5); do
		one_verdict "$run" || exit 1
	done | sort -n >"$LAB_TMP/verdicts"
	median=$(sed -n 3p "$LAB_TMP/verdicts")
	[ -n "$median" ] || fail "no verdict"
	printf '\n%-34s %6s ms (most %s) %11s ms %6s\n' \
		"default chain to 'holepunching'" "$median" \
		"$(tail -n 1 "$LAB_TMP/verdicts")" "$CHAIN_MODEL_MS" \
		"$(awk -v a="$median" -v b="$CHAIN_MODEL_MS" \
			'BEGIN { printf "%.2f", a / b }')"
}

punch_lab punching
punch_lab chain
