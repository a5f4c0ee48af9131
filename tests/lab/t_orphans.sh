#!/usr/bin/env bash
# Mappings that an earlier run left behind, as its state file tells, and that
# nobody wants any more: deleted at the next start, by each protocol, also where
# the file only says that they were asked for. What is not in the file stays.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Writes a state file with the lines of stdin, sealed.
write_state() {
	mkdir -p "$LAB_TMP/data"
	python3 -c '
import sys, zlib
lines = sys.stdin.read()
body = "traversald-state 1\n" + lines
sys.stdout.write("%send %d %08x\n" % (body, lines.count("\n"),
                 zlib.crc32(body.encode())))' >"$LAB_TMP/data/state"
}

# A line of the file. usage: state_line VIA PORT
state_line() {
	echo "lease left helper udp $1 $ROUTER $HOST $2 - 0" \
		"010000000000000000000000 7200 4000000000"
}

# usage: try_orphans
try_orphans() {
	expect "mappings before" "$1" "$(router_count)"
	daemon_up "--traversal=upnp --map=game=5000/udp"
	wait_status 'reachable == "yes"' 10
	wait_until '[ "$(router_count)" -eq 2 ]' 10 || fail "$(router_mappings)"
	expect "the foreign one" 7000 "$(router_external_port udp 7000)"
	wait_until '! grep -q " helper " "$LAB_TMP/data/state"' 3 ||
		fail "$(cat "$LAB_TMP/data/state")"
	expect_status '.findings | map(select(.id | startswith("state."))) == []'
	daemon_stop
	rm -rf "$LAB_TMP/data"
}

lab_for_daemon
igd_start r
note "PCP and NAT-PMP"
nse h natpmpc -a 7000 7000 udp 3600 >/dev/null
nse h natpmpc -a 6001 6001 udp 3600 >/dev/null
nse h natpmpc -a 6002 6002 udp 3600 >/dev/null
nse h "$LAB_TOOLS/pmp_probe" pcp "$ROUTER" "$HOST" internal=6003 \
	external=6003 lifetime=3600 nonce=1 >/dev/null
{
	state_line nat-pmp 6001
	state_line any 6002
	state_line pcp 6003
} | write_state
try_orphans 4

note "UPnP"
igd_stop && igd_flush && igd_start r natpmp=no
nse h upnpc -a "$HOST" 7000 7000 UDP >/dev/null
nse h upnpc -a "$HOST" 6001 6001 UDP >/dev/null
nse h upnpc -a "$HOST" 6002 6002 UDP >/dev/null
{
	state_line upnp 6001
	state_line any 6002
} | write_state
try_orphans 3
