#!/usr/bin/env bash
# Both ends ours, 20 attempts a pair: every pair of NATs that plain punching can
# connect is connected, and data passes both ways.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/punch.sh"

# usage: pair PROVIDERTYPE CONSUMERTYPE MOSTMS [OPTION...]
pair() {
	local name="$1 x $2 ${*:4}" most=$3

	punch_sides "$1" "$2" delay=20 "${@:4}"
	punch_run ours ours 20 60 --data=1200
	punch_expect "$name" 20
	punch_limit provider took_ms "$most"
	punch_limit consumer took_ms "$most"
}

punch_lab pair none none 110
punch_lab pair port-restricted port-restricted 140
punch_lab pair address-restricted port-restricted 140
punch_lab pair full-cone symmetric-random 140
punch_lab pair symmetric-random full-cone 320
punch_lab pair u:adm/adf/random address-restricted 400
# A router that answers what it does not know keeps a trace of it.
punch_lab pair port-restricted port-restricted 140 policy=accept
# A provider's NAT behind each home router.
punch_lab pair port-restricted port-restricted 240 cgn=port-restricted
