#!/usr/bin/env bash
# Two hosts behind one NAT that turns packets round: they meet at its outer
# address.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/punch.sh"

lab_start
nat_core
nat_side p port-restricted hairpin=yes
PUNCH_P=$NAT_OUTER
PUNCH_Q=$NAT_OUTER
nat_neighbour p "$NAT_SIDE" q
punch_run ours ours 20 60 --data=1200
punch_expect "behind one NAT" 20
