#!/usr/bin/env bash
# What traversalctl doctor says in networks where it is known what is wrong:
# each has its expected result beside it, all warnings and failures and no other.
# An ordinary user asks, but where it says so.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# What this machine's own files decide, not the network.
OF_THE_MACHINE=host.suspend,fw.persisted,docker.rules,docker.caps,docker.publish
OF_THE_MACHINE=$OF_THE_MACHINE,cfg.pending_restart
MOST_MS=3000

# The host's way out is no cable to another namespace, as with real hardware.
plain_host() {
	nip h link add lan0 type bridge forward_delay 0
	nip h addr flush dev eth0
	nip h link set eth0 master lan0
	nip h link set lan0 up
	nip h addr add "$HOST/24" dev lan0
	nip h route add default via "$ROUTER"
}

# A network with the daemon to come. usage: network WHAT [LAB_HOME_OPTION...]
network() {
	note "$1"
	shift
	[ -z "$LAB_TMP" ] || lab_teardown
	DAEMON_PID=
	lab_for_daemon "$@"
	stun_start
	plain_host
	chmod 755 "$LAB_TMP"
}

# Asks as USER (nobody or root). Leaves the exit status in $code, the answer in
# $LAB_TMP/doctor. usage: doctor USER ARGUMENT...
doctor() {
	local user=$1 as=() began_ms

	shift
	[ "$user" = root ] || as=(setpriv --reuid="$user" --regid=65534
		--clear-groups)
	code=0
	began_ms=$(now_ms)
	nse h "${as[@]}" "$LAB_BUILD/traversalctl" \
		--socket="$DAEMON_RUN/traversald.sock" doctor "$@" \
		>"$LAB_TMP/doctor" 2>"$LAB_TMP/doctor.err" </dev/null || code=$?
	[ $(($(now_ms) - began_ms)) -lt "$MOST_MS" ] ||
		fail "doctor took $(($(now_ms) - began_ms)) ms"
}

# Prints 'failure net.cgnat' and the like, one for each check.
complaints() {
	jq -r '.checks[] | select(.result == "failure" or .result == "warning") |
		"\(.result) \(.id)"' "$LAB_TMP/doctor" | sort -u
}

# Waits until the daemon has its verdict, and compares what the doctor says.
# usage: diagnose USER EXIT-STATUS COMPLAINTS
diagnose() {
	wait_status 'settled' 15
	wait_status '.nat.mapping != null' 15
	diagnose_now "$@"
}

diagnose_now() {
	local what

	doctor "$1" --json=short --skip="$OF_THE_MACHINE"
	what=$(complaints)
	if [ "$what" != "$3" ]; then
		jq -c '.checks[] | select(.result != "ok")' "$LAB_TMP/doctor"
		fail "expected '$3', got '$what'"
	fi
	expect "exit status" "$2" "$code"
}

# Prints a value of the last answer about a check. usage: told ID MEMBER
told() {
	jq -r --arg id "$1" --arg member "$2" \
		'[.checks[] | select(.id == $id)][0][$member]' "$LAB_TMP/doctor"
}

# usage: tells ID MEMBER TEXT
tells() {
	told "$1" "$2" | grep -qF -- "$3" ||
		fail "'$3' is not in $1.$2: $(told "$1" "$2")"
}

need_setpriv() {
	command -v setpriv >/dev/null || skip "no setpriv"
}
need_setpriv

# --- a home network ---------------------------------------------------------

network "home, all is well"
igd_start r
service_start udp 5000
daemon_up "--map=game=5000/udp"
wait_status 'reachable == "yes"' 15
diagnose 65534 0 ""
tells inbound.reach title "reached at $WAN:5000"
tells net.double_nat title "one NAT"
tells router.portmap title "$ROUTER maps ports"
expect "the firewall, for who may not ask" skipped "$(told fw.input result)"
doctor root --json=short fw
expect "the firewall, for root" ok "$(told fw.input result)"

note "nothing listens on the port"
lab_stop "$SERVICE_PID"
diagnose root 1 "warning svc.listening"
tells svc.listening title "nothing listens on UDP 5000"

note "the table of the router"
doctor 65534 --json=short router.upnp_exposure
expect "the router's table" ok "$(told router.upnp_exposure result)"
doctor 65534 --json=short --offline router.upnp_exposure
expect "the router's table, offline" skipped \
	"$(told router.upnp_exposure result)"

note "wrong range, flags of old: the file as it is now, before any restart"
cat >"$DAEMON_DEFAULTS" <<-DEFAULTS
	DAEMON_OPTS="$SERVERS --udp.ports=60000:10000 --map=game=5000/udp"
	SERVICE_OPTS="--wireguard.listen.ports=30000:40000"
DEFAULTS
diagnose_now root 2 "failure cfg.port_range
warning cfg.deprecated
warning svc.listening"
expect "line of the flag" 2 "$(told cfg.deprecated line)"
tells cfg.deprecated fix "write --udp.ports=30000:40000"
echo "DAEMON_OPTS=\"$SERVERS --map=game=5000/udp" >"$DAEMON_DEFAULTS"
diagnose_now root 2 "failure cfg.syntax
warning svc.listening"

note "the daemon is gone"
daemon_stop
doctor 65534 --json=short daemon inbound
expect "without a daemon" "2 failure skipped" \
	"$code $(told daemon.running result) $(told inbound.reach result)"

note "what answers is no daemon, or does not answer"
for strange in "printf garbage" "printf '{\"parameters\":[7]}\\0'" \
	"printf '{\"parameters\":{\"status\":{\"services\":[7,{}],\"nat\":3}}}\\0'" \
	"head -c 9000000 /dev/zero" "exec cat"; do
	rm -f "$DAEMON_RUN/traversald.sock"
	printf '%s\n' "$strange" >"$LAB_TMP/strange"
	lab_spawn h strange socat \
		"UNIX-LISTEN:$DAEMON_RUN/traversald.sock,fork,mode=666" \
		"EXEC:sh $LAB_TMP/strange"
	strange_pid=$LAB_PID
	wait_until '[ -S "$DAEMON_RUN/traversald.sock" ]' 3 || fail "no socat"
	doctor 65534 --json=short
	[ "$code" -le 2 ] || fail "'$strange': exit $code"
	jq -e '.checks | length > 40' "$LAB_TMP/doctor" >/dev/null ||
		fail "'$strange': no answer"
	lab_stop "$strange_pid"
done

# --- ports ------------------------------------------------------------------

note "the ports of the range are in use"
service_start udp 20000
service_start udp 20001
daemon_defaults "--udp.ports=20000:20002 --map=game=5000/udp"
rm -f "$DAEMON_RUN/traversald.sock"
daemon_start
wait_status 'settled' 15
doctor 65534 --json=short cfg.port_range
expect "exit status" 2 "$code"
jq -e '[.checks[].title] | any(contains("1 of the 3 ports"))' \
	"$LAB_TMP/doctor" >/dev/null || fail "$(cat "$LAB_TMP/doctor")"
daemon_stop

# --- a VPN service ----------------------------------------------------------

note "a service that routes, and ip_forward off"
nse h sysctl -qw net.ipv4.ip_forward=0
daemon_up "" wireguard
diagnose 65534 2 "failure host.ip_forward"
jq -e '[.checks[].commands[]] | any(contains("/etc/sysctl.d/"))' \
	"$LAB_TMP/doctor" >/dev/null || fail "no command"

note "ip_forward on, and a firewall that forwards nothing"
nse h sysctl -qw net.ipv4.ip_forward=1
nse h nft 'table ip filter { chain FORWARD {
	type filter hook forward priority 0; policy drop; }; }'
nse h nft 'add chain ip filter DOCKER-USER'
diagnose 65534 0 ""
expect "without the probe" skipped "$(told fw.forward_policy result)"
diagnose root 2 "failure fw.forward_policy"
tells fw.forward_policy title "table ip filter, set by Docker"
tells fw.forward_policy commands "-I DOCKER-USER -i myst+ -j ACCEPT"
tells fw.forward_policy avoid "iptables -F"

note "the same for a user whom the probe answers"
lab_spawn h fwprobe socat \
	"UNIX-LISTEN:$DAEMON_RUN/traversald-fwprobe.sock,fork,mode=666" \
	"EXEC:$LAB_BUILD/traversald-fwprobe"
wait_until '[ -S "$DAEMON_RUN/traversald-fwprobe.sock" ]' 3 || fail "no socat"
diagnose 65534 2 "failure fw.forward_policy"

note "the script is printed, and a shell can read it"
doctor 65534 --fix-script
grep -q '^sudo iptables -I DOCKER-USER' "$LAB_TMP/doctor" ||
	fail "$(cat "$LAB_TMP/doctor")"
sh -n "$LAB_TMP/doctor"

note "a firewall that lets nothing in"
nse h nft flush ruleset
daemon_stop
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
nse h nft 'table inet filter { chain input {
	type filter hook input priority 0; policy drop;
	iifname "lo" accept
	udp sport { 1900, 5351, 53, 3478, 3479 } accept
	tcp sport 5000 accept; ct state established accept; }; }'
ctl probe
wait_status 'reachable == "no"' 15
wait_status 'settled' 15
doctor 65534 --json=short fw.input inbound.reach
expect "exit status" 2 "$code"
expect "fw.input" warning "$(told fw.input result)"
tells fw.input commands "nft insert rule inet filter input udp dport 5000 accept"
tells inbound.reach fix "fw.input"

note "and with a rule for the port"
nse h nft insert rule inet filter input udp dport 5000 accept
doctor 65534 --json=short fw.input
expect "with a rule" ok "$(told fw.input result)"

# --- other networks ---------------------------------------------------------

network "the router does not help"
service_start udp 5000
daemon_up "--map=game=5000/udp"
diagnose 65534 2 "failure router.portmap
warning inbound.reach
warning nat.peers
warning router.manual_forward"
tells router.portmap title "$ROUTER answers neither PCP, NAT-PMP nor UPnP"
tells router.manual_forward fix "internal IP $HOST, internal 5000"

network "the provider shares its address" wan=cgnat
igd_start r
service_start udp 5000
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
diagnose 65534 2 "failure inbound.reach
failure net.cgnat
failure router.portmap
warning nat.peers"
tells net.cgnat detail "$WAN_CGNAT"
tells router.manual_forward title "of no use here"

network "two routers in a row" wan=private
igd_start r
service_start udp 5000
daemon_up "--traversal=manual,upnp --map=game=5000/udp"
wait_status '[.findings[].id] | contains(["net.double_nat"])' 15
diagnose 65534 2 "failure inbound.reach
failure net.double_nat
failure router.portmap
warning nat.peers"
tells net.double_nat fix "$WAN_PRIVATE"

note "a container in bridge mode: its way out ends in another namespace"
lab_teardown
DAEMON_PID=
lab_for_daemon
stun_start
chmod 755 "$LAB_TMP"
igd_start r
service_start udp 5000
daemon_up "--map=game=5000/udp"
wait_status 'reachable == "yes"' 15
diagnose 65534 1 "warning docker.netmode"
tells docker.netmode fix "--network=host"
