#!/usr/bin/env bash
# Ours against the stand-in for a Mysterium pinger, in both roles: no slower
# than it is known to be, and with a handful of packets.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/punch.sh"

# usage: both PROVIDERTYPE CONSUMERTYPE N MOSTMS MOSTPACKETS
both() {
	punch_sides "$1" "$2" delay=20
	punch_run go ours "$3" 500 --data=280
	punch_expect "stand-in $1 x ours $2" "$3"
	punch_limit provider took_ms "$4"
	punch_limit consumer sent "$5"
	punch_run ours go "$3" 500 --data=280
	punch_expect "ours $1 x stand-in $2" "$3"
	punch_limit provider took_ms "$4"
	punch_limit provider sent "$5"
}

# What is asked for: 131 ms as consumer, 179 ms as provider, 12 packets.
exact() {
	punch_sides port-restricted port-restricted delay=20
	punch_run go ours 10 500 --data=280
	punch_expect "stand-in x ours" 10
	punch_limit provider took_ms 131
	punch_limit consumer took_ms 131
	punch_limit consumer sent 12
	punch_run ours go 10 500 --data=280
	punch_expect "ours x stand-in" 10
	punch_limit provider took_ms 179
	punch_limit consumer took_ms 179
	punch_limit provider sent 12
}

punch_lab exact
punch_lab both full-cone symmetric-random 3 179 12
