#!/usr/bin/env bash
# Two hosts of one LAN behind a router that turns nothing round: the public
# address leads nowhere, the address in the LAN, told as a candidate, does. Not
# told to, nobody punches into the LAN.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

# usage: ctl HOST ARGUMENT...
ctl() {
	local host=$1

	shift
	nse "$host" "$LAB_BUILD/traversalctl" \
		--socket="$LAB_TMP/$host/run/traversald.sock" "$@"
}

lab_start
lab_home
for host in h h2; do
	mkdir -p "$LAB_TMP/$host/run" "$LAB_TMP/$host/data"
	cat >"$LAB_TMP/$host/defaults" <<-DEFAULTS
		DAEMON_OPTS="--stun-servers=$FAR:3478 --port-check-servers="
		SERVICE_OPTS="openvpn"
	DEFAULTS
	lab_spawn "$host" "traversald-$host" "$LAB_BUILD/traversald" \
		--foreground --defaults="$LAB_TMP/$host/defaults" \
		--runtime-dir="$LAB_TMP/$host/run" \
		--data-dir="$LAB_TMP/$host/data"
	wait_until "[ -S '$LAB_TMP/$host/run/traversald-admin.sock' ]" 3 ||
		fail "no daemon on $host"
done

status=0
ctl h punch "$WAN" --role=provider --candidate="$HOST2" \
	--local-ports=20000-20019 --remote-ports=40000-40019 \
	>"$LAB_TMP/h.out" 2>&1 || status=$?
expect "exit without --allow-private" 64 "$status"
grep -q allow_private "$LAB_TMP/h.out" || fail "$(cat "$LAB_TMP/h.out")"

start=$(now_ms)
ctl h punch "$WAN" --role=provider --allow-private --candidate="$HOST2" \
	--local-ports=20000-20019 --remote-ports=40000-40019 \
	>"$LAB_TMP/h.out" 2>&1 &
pid=$!
ctl h2 punch "$WAN" --role=consumer --allow-private --candidate="$HOST" \
	--local-ports=40000-40019 --remote-ports=20000-20019 \
	>"$LAB_TMP/h2.out" 2>&1 || fail "h2: $(cat "$LAB_TMP/h2.out")"
wait "$pid" || fail "h: $(cat "$LAB_TMP/h.out")"
took=$(($(now_ms) - start))
note "both connected after $took ms"
grep -q "$HOST:200.*$HOST2:400" "$LAB_TMP/h.out" ||
	fail "not in the LAN: $(cat "$LAB_TMP/h.out")"
[ "$took" -lt 2000 ] || fail "it took $took ms"
