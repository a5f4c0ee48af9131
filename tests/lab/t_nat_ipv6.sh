#!/usr/bin/env bash
# Without a NAT there is still a firewall: IPv6 behind a router that lets all
# in, or only what was asked for.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

PROBE=$LAB_TOOLS/nat_probe
STUN_1=2a0f:250::1
STUN_2=2a0f:250::2

# The forward rules of the router. usage: router_rules accept|drop
router_rules() {
	nse r nft -f - <<-RULES
	table ip6 fw
	flush table ip6 fw
	table ip6 fw {
		chain forward {
			type filter hook forward priority 0;
			ct state established,related accept
			iifname lan0 accept
			$1
		}
	}
	RULES
}

# Runs the check on the host; its line is left in LINE.
probe() {
	LINE=$(nse h "$PROBE" check "[$STUN_1]:3478" "[$STUN_2]:3478") || true
	note "$LINE"
}

# Prints a value of LINE. usage: value KEY
value() {
	sed -n "s/^\(.* \)\{0,1\}$1=\([^ ]*\).*/\2/p" <<<"$LINE"
}

lab_start
for ns in h r c; do
	lab_ns $ns
done
lab_cable h eth0 r lan0
lab_cable r wan0 c eth0
nip h addr add 2a0f:1::2/64 dev eth0 nodad
nip r addr add 2a0f:1::1/64 dev lan0 nodad
nip r addr add 2a0f:2::2/64 dev wan0 nodad
nip c addr add 2a0f:2::1/64 dev eth0 nodad
nip c addr add "$STUN_1/128" dev lo nodad
nip c addr add "$STUN_2/128" dev lo nodad
nip h route add default via 2a0f:1::1
nip r route add default via 2a0f:2::1
nip c route add 2a0f:1::/64 via 2a0f:2::2
nse r sysctl -qw net.ipv6.conf.all.forwarding=1
cat >"$LAB_TMP/turnserver.conf" <<-CONF
	listening-ip=$STUN_1
	listening-ip=$STUN_2
	listening-port=3478
	alt-listening-port=3479
	stun-only
	no-tcp
	no-tls
	no-dtls
	no-cli
	log-file=stdout
	pidfile=$LAB_TMP/turnserver.pid
CONF
lab_spawn c turnserver turnserver -c "$LAB_TMP/turnserver.conf"
wait_until "nse c ss -Hlun | grep -q '$STUN_2\]:3479 '" 5 ||
	fail "coturn does not listen"

note "a router that lets everything in"
router_rules accept
probe
expect mapping none "$(value mapping)"
expect filtering endpoint-independent "$(value filtering)"
expect audience all "$(value audience)"

note "a router that lets in what was asked for"
router_rules drop
probe
expect mapping none "$(value mapping)"
expect filtering address-and-port-dependent "$(value filtering)"
expect confidence high "$(value filtering_confidence)"
expect audience most "$(value audience)"

note "the vote, and a server that is not there"
LINE=$(nse h "$PROBE" map "[$STUN_1]:3478" "[$STUN_2]:3478")
expect verdict endpoint "$(value verdict)"
LINE=$(nse h "$PROBE" ask "[$STUN_1]:9") || true
note "$LINE"
expect outcome unreachable "$(value outcome)"
[ "$(value took_ms)" -lt 200 ] || fail "ICMPv6 was not heard: $LINE"
