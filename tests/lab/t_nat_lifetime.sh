#!/usr/bin/env bash
# How long a NAT keeps a mapping is measured, where the server can help.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"

PROBE=$LAB_TOOLS/nat_probe

# Fails unless the gaps give this result. usage: lifetime SIDE WANT GAP...
lifetime() {
	local side=$1 want=$2 got

	shift 2
	got=$(nse "$side" "$PROBE" lifetime "$STUN_1:$STUN_PORT" "$@") || true
	note "$side: $got"
	expect "lifetime at $side" "$want" "$got"
}

lab_start
nat_core
nat_stun
nat_side short u:eim/apdf/random usernat=--timeout=900
nat_side out u:apdm/apdf/random usernat=--timeout=900,--refresh=out
nat_side long port-restricted

lifetime short "alive_ms=600 dead_ms=1300 error=0" 300 600 1300 2000
lifetime out "alive_ms=600 dead_ms=1300 error=0" 300 600 1300 2000
lifetime long "alive_ms=1300 dead_ms=0 error=0" 300 1300

note "a server that does not know RESPONSE-PORT is no help"
nat_evil "$EVIL_1" truth
got=$(nse long "$PROBE" lifetime "$EVIL_1:$STUN_PORT" 300) || true
expect "a plain server" "alive_ms=0 dead_ms=0 error=-95" "$got"
