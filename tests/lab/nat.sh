# shellcheck shell=bash
# nat.sh: hosts behind any kind of NAT, and STUN servers in between.
#
# Sourced after lib.sh. Every side is a host behind a router with a NAT of a
# named type, cabled to one core that is the internet and holds the servers.
#
#   a -- ra -- [ga] --+       n is the number of the side, from 1 on:
#                     c       host     10.n.0.2, router 10.n.0.1
#   b -- rb -- [gb] --+       outer    11.22.n.2, core 11.22.n.1
#
#   c holds 11.22.250.1 and 11.22.250.2 (coturn, ports 3478 and 3479, RFC 5780) and
#   11.22.250.3 to .5 for servers that misbehave.
#
# Types that the kernel does: none, firewall, full-cone, address-restricted,
# port-restricted, symmetric-random. All others are user-space NATs on a TUN
# device: u:MAP/FILTER/ALLOC (tests/tools/usernat).

STUN_1=11.22.250.1
STUN_2=11.22.250.2
EVIL_1=11.22.250.3
EVIL_2=11.22.250.4
EVIL_3=11.22.250.5
STUN_PORT=3478
NAT_SIDES=0

# What nat_side() was told of the side that it builds.
NAT_OPTIONS='policy cgn behind hairpin loss delay usernat pool lan'

# --- the core ---------------------------------------------------------------

# Builds the core without its servers.
nat_core() {
	local address

	lab_ns c
	for address in "$STUN_1" "$STUN_2" "$EVIL_1" "$EVIL_2" "$EVIL_3"; do
		nip c addr add "$address/32" dev lo
	done
	nse c sysctl -qw net.ipv4.ip_forward=1
	# Answers have to leave by a wire, too: local addresses come second.
	nip c rule add pref 100 lookup local
	nip c rule del pref 0
}

# Starts coturn with two addresses and two ports; waits until it answers.
nat_stun() {
	cat >"$LAB_TMP/turnserver.conf" <<-CONF
		listening-ip=$STUN_1
		listening-ip=$STUN_2
		listening-port=$STUN_PORT
		alt-listening-port=3479
		stun-only
		no-tcp
		no-tls
		no-dtls
		no-cli
		log-file=stdout
		simple-log
		pidfile=$LAB_TMP/turnserver.pid
	CONF
	lab_spawn c turnserver turnserver -c "$LAB_TMP/turnserver.conf"
	wait_until "nse c ss -Hlun | grep -q '$STUN_2:3479 '" 5 ||
		fail "coturn does not listen"
}

# Starts a STUN server that misbehaves. usage: nat_evil ADDRESS[:PORT] HOW...
nat_evil() {
	local at=$1 name

	shift
	case $at in *:*) ;; *) at=$at:$STUN_PORT ;; esac
	name=evil-${at//[.:]/-}
	lab_spawn c "$name" "$LAB_TOOLS/evil_stun" "$at" "$@"
	# shellcheck disable=SC2034 # for the test
	NAT_EVIL_PID=$LAB_PID
	wait_until "grep -q ^ready '$LAB_TMP/$name.log'" 3 ||
		fail "evil_stun does not listen on $at"
}

# --- sides ------------------------------------------------------------------

# Builds a host behind a NAT. Sets NAT_SIDE, the number of the side, and
# NAT_OUTER and NAT_HOST, its addresses. Options:
#   policy=drop|reject|accept  what a kernel NAT does with input from outside
#   cgn=TYPE                   a second NAT between the router and the core
#   behind=NAME                the second NAT is the one of side NAME
#   hairpin=yes                the NAT turns packets to itself round
#   loss=PERCENT               lost each way on the outer side of the router
#   delay=MS                   each way between the side and the core
#   usernat=OPTION,...         further options of a user-space NAT
#   pool=yes                   the user-space NAT has .4 as a second address
#   lan=PREFIX                 of the LAN instead of 10.n.0
# usage: nat_side NAME TYPE [OPTION...]
nat_side() {
	local name=$1 type=$2 arg n
	local policy=drop cgn='' behind='' hairpin=no loss=0 delay=0
	local usernat='' pool=no lan=''

	shift 2
	for arg in "$@"; do
		case " $NAT_OPTIONS " in
		*" ${arg%%=*} "*) local "$arg" ;;
		*) fail "nat_side: unknown option $arg" ;;
		esac
	done
	n=$((NAT_SIDES + 1))
	NAT_SIDES=$n
	# shellcheck disable=SC2034 # for the test
	NAT_SIDE=$n
	NAT_OUTER=11.22.$n.2
	NAT_HOST=$(nat_host_address "$type" "$n")
	if [ -n "$cgn" ]; then
		nat_router "g$name" c "11.22.$n" "$cgn" 100.64.0.0/10
		behind=$name
	fi
	if [ -n "$behind" ]; then
		nat_router "r$name" "g$behind" "100.64.$n" "$type" 10.0.0.0/8
		nat_user_rule "g$behind" "to-r$name"
	else
		nat_router "r$name" c "11.22.$n" "$type" 10.0.0.0/8
	fi
	nat_host "$name" "r$name" lan0 "$NAT_HOST"
	[ "$loss" = 0 ] || nat_loss "r$name" "$loss"
	[ "$delay" = 0 ] || nat_wire "$n" "--delay=$delay"
}

# Prints the address of a side's host; without NAT it is a public one.
nat_host_address() {
	case $1 in
	none | firewall) echo "11.23.$2.2" ;;
	*) echo "${lan:-10.$2.0}.2" ;;
	esac
}

# Makes a router that is a NAT, and its cable upwards. A user-space NAT has its
# outer address on no interface, so the router itself gets .3.
# usage: nat_router NS UP PREFIX TYPE INSIDE
nat_router() {
	local ns=$1 up=$2 prefix=$3 type=$4 inside=$5 wan=$3.2

	lab_ns "$ns"
	lab_cable "$ns" wan0 "$up" "to-$ns"
	case $type in u:*) wan=$prefix.3 ;; esac
	nip "$ns" addr add "$wan/24" dev wan0
	nip "$up" addr add "$prefix.1/24" dev "to-$ns"
	if [ "$wan" != "$prefix.2" ]; then
		nip "$up" route add "$prefix.2/32" via "$wan"
		nip "$up" route add "$prefix.4/32" via "$wan"
	fi
	nip "$ns" route add default via "$prefix.1"
	nse "$ns" sysctl -qw net.ipv4.ip_forward=1
	case $type in
	u:*) nat_user "$ns" "$type" "$prefix.2" "$inside" ;;
	*) nat_rules "$type" "$prefix.2" | nse "$ns" nft -f - ;;
	esac
}

# Plugs a host into a router. usage: nat_host NAME ROUTER INTERFACE ADDRESS
nat_host() {
	local name=$1 router=$2 interface=$3 host=$4 gateway=${4%.*}.1

	lab_ns "$name"
	lab_cable "$name" eth0 "$router" "$interface"
	nip "$name" addr add "$host/24" dev eth0
	nip "$router" addr add "$gateway/24" dev "$interface"
	nip "$name" route add default via "$gateway"
	case $host in
	11.*) nip c route add "${host%.*}.0/24" via "$NAT_OUTER" ;;
	esac
	nat_user_rule "$router" "$interface"
}

# Another host, 10.n.1.2, in the network of a side that was built with that
# number. usage: nat_neighbour SIDENAME NUMBER NAME
nat_neighbour() {
	nat_host "$3" "r$1" lan1 "10.$2.1.2"
}

# --- NATs -------------------------------------------------------------------

# Prints the rules of a kernel NAT. What does not come from wan0 is inside.
# usage: nat_rules TYPE OUTER
nat_rules() {
	local type=$1 outer=$2 rev='' heard='' dnat='' snat=masquerade turn=''
	local rest=drop

	case $type in
	none) snat='' rest=accept ;;
	firewall) snat='' ;;
	port-restricted) ;;
	symmetric-random) snat='masquerade random,fully-random' ;;
	full-cone)
		rev=yes
		dnat='dnat to udp dport map @rev'
		;;
	address-restricted)
		rev=yes
		heard=yes
		dnat='ip saddr . udp dport @heard dnat to udp dport map @rev'
		;;
	*) fail "nat_rules: unknown type $type" ;;
	esac
	if [ "$hairpin" = yes ]; then
		rev=yes
		turn="ip daddr $outer meta l4proto udp dnat to udp dport map @rev"
	fi
	nat_ruleset
}

# The rules themselves, with the variables of nat_rules(). The NAT keeps ports,
# so a port inside is the port outside.
nat_ruleset() {
	cat <<-RULES
	table ip nat {
		map rev {
			type inet_service : ipv4_addr
			flags dynamic, timeout
			timeout 2m
		}
		set heard {
			type ipv4_addr . inet_service
			flags dynamic, timeout
			timeout 2m
		}
		chain learn {
			type filter hook prerouting priority -150;
			iifname wan0 return
			${rev:+meta l4proto udp update @rev { udp sport : ip saddr \}}
			${heard:+meta l4proto udp update @heard { ip daddr . udp sport \}}
		}
		chain prerouting {
			type nat hook prerouting priority -100;
			${turn:+iifname != wan0 $turn}
			${dnat:+iifname wan0 meta l4proto udp $dnat}
		}
		chain postrouting {
			type nat hook postrouting priority 100;
			${snat:+oifname wan0 $snat}
			${turn:+iifname != wan0 oifname != wan0 ct status dnat snat to $outer}
		}
		chain input {
			type filter hook input priority 0;
			ct state established,related accept
			iifname wan0 $policy
		}
		chain forward {
			type filter hook forward priority 0;
			ct state established,related accept
			iifname != wan0 accept
			ct status dnat accept
			$rest
		}
	}
	RULES
}

# Starts a user-space NAT on a router. usage: nat_user NS TYPE OUTER INSIDE
nat_user() {
	local ns=$1 type=$2 outer=$3 inside=$4 second=${3%.*}.4

	nip "$ns" tuntap add nat0 mode tun
	nip "$ns" link set nat0 up txqueuelen 10000
	# shellcheck disable=SC2046,SC2086 # a list of options
	lab_spawn "$ns" "usernat-$ns" "$LAB_TOOLS/usernat/usernat" --dev=nat0 \
		"--type=$type" "--inside=$inside" \
		"--outer=$outer$([ "$pool" = no ] || echo ",$second")" \
		$([ "$hairpin" = no ] || echo --hairpin) ${usernat//,--/ --}
	wait_until "grep -q ^ready '$LAB_TMP/usernat-$ns.log'" 3 ||
		fail "usernat does not run on $ns"
	nip "$ns" route add "$outer/32" dev nat0
	nip "$ns" route add "$second/32" dev nat0
	nip "$ns" route add default dev nat0 table 100
	nip "$ns" route add throw "$inside" table 100
	echo 'table ip nat {
		chain input {
			type filter hook input priority 0;
			iifname wan0 drop
		}
	}' | nse "$ns" nft -f -
}

# What comes from an inner interface goes through the router's user-space NAT,
# if it has one. usage: nat_user_rule NS INTERFACE
nat_user_rule() {
	if nip "$1" link show nat0 >/dev/null 2>&1; then
		nip "$1" rule add iif "$2" lookup 100
	fi
}

# Loses PERCENT of the UDP datagrams each way. usage: nat_loss NS PERCENT
nat_loss() {
	nse "$1" nft -f - <<-RULES
	table ip loss {
		chain forward {
			type filter hook forward priority -200;
			oifname wan0 jump lossy
			iifname wan0 jump lossy
		}
		chain lossy {
			meta l4proto udp numgen random mod 100 < $2 drop
		}
	}
	RULES
}

# Delays and drops on the way between the core and a side, both ways. It costs
# no hop between sides, and one on the way to the core itself.
# usage: nat_wire SIDE OPTION...
nat_wire() {
	local n=$1 dev=wire$1 up

	shift
	nip c tuntap add "$dev" mode tun
	nip c link set "$dev" up txqueuelen 10000
	lab_spawn c "$dev" "$LAB_TOOLS/usernat/usernat" "--dev=$dev" --wire "$@"
	wait_until "grep -q ^ready '$LAB_TMP/$dev.log'" 3 ||
		fail "the wire of side $n does not run"
	up=$(nip c -o addr show to "11.22.$n.1/32" | awk '{ print $2 }')
	nip c route add default dev "$dev" table "$((200 + n))"
	# The core's own end of the cable stays here, or nobody answers ARP.
	nip c route add local "11.22.$n.1" dev "$up" table "$((200 + n))"
	nip c rule add pref 10 iif "$dev" lookup local
	nip c rule add pref 11 iif "$dev" lookup main
	nip c rule add pref 20 iif "$up" lookup "$((200 + n))"
	nip c rule add pref 21 to "11.22.$n.0/24" lookup "$((200 + n))"
}

# --- what a NAT is ----------------------------------------------------------

# Prints 'MAPPING FILTERING' of a type, in the words of RFC 5780.
nat_expected() {
	local ei=endpoint-independent ad=address-dependent
	local apd=address-and-port-dependent map filter

	case $1 in
	none) echo "none $ei" && return ;;
	firewall) echo "none $apd" && return ;;
	full-cone) echo "$ei $ei" && return ;;
	address-restricted) echo "$ei $ad" && return ;;
	port-restricted) echo "$ei $apd" && return ;;
	symmetric-random) echo "$apd $apd" && return ;;
	esac
	map=${1#u:}
	filter=${map#*/}
	case ${map%%/*} in
	eim) map=$ei ;;
	adm) map=$ad ;;
	apdm) map=$apd ;;
	esac
	case ${filter%%/*} in
	eif) filter=$ei ;;
	adf) filter=$ad ;;
	apdf) filter=$apd ;;
	esac
	echo "$map $filter"
}

# Prints what coturn's own tool thinks of a side, as nat_expected() does, but
# that it calls a host without NAT endpoint-independent. Slow where silence has
# to be waited for. usage: nat_discovery NAME
nat_discovery() {
	local mapping filtering

	mapping=$(nse "$1" turnutils_natdiscovery -m "$STUN_1" 2>&1) || true
	filtering=$(nse "$1" turnutils_natdiscovery -f "$STUN_1" 2>&1) || true
	echo "$(nat_discovered Mapping <<<"$mapping")" \
		"$(nat_discovered Filtering <<<"$filtering")"
}

# Finds the verdict in the tool's output. usage: nat_discovered Mapping|Filtering
nat_discovered() {
	sed -n "
		s/^NAT with Endpoint Independent $1!/endpoint-independent/p
		s/^NAT with Address Dependent $1!/address-dependent/p
		s/^NAT with Address and Port Dependent $1!/address-and-port-dependent/p
	" | tail -n 1
}
