#!/usr/bin/env bash
# Nothing answers at the gateway, or there is none: a verdict all the same, with
# the reason for each method and the exit status that a script can use.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

lab_for_daemon
drop_everything
daemon_up "--traversal=manual,upnp --map=game=5000/udp"

wait_status 'settled' 15
expect_status 'reachable == "no"'
expect_status 'attempt("game"; "manual").outcome == "no-reply"'
expect_status 'attempt("game"; "upnp").outcome | IN("absent", "timeout")'
expect_status '[.services[].attempts[].detail] | all(. != "")'
code=0
ctl status || code=$?
expect "exit status" 2 "$code"
daemon_stop

note "no default route at all"
gateway_none
daemon_start
wait_status 'settled' 15
expect_status 'reachable == "no"'
expect_status 'attempt("game"; "upnp").outcome == "absent"'
