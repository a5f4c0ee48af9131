#!/usr/bin/env bash
# The asymmetric echo, through a real router: forwards are seen, their absence
# too, quickly, and what is wrong is told apart.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

PROBE=$LAB_TOOLS/echo_probe
ECHO=echo.lab:4589

# Runs a check on the host; its line is left in LINE.
# usage: probe OUTCOME [OPTION...] PORT [SERVER...]
probe() {
	local outcome=$1

	shift
	LINE=$(nse h "$PROBE" "$@") || true
	note "$LINE"
	case $LINE in
	"outcome=$outcome "*) ;;
	*) fail "expected $outcome, got: $LINE" ;;
	esac
}

# Prints a value of LINE. usage: value KEY
value() {
	sed -n "s/.* $1=\([^ ]*\).*/\1/p" <<<" $LINE"
}

# Fails unless FIRST <= the value of KEY <= LAST. usage: expect_within KEY F L
expect_within() {
	local got

	got=$(value "$1")
	((got >= $2 && got <= $3)) ||
		fail "$1=$got is not within $2 and $3"
}

# Starts traversald-echo in the internet. usage: serve NAME OPTION...
serve() {
	local name=$1

	shift
	lab_spawn i "$name" "$LAB_BUILD/traversald-echo" "$@"
	SERVE_PID=$LAB_PID
	wait_until "grep -q 'serving on' '$LAB_TMP/$name.log'" 3 ||
		fail "$name does not serve"
}

lab_start
lab_home
serve echo --listen="$FAR:4589" --answer-from="$FAR2"
FIRST_PID=$SERVE_PID

note "a forward is seen, from an address that was never asked"
router_forward udp 4000
probe received 4000 $ECHO
expect vantage "$FAR:4589" "$(value vantage)"
expect source "$FAR2" "$(value source | cut -d: -f1)"
expect_within took_ms 0 200

note "no forward is silence, after the least wait: the server gave the time"
probe silent 4001 $ECHO
expect_within took_ms 300 450
expect alive yes "$(value alive)"

note "another outer port than the inner one"
nse r nft add rule inet mupnp lab_dnat iifname wan0 udp dport 5555 \
	dnat ip to "$HOST:4002"
nse r nft add rule inet mupnp lab_accept iifname wan0 udp dport 4002 accept
probe received -e 5555 4002 $ECHO
probe silent 4002 $ECHO

note "the service holds the port, for both families or for one"
service_start udp 4000
probe port-in-use 4000 $ECHO
expect_within took_ms 0 50
lab_stop "$SERVICE_PID"

note "one dead server beside a live one"
probe received 4000 "$FAR:4590" $ECHO
probe received 4000 198.51.100.99:4589 $ECHO
probe received 4000 nowhere.lab:4589 $ECHO
probe silent 4001 "$FAR:4590" $ECHO
expect_within took_ms 300 450

note "nobody there, nobody known, nobody named"
probe server-down 4000 "$FAR:4590"
expect_within took_ms 0 200
probe unresolved 4000 nowhere.lab:4589
expect_within took_ms 0 5100
probe no-server 4000
probe cannot-listen -b 192.0.2.1 4000 $ECHO
gateway_none
probe unsendable 4000 $ECHO
expect_within took_ms 0 200
nip h route add default via "$ROUTER"

note "a server that cannot be reached and says nothing: the whole 2 s"
nse i nft -f - <<-RULES
	table inet hole {
		chain input {
			type filter hook input priority 0;
			udp dport 4599 drop
		}
	}
RULES
probe silent 4000 "$FAR:4599"
expect_within took_ms 2000 2200
expect alive no "$(value alive)"
probe silent -r 150 4000 "$FAR:4599"
expect_within took_ms 450 600

note "a server that wants a cookie serves a client that knows cookies"
serve strict --listen="$FAR:4600" --require-cookie
probe received 4000 "$FAR:4600"
kill -USR1 "$SERVE_PID"
wait_until "grep -q received= '$LAB_TMP/strict.log'" 2 || fail "no counters"
note "$(grep received= "$LAB_TMP/strict.log")"
grep -Eq 'echoes=[12] cookies=1 .* bare=1 ' "$LAB_TMP/strict.log" ||
	fail "the plain request was answered, or the cookie was not used"

note "a third of the datagrams lost on the way there"
internet_loss 4589 30
ok=0
for _ in $(seq 20); do
	LINE=$(nse h "$PROBE" 4000 $ECHO) && ok=$((ok + 1))
done
note "received $ok of 20"
[ "$ok" -ge 18 ] || fail "30 % of loss hid the forward"

note "the server ends on SIGTERM, at once and clean"
lab_stop "$FIRST_PID"
expect "exit status" 0 "$LAB_STATUS"
