#!/usr/bin/env bash
# STUN servers that lie, guess, mislead or are broken: one of three changes
# nothing, no guessed transaction id is accepted, nobody is sent to a victim.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"

PROBE=$LAB_TOOLS/nat_probe
HONEST="$STUN_1:$STUN_PORT $STUN_2:$STUN_PORT"
EVIL=$EVIL_1:$STUN_PORT
GUESSES=1048576 # 2^20

# Runs the probe on a side; its line is left in LINE. usage: probe SIDE ARG...
probe() {
	local side=$1

	shift
	LINE=$(nse "$side" "$PROBE" "$@") || true
	note "$side: $LINE"
}

# Prints a value of LINE. usage: value KEY
value() {
	sed -n "s/^\(.* \)\{0,1\}$1=\([^ ]*\).*/\2/p" <<<"$LINE"
}

# One of three servers does HOW; the verdicts have to be those without it.
# usage: one_of_three LIARS HOW...
one_of_three() {
	local liars=$1 side

	shift
	nat_evil "$EVIL_1" "$@"
	for side in cone sym; do
		# shellcheck disable=SC2086 # a list of servers
		probe $side check "$EVIL" $HONEST
		expect "$side mapping with $*" "${MAPPING[$side]}" \
			"$(value mapping)"
		expect "$side filtering with $*" "${FILTERING[$side]}" \
			"$(value filtering)"
		expect "$side address with $*" "${ADDRESS[$side]}" \
			"$(value external | cut -d: -f1)"
		[ "$side" = sym ] || expect "liars with $*" "$liars" \
			"$(value liars)"
	done
	# shellcheck disable=SC2086 # a list of servers
	probe cone map "$EVIL" $HONEST
	expect "the vote with $*" endpoint "$(value verdict)"
	expect "the address with $*" "${ADDRESS[cone]}" \
		"$(value external | cut -d: -f1)"
	lab_stop "$NAT_EVIL_PID"
}

declare -A MAPPING FILTERING ADDRESS

lab_start
nat_core
nat_stun
nat_side cone u:eim/adf/random
nat_side sym symmetric-random
for side in cone sym; do
	# shellcheck disable=SC2086 # a list of servers
	probe $side check $HONEST
	MAPPING[$side]=$(value mapping)
	FILTERING[$side]=$(value filtering)
	ADDRESS[$side]=$(value external | cut -d: -f1)
done
expect "the cone" endpoint-independent "${MAPPING[cone]}"
expect "the symmetric one" address-and-port-dependent "${MAPPING[sym]}"

note "one of three"
one_of_three 0 truth
one_of_three 1 lie 9.9.9.9:99
one_of_three 1 lie 192.168.1.7:4711
one_of_three 1 port 1
one_of_three 0 silent
one_of_three 0 cut
one_of_three 0 attribute

note "nothing is believed of one server, or of two that disagree"
probe cone map "$STUN_1:$STUN_PORT"
expect "one server" single "$(value verdict)"
nat_evil "$EVIL_1" lie 9.9.9.9:99
probe cone map "$STUN_1:$STUN_PORT" "$EVIL"
expect "two that disagree" split "$(value verdict)"
probe cone check "$STUN_1:$STUN_PORT" "$EVIL"
expect "the address that two disagree on" - \
	"$(value external | cut -d: -f1)"
lab_stop "$NAT_EVIL_PID"

note "a private answer is no answer"
nat_evil "$EVIL_1" lie 10.0.0.1:1
nat_evil "$EVIL_2" lie 100.64.0.1:1
probe cone map "$EVIL_1:$STUN_PORT" "$EVIL_2:$STUN_PORT"
expect "private answers" silent "$(value verdict)"
expect "rejected" 2 "$(value rejected)"

note "a server cannot send us to a victim: at most 20 datagrams"
nat_evil "$EVIL_3:7000" silent
nat_evil "$EVIL_3" silent
nat_evil "$EVIL_2:3999" other "$EVIL_3:7000"
probe cone check "$EVIL_2:3999" "$STUN_1:$STUN_PORT"
sent=$(cat "$LAB_TMP"/evil-"${EVIL_3//./-}"*.log | grep -c : || true)
note "$sent datagrams to the victim"
[ "$sent" -le 20 ] || fail "$sent datagrams to the victim"

note "$GUESSES guessed transaction ids: none is accepted"
nat_evil "$EVIL_2:5000" guess "$GUESSES"
LINE=$(nse cone "$PROBE" -t 17000 -r 1600 ask "$EVIL_2:5000") || true
note "$LINE"
expect "guessed ids" timeout "$(value outcome)"
expect "answers that were taken" 0 "$(value answers)"
# The rest was lost where the socket's buffer was full.
[ "$(value rejected)" -gt $((GUESSES / 2)) ] ||
	fail "only $(value rejected) guesses arrived"
