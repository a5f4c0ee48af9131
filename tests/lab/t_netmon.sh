#!/usr/bin/env bash
# The watch on routes, addresses and links: each change of the way out is told
# once and soon, whoever made it, and a storm of events is told once at most.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

SOON_MS=700
VIEWS=

# Starts the watch on the host. usage: watch NAME OPTION...
watch() {
	VIEWS=$LAB_TMP/$1.log

	shift
	lab_spawn h "$(basename "$VIEWS" .log)" "$LAB_TOOLS/netmon_watch" \
		-t 60 "$@"
	WATCH_PID=$LAB_PID
	wait_until "[ -s '$VIEWS' ]" 3 || fail "there is no first view"
}

# Prints a value of the last view. usage: value KEY
value() {
	tail -n 1 "$VIEWS" | sed -n "s/.* $1=\([^ ]*\).*/\1/p"
}

# Runs a command, and fails unless the last view soon says so.
# usage: soon KEY WANT COMMAND...
soon() {
	local key=$1 want=$2 began

	shift 2
	began=$(now_ms)
	"$@"
	wait_until "[ \"\$(value $key)\" = '$want' ]" 3 ||
		fail "after '$*': $key=$(value "$key"), not $want"
	note "$key=$want after $(($(now_ms) - began)) ms: $*"
	[ $(($(now_ms) - began)) -le "$SOON_MS" ] || fail "too late"
}

# Counts the views so far.
views() {
	wc -l <"$VIEWS"
}

lab_start
lab_home
lab_second_router

note "the first view"
watch plain
expect "generation" 1 "$(sed -n '1s/^generation=\([0-9]*\).*/\1/p' "$VIEWS")"
expect "gateway" "$ROUTER" "$(value ipv4_gateway)"
expect "local" "$HOST/24" "$(value ipv4_local)"
expect "interface" eth0 "$(value ipv4_if)"
expect "ipv6" no "$(value ipv6)"

note "the gateway moves, goes and comes back"
soon ipv4_gateway "$ROUTER2" gateway_move "$ROUTER2"
soon ipv4 no gateway_none
soon ipv4_gateway "$ROUTER" nip h route add default via "$ROUTER"

note "a better default route of another link"
lab_cable h eth1 i to-h
nip h addr add 11.22.66.2/24 dev eth1
soon routes "$ROUTER@eth0/0,11.22.66.1@eth1/50" \
	nip h route add default via 11.22.66.1 metric 50
expect "still" "$ROUTER" "$(value ipv4_gateway)"
nip h route add default via "$ROUTER" metric 100
soon ipv4_gateway 11.22.66.1 nip h route del default via "$ROUTER" metric 0
expect "local" 11.22.66.2/24 "$(value ipv4_local)"

note "a policy rule moves everything, the main table stays as it is"
nip h route add default via "$ROUTER2" table 77
soon ipv4_gateway "$ROUTER2" nip h rule add pref 100 lookup 77
soon ipv4_gateway 11.22.66.1 nip h rule del pref 100

note "the cable is pulled"
soon ipv4_up no nip i link set to-h down
soon ipv4_up yes nip i link set to-h up

note "IPv6 arrives"
nip h -6 addr add 2001:db8:77::2/64 dev eth0 nodad
index=$(nip h -o link show eth0 | cut -d: -f1)
soon ipv6_gateway "fe80::1%$index" \
	nip h -6 route add default via fe80::1 dev eth0
expect "source" 2001:db8:77::2/64 "$(value ipv6_local)"

if [ -c /dev/net/tun ]; then
	note "a VPN covers the internet with two halves"
	nip h tuntap add tun0 mode tun
	nip h addr add 10.8.0.2/24 dev tun0
	nip h link set tun0 up
	nip h route add 0.0.0.0/1 dev tun0
	soon ipv4_vpn yes nip h route add 128.0.0.0/1 dev tun0
	soon ipv4_vpn no nip h link del tun0
fi

note "a storm of 50 addresses that come and go says nothing"
before=$(views)
for i in $(seq 50); do
	echo "addr add 172.16.$i.1/24 dev eth0"
	echo "addr del 172.16.$i.1/24 dev eth0"
done >"$LAB_TMP/storm"
nip h -batch "$LAB_TMP/storm"
soon ipv4_gateway "$ROUTER" nip h route add default via "$ROUTER" metric 10
expect "views" $((before + 1)) "$(views)"

note "a storm of 50 addresses of the way out is a few views"
before=$(views)
reads=$(value reads)
for i in $(seq 50); do
	echo "addr add 192.168.77.$((i + 100))/24 dev eth0"
	echo "route replace default via $ROUTER src 192.168.77.$((i + 100)) metric 10"
done >"$LAB_TMP/storm"
nip h -batch "$LAB_TMP/storm"
soon ipv4_local 192.168.77.150/24 true
note "$(($(views) - before)) views, $(($(value reads) - reads)) readings"
[ $(($(views) - before)) -le 4 ] || fail "too many views"

note "a storm that overflows the queue ends in the truth"
for i in $(seq 3000); do
	echo "route add 10.$((i / 250)).$((i % 250)).0/24 via $ROUTER"
done >"$LAB_TMP/storm"
kill -STOP "$WATCH_PID"
nip h -batch "$LAB_TMP/storm"
nip h route del default via "$ROUTER" metric 10
nip h route add default via "$ROUTER2" metric 10
kill -CONT "$WATCH_PID"
soon ipv4_gateway "$ROUTER2" true
[ "$(value repeats)" -ge 1 ] || fail "the queue did not overflow"

note "forced: a gateway, an address"
watch forced -g 192.168.77.200
expect "gateway" 192.168.77.200 "$(value ipv4_gateway)"
expect "interface" eth0 "$(value ipv4_if)"
watch bound -b 11.22.66.2
expect "local" 11.22.66.2/24 "$(value ipv4_local)"
expect "gateway" 11.22.66.1 "$(value ipv4_gateway)"
expect "ipv6" no "$(value ipv6)"
