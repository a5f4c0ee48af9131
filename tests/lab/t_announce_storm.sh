#!/usr/bin/env bash
# A host of the LAN forges the router's announcements by the thousand: the
# router is asked about once a second, and nothing is mapped anew. One from
# another address is not even that.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# Sends COUNT announcements of each kind to the group, from SOURCE.
# usage: forge SOURCE COUNT
forge() {
	nse h2 python3 - "$1" "$2" <<-'SCRIPT'
		import socket, struct, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 5351))
		s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
		             struct.pack("=4s4si", bytes(4), bytes(4),
		                         socket.if_nametoindex("eth0")))
		for i in range(int(sys.argv[2])):
		    s.sendto(struct.pack(">BBBBII12x", 2, 128, 0, 0, 0, i % 3),
		             ("224.0.0.1", 5350))
		    s.sendto(struct.pack(">BBHI4s", 0, 128, 0, i % 3, b"\6\6\6\6"),
		             ("224.0.0.1", 5350))
		    if i % 100 == 0:
		        time.sleep(0.02)
	SCRIPT
}

# Sends COUNT ssdp:alive in the router's name, each with another BOOTID.
# usage: forge_alive COUNT
forge_alive() {
	nse h2 python3 - "$ROUTER" "$1" <<-'SCRIPT'
		import socket, struct, sys, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 1900))
		s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
		             struct.pack("=4s4si", bytes(4), bytes(4),
		                         socket.if_nametoindex("eth0")))
		for i in range(int(sys.argv[2])):
		    s.sendto(("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
		              "NT: urn:schemas-upnp-org:device:"
		              "InternetGatewayDevice:2\r\nNTS: ssdp:alive\r\n"
		              "LOCATION: http://%s:5000/rootDesc.xml\r\n"
		              "USN: uuid:x\r\nBOOTID.UPNP.ORG: %d\r\n\r\n" %
		              (sys.argv[1], i)).encode(),
		             ("239.255.255.250", 1900))
		    time.sleep(0.002)
	SCRIPT
}

# Prints how often the daemon logged PATTERN.
logged() {
	grep -c "$1" "$LAB_TMP/traversald.log" || true
}

lab_for_daemon
igd_start r upnp=no
daemon_up "--traversal=upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 10
wait_until '[ "$(logged "igd: .*state=absent")" = 1 ]' 3 ||
	fail "the search for UPnP does not end"

note "from another address of the LAN"
forge "$HOST2" 100
expect "announcements heard" 0 "$(logged announcement-heard)"

note "from the router's address"
nse h2 sysctl -qw net.ipv4.conf.all.arp_ignore=1
nip h2 addr add "$ROUTER/32" dev lo
asks=$(router_asks)
began_ms=$(now_ms)
forge "$ROUTER" 10000
wait_until '[ "$(logged announcement-heard)" -gt 1000 ]' 5 ||
	fail "only $(logged announcement-heard) announcements heard"
seconds=$((($(now_ms) - began_ms) / 1000 + 1))
asks=$(($(router_asks) - asks))
note "$(logged announcement-heard) heard, $asks questions in $seconds s"
# Both protocols: a burst of five, then one a second; some are sent again.
[ "$asks" -le $((4 * (5 + seconds))) ] || fail "that is too many"
expect "restarts" 0 "$(logged event=router-restarted)"
expect "mappings made" 1 "$(logged event=mapping-)"
expect_status "ext(\"game\").address == \"$WAN\""
daemon_stop

note "SSDP in the router's name"
igd_stop && igd_start r natpmp=no
: >"$LAB_TMP/traversald.log"
daemon_start
wait_status 'reachable == "yes" and ext("game").via == "upnp"' 10
forge_alive 3000
wait_until '[ "$(logged event=router-restarted)" -ge 1 ]' 5 ||
	fail "nothing of it was heard"
expect "bursts" 1 "$(logged event=router-restarted)"
[ "$(logged event=mapping-renewed)" -le 2 ] ||
	fail "$(logged event=mapping-renewed) renewals"
expect_status 'reachable == "yes"'
