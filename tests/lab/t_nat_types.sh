#!/usr/bin/env bash
# The behaviour of every type of NAT is recognised: by coturn's own tool, so
# that the lab is what it says, and by the NAT check, quickly and also with a
# fifth of all datagrams lost each way.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"

PROBE=$LAB_TOOLS/nat_probe
SERVERS="$STUN_1:$STUN_PORT $STUN_2:$STUN_PORT"
LOSS_PERCENT=20
LOSS_ROUNDS=3

TYPES=(none firewall full-cone address-restricted port-restricted
	symmetric-random
	u:eim/eif/keep u:eim/eif/random u:eim/adf/keep u:eim/adf/seq
	u:eim/apdf/keep u:eim/apdf/random u:eim/apdf/parity
	u:adm/eif/random u:adm/adf/seq u:adm/apdf/random
	u:apdm/eif/random u:apdm/adf/random u:apdm/apdf/random
	u:apdm/apdf/seq u:apdm/apdf/keep)

# Prints a value of a result. usage: value KEY FILE
value() {
	sed -n "s/^\(.* \)\{0,1\}$1=\([^ ]*\).*/\2/p" "$2"
}

# Runs a command for every side at once: CMD SIDENAME > RESULT.side.
# usage: everywhere RESULT CMD...
everywhere() {
	local result=$1 n pids=()

	shift
	for n in "${!TYPES[@]}"; do
		"$@" "s$n" >"$LAB_TMP/$result.s$n" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}" || true
}

probe_check() {
	# shellcheck disable=SC2086 # a list of servers
	nse "$1" "$PROBE" check $SERVERS
}

# Prints the allocation that a type shows.
allocation_of() {
	case $1 in
	none | firewall) echo null ;;
	*/seq) echo sequential ;;
	*/random | */parity | symmetric-random) echo random ;;
	*) echo preserving ;;
	esac
}

# Compares what the check found with what the side is. usage: compare RESULT
compare() {
	local n type file got

	for n in "${!TYPES[@]}"; do
		type=${TYPES[$n]}
		file=$LAB_TMP/$1.s$n
		got="$(value mapping "$file") $(value filtering "$file")"
		[ "$got" = "$(nat_expected "$type")" ] ||
			fail "$1 $type is '$got': $(cat "$file")"
		note "$1 $type: $got in $(value took_ms "$file") ms"
	done
}

lab_start
nat_core
nat_stun
for n in "${!TYPES[@]}"; do
	nat_side "s$n" "${TYPES[$n]}"
done

note "coturn's tool: the lab is what it says"
everywhere discovery nat_discovery
for n in "${!TYPES[@]}"; do
	type=${TYPES[$n]}
	got=$(cat "$LAB_TMP/discovery.s$n")
	want=$(nat_expected "$type")
	expect "$type by turnutils_natdiscovery" \
		"${want/#none/endpoint-independent}" "$got"
done

note "the check: every type, in time"
everywhere check probe_check
compare check
for n in "${!TYPES[@]}"; do
	type=${TYPES[$n]}
	file=$LAB_TMP/check.s$n
	expect "allocation of $type" "$(allocation_of "$type")" \
		"$(value allocation "$file")"
	[ "$(value took_ms "$file")" -le 1200 ] ||
		fail "$type took $(value took_ms "$file") ms"
	expect "liars at $type" 0 "$(value liars "$file")"
	expect "hairpin of $type" "$(case $type in
		none | firewall | *apdm/* | u:adm/* | symmetric*) echo null ;;
		*) echo false ;;
		esac)" "$(value hairpin "$file")"
done

note "alone, a check is done in under a second"
for n in 0 2 4 5; do
	probe_check "s$n" >"$LAB_TMP/alone.s$n"
	[ "$(value took_ms "$LAB_TMP/alone.s$n")" -lt 1000 ] ||
		fail "${TYPES[$n]}: $(cat "$LAB_TMP/alone.s$n")"
done

note "without RFC 5780 the mapping is compared over plain servers"
nat_evil "$EVIL_1" truth
nat_evil "$EVIL_2" truth
for n in 4 5; do
	file=$LAB_TMP/plain.s$n
	nse "s$n" "$PROBE" check "$EVIL_1:$STUN_PORT" "$EVIL_2:$STUN_PORT" \
		>"$file"
	want=$(nat_expected "${TYPES[$n]}")
	expect "plain mapping of ${TYPES[$n]}" "${want% *}" \
		"$(value mapping "$file")"
	expect "plain filtering" null "$(value filtering "$file")"
done

note "hairpinning is seen, double NAT is what the stricter half is"
nat_side h1 full-cone hairpin=yes
nat_side h2 port-restricted hairpin=yes
nat_side h3 u:eim/apdf/random hairpin=yes
for side in h1 h2 h3; do
	probe_check $side >"$LAB_TMP/hairpin.$side"
	expect "hairpin of $side" true \
		"$(value hairpin "$LAB_TMP/hairpin.$side")"
done
nat_side d1 full-cone cgn=symmetric-random
nat_side d2 port-restricted cgn=u:eim/eif/random
probe_check d1 >"$LAB_TMP/double.d1"
expect "full-cone behind symmetric" symmetric \
	"$(value legacy "$LAB_TMP/double.d1")"
probe_check d2 >"$LAB_TMP/double.d2"
expect "port-restricted behind full-cone" port-restricted-cone \
	"$(value legacy "$LAB_TMP/double.d2")"

note "a router that accepts or rejects what nobody asked for is no other NAT"
for policy in accept reject; do
	nat_side "p$policy" port-restricted policy=$policy
	probe_check "p$policy" >"$LAB_TMP/policy.$policy"
	expect "input $policy" port-restricted-cone \
		"$(value legacy "$LAB_TMP/policy.$policy")"
done

note "a block of ports and a pool of addresses are seen"
nat_side block u:apdm/apdf/random usernat=--range=20480-22527
probe_check block >"$LAB_TMP/block"
expect "the block of ports" 20480-22527 "$(value block "$LAB_TMP/block")"
nat_side pool u:eim/apdf/random pool=yes
for tries in 1 2 3 4 5; do
	# Five sockets can share an address by chance.
	probe_check pool >"$LAB_TMP/pool.$tries"
	[ "$(value pooled "$LAB_TMP/pool.$tries")" = true ] && break
done
expect "the pool of addresses" true "$(value pooled "$LAB_TMP/pool.$tries")"
expect "the mapping in a pool" endpoint-independent \
	"$(value mapping "$LAB_TMP/pool.$tries")"

note "each box costs one hop"
for side in s4 s10; do
	nse $side "$PROBE" -T 2 -t 600 ask "$STUN_1:$STUN_PORT" >/dev/null ||
		fail "TTL 2 does not reach the core from $side"
	nse $side "$PROBE" -T 1 -t 250 ask "$STUN_1:$STUN_PORT" >/dev/null &&
		fail "TTL 1 reaches the core from $side"
done
nse d2 "$PROBE" -T 2 -t 250 ask "$STUN_1:$STUN_PORT" >/dev/null &&
	fail "TTL 2 reaches the core through two NATs"
nse d2 "$PROBE" -T 3 -t 600 ask "$STUN_1:$STUN_PORT" >/dev/null ||
	fail "TTL 3 does not reach the core through two NATs"

note "$LOSS_PERCENT % loss each way: still right"
for n in "${!TYPES[@]}"; do
	nat_loss "rs$n" "$LOSS_PERCENT"
done
for round in $(seq "$LOSS_ROUNDS"); do
	everywhere "loss$round" probe_check
	compare "loss$round"
done
