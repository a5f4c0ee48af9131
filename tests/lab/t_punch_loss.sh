#!/usr/bin/env bash
# A round trip of 60 ms, and 20 % lost at each of the two NATs: 36 % each way.
# Ours meets ours, and the stand-in for a Mysterium pinger in both roles.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/punch.sh"

lab_start
punch_sides port-restricted port-restricted delay=30 loss=20
punch_run ours ours 20 60 --data=3000 --tries=30
punch_expect "ours x ours" 20
punch_run go ours 5 2100 --data=1200 --tries=30
punch_expect "stand-in x ours" 5
punch_run ours go 5 2100 --data=1200 --tries=30
punch_expect "ours x stand-in" 5
