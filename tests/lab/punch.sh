# shellcheck shell=bash
# punch.sh: two hosts behind NATs that punch.
#
# Sourced after lib.sh and nat.sh. The provider is the side p, the consumer the
# side q; each runs our engine (ours: punch_peer) or the stand-in for the pinger
# of Mysterium nodes (go: go_pinger). Figures count from the provider's start,
# and the consumer comes 50 ms later.

PUNCH_LEAD_MS=700 # until both programs run
PUNCH_PORT=0      # so that each cell has ports of its own
PUNCH_P=
PUNCH_Q=

# Builds both sides. usage: punch_sides PROVIDERTYPE CONSUMERTYPE [OPTION...]
# OPTION: of nat_side, for both; delay=MS is the whole way, one direction.
punch_sides() {
	local provider=$1 consumer=$2 delay='' arg
	local options=()

	shift 2
	for arg in "$@"; do
		case $arg in
		delay=*) delay=$arg ;;
		*) options+=("$arg") ;;
		esac
	done
	nat_core
	nat_side p "$provider" "${options[@]}" ${delay:+"$delay"}
	PUNCH_P=$(punch_outer "$provider" "$NAT_HOST")
	nat_side q "$consumer" "${options[@]}"
	PUNCH_Q=$(punch_outer "$consumer" "$NAT_HOST")
}

# Runs a command in a lab of its own; for tests of many labs.
# usage: punch_lab COMMAND...
punch_lab() {
	local status=0

	(
		lab_start
		"$@"
	) || status=$?
	[ "$status" -eq 0 ] || exit "$status"
}

# The address that the side's peer is told.
punch_outer() {
	case $1 in
	none | firewall) echo "$2" ;;
	*) echo "$NAT_OUTER" ;;
	esac
}

# Runs N attempts, a new one each EVERY ms, and leaves the two outputs in
# $LAB_TMP/{provider,consumer}.out. usage: punch_run OURS|GO OURS|GO N EVERY
# [OPTION...] with OPTION of punch_peer
punch_run() {
	local provider consumer n=$3 every=$4 start p_at q_at pid

	provider=$(punch_program "$1")
	consumer=$(punch_program "$2")
	shift 4
	start=$(($(now_ms) + PUNCH_LEAD_MS))
	p_at=$((20000 + PUNCH_PORT))
	q_at=$((40000 + PUNCH_PORT))
	PUNCH_PORT=$((PUNCH_PORT + n * 20))
	set -- --start=$start --trials="$n" --every="$every" "$@"
	nse p "$provider" provider "$PUNCH_Q" --local=$p_at --remote=$q_at \
		"$@" >"$LAB_TMP/provider.out" 2>&1 &
	pid=$!
	nse q "$consumer" consumer "$PUNCH_P" --local=$q_at --remote=$p_at \
		"$@" >"$LAB_TMP/consumer.out" 2>&1 || true
	wait "$pid" || true
}

punch_program() {
	case $1 in
	ours) echo "$LAB_TOOLS/punch_peer" ;;
	go) echo "$LAB_TOOLS/go_pinger" ;;
	*) fail "punch: who is $1?" ;;
	esac
}

# Prints how many attempts of a side connected and carried data.
# usage: punch_good provider|consumer
punch_good() {
	grep -c '^data .*passes=yes' "$LAB_TMP/$1.out" || true
}

# Prints the median of a field of the attempts. usage: punch_median SIDE FIELD
punch_median() {
	punch_values "$1" "$2" | awk '{ v[NR] = $1 }
		END { print NR ? v[int((NR + 1) / 2)] : "-" }'
}

punch_worst() {
	punch_values "$1" "$2" | tail -n 1
}

punch_values() {
	sed -n "s/^trial=.* $2=\([0-9]*\).*/\1/p" "$LAB_TMP/$1.out" | sort -n
}

# Tells of what was just run, in one line. usage: punch_note NAME
punch_note() {
	note "$1: provider $(punch_good provider)" \
		"$(punch_median provider took_ms) ms" \
		"(most $(punch_worst provider took_ms))" \
		"$(punch_median provider sent) packets;" \
		"consumer $(punch_good consumer)" \
		"$(punch_median consumer took_ms) ms" \
		"(most $(punch_worst consumer took_ms))" \
		"$(punch_median consumer sent) packets"
}

# Fails unless all N attempts connected on both sides. usage: punch_expect NAME N
punch_expect() {
	punch_note "$1"
	[ "$(punch_good provider)" = "$2" ] &&
		[ "$(punch_good consumer)" = "$2" ] && return
	cat "$LAB_TMP/provider.out" "$LAB_TMP/consumer.out"
	fail "$1: not $2 of $2"
}

# Fails when a figure is above a limit. usage: punch_limit SIDE FIELD MOST
punch_limit() {
	local median

	median=$(punch_median "$1" "$2")
	[ "$median" -le "$3" ] ||
		fail "$1: median $2 is $median, more than $3"
}
