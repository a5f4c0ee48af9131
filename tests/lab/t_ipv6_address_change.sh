#!/usr/bin/env bash
# The IPv6 address of the host changes, as with a new prefix of the provider:
# the pinhole is made anew for the new one. Temporary addresses, which the
# system prefers for its own connections, are never used for one.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

IPV6='(svc("game").external[] | select(.family == "ipv6"))'
NEW=2a00:1:2:77::9

# Waits until the pinhole is for an address. usage: wait_pinhole ADDRESS
wait_pinhole() {
	wait_status "[$IPV6 | select(.address == \"$1\")] | length == 1" 5
}

lab_for_daemon
lab_ipv6
note "a temporary address is made out of the permanent one"
nip h addr del "$HOST_IPV6/64" dev eth0
nse h sysctl -qw net.ipv6.conf.eth0.use_tempaddr=2
nip h addr add "$HOST_IPV6/64" dev eth0 nodad mngtmpaddr \
	valid_lft 90000 preferred_lft 80000
wait_until 'nip h -6 addr show dev eth0 temporary | grep -q inet6' 5 ||
	skip "this kernel makes no temporary addresses"
nip h route replace default via fe80::1 dev eth0
igd_start r
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
wait_status 'reachable == "yes"' 8
wait_pinhole "$HOST_IPV6"
assert_reaches_ipv6 "$HOST_IPV6" 5000
ipv4_before=$(status_get 'svc("game").external[0] | .expires_in_sec')

note "another address takes its place"
nip h addr add "$NEW/64" dev eth0 nodad
nip h addr change "$HOST_IPV6/64" dev eth0 nodad valid_lft 90 preferred_lft 0
wait_pinhole "$NEW"
assert_reaches_ipv6 "$NEW" 5000
note "the lease of IPv4 was left alone"
expect_status "svc(\"game\").external[0].expires_in_sec <= $ipv4_before"
expect_status 'reachable == "yes"'

note "and it goes altogether"
nip h -6 addr flush dev eth0 scope global
wait_status "[$IPV6] == []" 5
expect_status 'reachable == "yes"'
daemon_stop
expect "mappings at the end" 0 "$(router_count)"
