#!/usr/bin/env bash
# What the whole default chain says behind each type of NAT where nobody helps:
# manual and upnp fail, and the verdict of hole punching is there within a
# second. A NAT that filters nothing is reachable, one that filters is limited,
# and without a STUN server the answer is no.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"

VERDICT_MS=1000
# What the machine may add while other tests run beside this one.
NOISE_MS=500

# Takes the side h away, until its cable has left the core too.
unplug() {
	lab_sweep "${LAB_PREFIX}h"
	lab_sweep "${LAB_PREFIX}rh"
	wait_until '! nip c link show to-rh >/dev/null 2>&1' 5 ||
		fail "the old side does not go"
}

# usage: verdict_behind TYPE VERDICT LEGACY_NAME
verdict_behind() {
	local type=$1 want=$2 legacy=$3 took

	nat_side h "$type"
	daemon_up "--map=game=5000/udp"
	wait_status 'reachable != "unknown"' 5
	took=$(status_get '[svc("game").attempts[].took_ms] | max')
	note "$type: $(status_get reachable) after $took ms"
	expect "verdict behind $type" "$want" "$(status_get reachable)"
	expect "legacy name of $type" "$legacy" \
		"$(status_get '.nat.legacy_name')"
	expect "method behind $type" holepunching \
		"$(status_get 'svc("game").method')"
	[ "$took" -le $((VERDICT_MS + NOISE_MS)) ] ||
		fail "$type: the verdict took $took ms"
	daemon_stop
	unplug
}

lab_start
need_daemon
nat_core
nat_stun
lab_spawn c echo "$LAB_BUILD/traversald-echo" \
	--listen "$EVIL_1:4589" --answer-from "$EVIL_2"
wait_until "nse c ss -Hlun | grep -q '$EVIL_1:4589 '" 5 || fail "no echo"
SERVERS="--port-check-servers=$EVIL_1:4589"
SERVERS="$SERVERS --stun-servers=$STUN_1:$STUN_PORT,$STUN_2:$STUN_PORT"

verdict_behind full-cone yes full-cone
verdict_behind address-restricted limited restricted-cone
verdict_behind port-restricted limited port-restricted-cone
verdict_behind symmetric-random limited symmetric

note "no STUN server"
nat_side h port-restricted
SERVERS="--port-check-servers=$EVIL_1:4589 --stun-servers=$EVIL_3:3478"
daemon_up "--map=game=5000/udp"
wait_status 'reachable == "no"' 5
expect_status 'attempt("game"; "holepunching").outcome == "no-reply"'
daemon_stop
