#!/usr/bin/env bash
# Two daemons and two traversalctl: what is out of the question is refused
# before a packet leaves; the connections reach a program, a relay and, through
# the daemon, a service; what cannot work fails within 10 s and says why.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/nat.sh
. "$(dirname "$0")/nat.sh"
# shellcheck source=tests/lab/punch.sh
. "$(dirname "$0")/punch.sh"

# Starts a daemon on a side.
daemon_on() {
	mkdir -p "$LAB_TMP/$1/run" "$LAB_TMP/$1/data"
	cat >"$LAB_TMP/$1/defaults" <<-DEFAULTS
		DAEMON_OPTS="--stun-servers=$STUN_1:$STUN_PORT --port-check-servers="
		SERVICE_OPTS="openvpn"
	DEFAULTS
	lab_spawn "$1" "traversald-$1" "$LAB_BUILD/traversald" --foreground \
		--defaults="$LAB_TMP/$1/defaults" \
		--runtime-dir="$LAB_TMP/$1/run" --data-dir="$LAB_TMP/$1/data"
	wait_until "[ -S '$LAB_TMP/$1/run/traversald-admin.sock' ]" 3 ||
		fail "no daemon on $1"
}

# usage: ctl SIDE ARGUMENT...
ctl() {
	local side=$1

	shift
	nse "$side" "$LAB_BUILD/traversalctl" \
		--socket="$LAB_TMP/$side/run/traversald.sock" "$@"
}

# usage: refused WORDS ARGUMENT...
refused() {
	local words=$1 status=0 said

	shift
	said=$(ctl p punch "$@" 2>&1) || status=$?
	[ "$status" -eq 64 ] || fail "punch $*: exit $status: $said"
	case $said in
	*"$words"*) ;;
	*) fail "punch $*: $said" ;;
	esac
}

# Counts the packets that host p sends to 11.22.0.0/16 on UDP ports of punching.
count_packets() {
	nse p nft -f - <<-'RULES'
	table ip count {
		counter punched { }
		chain output {
			type filter hook output priority 0;
			udp dport 30000-49999 counter name punched
		}
	}
	RULES
}

packets() {
	nse p nft reset counter ip count punched |
		sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

P_PORTS='--local-ports=20000-20019 --remote-ports=40000-40019'
Q_PORTS='--local-ports=40000-40019 --remote-ports=20000-20019'

# Both sides punch; further words are for traversalctl on p, then, after a --,
# on q. The outputs go to p.out and q.out.
meet() {
	local for_p=() pid

	while [ "$1" != -- ]; do
		for_p+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2086 # two words
	ctl p punch "$PUNCH_Q" $P_PORTS --role=provider "${for_p[@]}" \
		>"$LAB_TMP/p.out" 2>&1 &
	pid=$!
	# shellcheck disable=SC2086
	ctl q punch "$PUNCH_P" $Q_PORTS --role=consumer "$@" \
		>"$LAB_TMP/q.out" 2>&1 &
	wait "$pid" || fail "p: $(cat "$LAB_TMP/p.out")"
	wait "$!" || fail "q: $(cat "$LAB_TMP/q.out")"
}

lab_start
punch_sides port-restricted port-restricted
daemon_on p
daemon_on q

note "refused by name, and nothing is sent"
count_packets
good='--role=provider --local-ports=20000 --remote-ports=40000'
# shellcheck disable=SC2086 # words
{
	refused "paired by index" "$PUNCH_Q" --role=provider \
		--local-ports=20000-20019 --remote-ports=40000
	refused "itself" 10.1.0.2 $good
	refused "allow_private" 10.1.0.1 $good
	refused "our own links" 10.9.0.1 $good --allow-private
	refused "multicast" 224.0.0.1 $good
	refused "loopback" 127.0.0.5 $good --allow-private
	refused "provider or consumer" "$PUNCH_Q" --role=both \
		--local-ports=20000 --remote-ports=40000
	refused "not between 1 and 1" "$PUNCH_Q" $good --count=2
	refused "--remote-ports" "$PUNCH_Q" --role=provider \
		--local-ports=20000 --remote-ports=70000
}
lab_spawn p holder socat -u UDP-RECV:20007 STDOUT
wait_until 'nse p ss -Hlun "sport = 20007" | grep -q .' 3 || fail "no holder"
refused "port 20007 is in use" "$PUNCH_Q" --role=provider \
	--local-ports=20000-20019 --remote-ports=40000-40019
lab_stop "$LAB_PID"
expect "packets sent" 0 "$(packets)"

note "a program gets the connections"
# shellcheck disable=SC2016 # for the inner shell
cat >"$LAB_TMP/listen" <<-'SCRIPT'
	#!/bin/bash
	echo "fds=$LISTEN_FDS names=$LISTEN_FDNAMES" \
		"mine=$((LISTEN_PID == $$)) remote=$PUNCH_REMOTE_0"
	timeout 2 socat -u FD:3 STDOUT || true
SCRIPT
cat >"$LAB_TMP/speak" <<-'SCRIPT'
	#!/bin/bash
	for i in 1 2 3 4 5; do
		echo hello >&3
		sleep 0.1
	done
SCRIPT
chmod +x "$LAB_TMP/listen" "$LAB_TMP/speak"
meet --exec "$LAB_TMP/listen" -- --exec "$LAB_TMP/speak"
grep -q "fds=2 names=punch0:punch1 mine=1 remote=$PUNCH_Q:400" \
	"$LAB_TMP/p.out" || fail "environment: $(cat "$LAB_TMP/p.out")"
grep -qx hello "$LAB_TMP/p.out" || fail "no data: $(cat "$LAB_TMP/p.out")"
if grep -q 'OK' "$LAB_TMP/p.out"; then
	fail "words of the punching came in: $(cat "$LAB_TMP/p.out")"
fi

note "a service is reached through the daemon and through traversalctl"
lab_spawn p service socat -T5 UDP-LISTEN:7000,fork,bind=127.0.0.1 \
	SYSTEM:'cat'
wait_until 'nse p ss -Hlun "sport = 7000" | grep -q .' 3 || fail "no service"
cat >"$LAB_TMP/ask" <<-SCRIPT
	#!/bin/bash
	"$LAB_TMP/speak"
	timeout 1 socat -u FD:3 STDOUT || true
SCRIPT
chmod +x "$LAB_TMP/ask"
for how in forward relay; do
	# shellcheck disable=SC2086
	ctl p punch "$PUNCH_Q" $P_PORTS --role=provider \
		"--$how=127.0.0.1:7000" >"$LAB_TMP/p.out" 2>&1 &
	# shellcheck disable=SC2086
	ctl q punch "$PUNCH_P" $Q_PORTS --role=consumer \
		--exec "$LAB_TMP/ask" >"$LAB_TMP/q.out" 2>&1 || true
	grep -qx hello "$LAB_TMP/q.out" ||
		fail "$how: $(cat "$LAB_TMP/q.out" "$LAB_TMP/p.out")"
	P_PORTS=${P_PORTS//20000-20019/21000-21019}
	Q_PORTS=${Q_PORTS//20000-20019/21000-21019}
done

note "nobody there: a verdict within 10 s, few packets, a cause"
packets >/dev/null
start=$(now_ms)
status=0
ctl p -v punch "$PUNCH_Q" --local-ports=22000-22019 \
	--remote-ports=42000-42019 --role=provider >"$LAB_TMP/p.out" 2>&1 ||
	status=$?
took=$(($(now_ms) - start))
expect "exit" 2 "$status"
[ "$took" -lt 10500 ] || fail "it took $took ms"
grep -q "not connected: nothing came in" "$LAB_TMP/p.out" ||
	fail "cause: $(cat "$LAB_TMP/p.out")"
sent=$(packets)
note "$sent packets in $took ms"
[ "$sent" -le 125 ] || fail "$sent packets"

note "what was sent and what became of it is counted"
figures=$(ctl p metrics)
for series in 'packets_total{direction="out"}' 'packets_total{direction="in"}' \
	'attempts_total{result="connected"}' \
	'attempts_total{result="failed"}'; do
	count=$(awk -v series="traversald_punch_$series" \
		'$1 == series { print $2 }' <<<"$figures")
	[ "${count:-0}" -gt 0 ] || fail "traversald_punch_$series is ${count:-absent}"
done
