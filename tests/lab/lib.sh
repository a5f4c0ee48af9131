# shellcheck shell=bash
# lib.sh: networks in namespaces, with real servers, for one test.
#
# Sourced by each tests/lab/t_*.sh, by the demo and by the benchmarks. Makes
# everything under names of its own (tv-ID-*), so that two runs at the same
# time do not meet, and removes all of it on exit, also after a failure or a
# signal. Knows nothing of the daemon: that is daemon.sh.
#
#   h, h2 -- s -- r ------------------ i     s   the LAN's switch
#            |    `-- u (optional) ---'|     r   the home router, miniupnpd
#            `--- r2 ------------------'     r2  a second router (optional)
#                                            u   the provider's NAT (optional)
#   h  192.168.77.2    the host, gateway 192.168.77.1
#   h2 192.168.77.3    another host of the LAN
#   r  192.168.77.1    lan0; wan0 11.22.33.2 (or a private address behind u)
#   r2 192.168.77.254  lan0; wan0 11.22.55.2
#   i  11.22.33.1      the internet; far hosts 198.51.100.7 and 198.51.100.8
#
# The WAN addresses are not those reserved for documentation: miniupnpd counts
# 192.0.2.0/24 and its sisters as private and refuses to map.
set -euo pipefail

LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB_BUILD=$(cd "$LAB_ROOT" && realpath -m "${BUILD:-build}")
LAB_TOOLS=$LAB_BUILD/tests/tools
LAB_ID=${LAB_ID:-$$}
LAB_PREFIX=tv-$LAB_ID-
LAB_TMP=
LAB_PID=

HOST=192.168.77.2
HOST2=192.168.77.3
ROUTER=192.168.77.1
ROUTER2=192.168.77.254
WAN=11.22.33.2
WAN2=11.22.55.2
FAR=198.51.100.7
FAR2=198.51.100.8
WAN_PRIVATE=192.168.178.2
WAN_CGNAT=100.64.0.2
# Not those for documentation either, which count as no public ones.
HOST_IPV6=2a00:1:2:77::2
ROUTER_IPV6=2a00:1:2:77::1
FAR_IPV6=2a00:1:2:99::7

export PATH="$PATH:/usr/sbin:/sbin"

# --- saying how it went -----------------------------------------------------

# Prints a line into the test's log.
note() {
	printf '%s\n' "-- $*"
}

# Ends the test as failed, with the reason.
fail() {
	printf 'FAIL: %s\n' "$*"
	exit 1
}

# Ends the test as skipped, with the reason (run.sh shows it).
skip() {
	printf 'SKIP: %s\n' "$*"
	exit 77
}

# Fails unless WANT equals GOT. usage: expect WHAT WANT GOT
expect() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

# Waits until the condition, evaluated again and again, holds. Returns 1 when
# it does not within the seconds given. usage: wait_until 'CONDITION' SECONDS
wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + ${2%.*} * 1000000))

	until eval "$1"; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.02 # the pause between two looks, not a guess
	done
}

# Does the condition hold at every look for the whole time? For what must not
# happen. usage: stays 'CONDITION' SECONDS
stays() {
	! wait_until "! { $1; }" "$2"
}

# Milliseconds of the wall clock, to time what a test did.
now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# --- life cycle -------------------------------------------------------------

# Prepares a lab: temporary directory and the clean-up. Call it first.
lab_start() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	LAB_TMP=$(mktemp -d "${TMPDIR:-/tmp}/${LAB_PREFIX}XXXXXX")
	set -E
	trap lab_error ERR
	trap lab_finish EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# The ERR trap: names the command that ends the test.
lab_error() {
	printf 'FAIL: %s\n' "line ${BASH_LINENO[*]:0:3}: $BASH_COMMAND" >&2
}

# The EXIT trap: shows the logs of a failure, then removes everything.
lab_finish() {
	local status=$?

	trap '' HUP INT TERM
	set +e
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || lab_show_logs
	exec 2>/dev/null # bash tells of each process that it sees killed
	lab_teardown
	exit "$status"
}

# Shows the tail of each log of the lab.
lab_show_logs() {
	local log

	for log in "$LAB_TMP"/*.log; do
		[ -s "$log" ] || continue
		printf '== %s\n' "${log##*/}"
		tail -n 40 "$log"
	done
}

# Ends every process that the lab started and removes what it made.
lab_teardown() {
	lab_sweep "$LAB_PREFIX"
	wait 2>/dev/null
}

# Removes the namespaces and temporary directories whose names start with
# PREFIX, and the processes that still live in them. A process is known by its
# namespace, so that no number is used that another process has by now.
# usage: lab_sweep PREFIX
lab_sweep() {
	local ns

	for ns in $(lab_leftovers "$1"); do
		wait_until "lab_kill_all '$ns'" 5 ||
			echo "FAIL: processes of $ns do not end"
		ip netns del "$ns" 2>/dev/null || true
		rm -rf "/etc/netns/$ns"
	done
	rmdir /etc/netns 2>/dev/null || true
	rm -rf "${TMPDIR:-/tmp}/$1"??????
}

# Kills what lives in a namespace. Returns 0 when nothing does any more.
lab_kill_all() {
	local pid pids

	pids=$(ip netns pids "$1" 2>/dev/null) || return 0
	for pid in $pids; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	[ -z "$pids" ]
}

# Lists the namespaces whose names start with PREFIX. ip complains of those that
# another run takes down at the same moment.
lab_leftovers() {
	ip netns list 2>/dev/null | awk -v prefix="$1" \
		'index($1, prefix) == 1 { print $1 }'
}

# --- namespaces and processes -----------------------------------------------

# Runs a command in a namespace of the lab. usage: nse NS COMMAND...
nse() {
	local ns=$LAB_PREFIX$1

	shift
	ip netns exec "$ns" "$@"
}

# Runs ip(8) in a namespace of the lab. usage: nip NS ARGUMENTS...
nip() {
	local ns=$LAB_PREFIX$1

	shift
	ip -n "$ns" "$@"
}

# Is the process there, and not only its remains?
is_alive() {
	local state

	state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' \
		"/proc/$1/status" 2>/dev/null) || return 1
	[ -n "$state" ] && [ "$state" != Z ]
}

# Starts a program in a namespace, in the background; its output goes to
# NAME.log. Sets LAB_PID. usage: lab_spawn NS NAME COMMAND...
lab_spawn() {
	local ns=$LAB_PREFIX$1 log=$LAB_TMP/$2.log

	shift 2
	ip netns exec "$ns" "$@" >>"$log" 2>&1 </dev/null &
	LAB_PID=$!
}

# Sends a signal and waits until the process is gone; its exit status is left
# in LAB_STATUS (only of our own children). usage: lab_stop PID [SIGNAL [SECS]]
lab_stop() {
	local pid=$1 signal=${2:-TERM} seconds=${3:-5}

	kill "-$signal" "$pid" 2>/dev/null || true
	wait_until "! is_alive $pid" "$seconds" ||
		fail "process $pid still runs ${seconds} s after SIG$signal"
	LAB_STATUS=0
	# shellcheck disable=SC2034 # for the caller
	wait "$pid" 2>/dev/null || LAB_STATUS=$?
}

# Makes a namespace with loopback up and no name server to ask: a lookup is
# refused at once by 127.0.0.1, none leaves. Names of the lab are in hosts.
lab_ns() {
	local ns=$LAB_PREFIX$1

	# Another run may remove the directory above when it becomes empty.
	wait_until "mkdir -p '/etc/netns/$ns' 2>/dev/null" 2
	echo 'nameserver 127.0.0.1' >"/etc/netns/$ns/resolv.conf"
	cat >"/etc/netns/$ns/hosts" <<-HOSTS
		127.0.0.1 localhost
		$FAR echo.lab stun.lab
	HOSTS
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	# shellcheck disable=SC2016 # for the inner shell
	nse "$1" sh -c '
		for f in /proc/sys/net/ipv4/conf/*/rp_filter; do
			echo 0 >"$f"
		done
		echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 1 >/proc/sys/net/ipv4/conf/all/promote_secondaries'
}

# Lays a cable between two namespaces. usage: lab_cable NS IF NS IF
lab_cable() {
	nip "$1" link add "$2" type veth peer name "$4" \
		netns "$LAB_PREFIX$3"
	nip "$1" link set "$2" up
	nip "$3" link set "$4" up
}

# Plugs IF of NS into the switch. usage: lab_plug NS IF
lab_plug() {
	lab_cable "$1" "$2" s "to-$1"
	nip s link set "to-$1" master br0
}

# --- the home network -------------------------------------------------------

# Builds the whole picture: s, h, h2, r, i; with wan=private or wan=cgnat also
# the provider's NAT u. The router's miniupnpd is not started yet.
# usage: lab_home [wan=public|private|cgnat]
lab_home() {
	local wan=public arg

	for arg in "$@"; do
		case $arg in
		wan=*) wan=${arg#wan=} ;;
		*) fail "lab_home: unknown option $arg" ;;
		esac
	done
	lab_switch
	lab_host h "$HOST"
	lab_host h2 "$HOST2"
	lab_internet
	case $wan in
	public) lab_router r "$ROUTER" i "$WAN/24" 11.22.33.1 ;;
	private) lab_provider_nat "$WAN_PRIVATE/24" 192.168.178.1 ;;
	cgnat) lab_provider_nat "$WAN_CGNAT/10" 100.64.0.1 ;;
	*) fail "lab_home: unknown wan=$wan" ;;
	esac
}

# The LAN's switch. It floods multicast, as a cheap one does.
lab_switch() {
	lab_ns s
	nip s link add br0 type bridge mcast_snooping 0 forward_delay 0
	nip s link set br0 up
}

# A host of the LAN. usage: lab_host NS ADDRESS
lab_host() {
	lab_ns "$1"
	lab_plug "$1" eth0
	nip "$1" addr add "$2/24" dev eth0
	nip "$1" route add default via "$ROUTER"
}

# The internet: one namespace with two far hosts on its loopback.
lab_internet() {
	lab_ns i
	nip i addr add "$FAR/32" dev lo
	nip i addr add "$FAR2/32" dev lo
	nse i sysctl -qw net.ipv4.ip_forward=1
}

# A router: LAN side on the switch, WAN side cabled to the namespace UP, whose
# end gets the gateway's address. usage: lab_router NS LAN UP WAN/LEN GATEWAY
lab_router() {
	local ns=$1 lan=$2 up=$3 wan=$4 gateway=$5

	lab_ns "$ns"
	lab_plug "$ns" lan0
	nip "$ns" addr add "$lan/24" dev lan0
	lab_uplink "$ns" "$up" "$wan" "$gateway"
}

# The WAN side of a router, with its rules. usage: lab_uplink NS UP WAN GATEWAY
lab_uplink() {
	local ns=$1 up=$2 wan=$3 gateway=$4

	lab_cable "$ns" wan0 "$up" "to-$ns"
	nip "$ns" addr add "$wan" dev wan0
	nip "$up" addr add "$gateway/${wan#*/}" dev "to-$ns"
	nip "$ns" route add default via "$gateway"
	nse "$ns" sysctl -qw net.ipv4.ip_forward=1
	lab_rules | nse "$ns" nft -f -
}

# The home router behind the provider's NAT u, which is all the same kind of
# router without any port mapping service. usage: lab_provider_nat WAN GATEWAY
lab_provider_nat() {
	lab_ns u
	lab_uplink u i "$WAN/24" 11.22.33.1
	lab_router r "$ROUTER" u "$1" "$2"
	# The cable of r is the LAN of u.
	nip u link set to-r down
	nip u link set to-r name lan0
	nip u link set lan0 up
}

# A second router in the LAN. usage: lab_second_router
lab_second_router() {
	lab_router r2 "$ROUTER2" i "$WAN2/24" 11.22.55.1
}

# Gives the LAN of a home IPv6 as well: no NAT, but the router's firewall lets
# in only what was asked for. The router is found at its link-local address.
lab_ipv6() {
	nip h addr add "$HOST_IPV6/64" dev eth0 nodad
	nip r addr add fe80::1/64 dev lan0 nodad
	nip r addr add "$ROUTER_IPV6/64" dev lan0 nodad
	nip r addr add 2a00:1:2:33::2/64 dev wan0 nodad
	nip i addr add 2a00:1:2:33::1/64 dev to-r nodad
	nip i addr add "$FAR_IPV6/128" dev lo
	nse r sysctl -qw net.ipv6.conf.all.forwarding=1
	nse i sysctl -qw net.ipv6.conf.all.forwarding=1
	nip h route add default via fe80::1 dev eth0
	nip r route add default via 2a00:1:2:33::1
	nip i route add 2a00:1:2:77::/64 via 2a00:1:2:33::2
}

# The rules of a home router as nft wants them. miniupnpd fills the chains that
# carry its name; lab_ chains belong to the levers below.
lab_rules() {
	cat <<-'RULES'
	table inet mupnp {
		counter asks { }
		chain miniupnpd { }
		chain prerouting_miniupnpd { }
		chain postrouting_miniupnpd { }
		chain lab_drop { }
		chain lab_dnat { }
		chain lab_accept { }
		chain input {
			type filter hook input priority 0; policy accept;
			iifname lan0 udp dport { 1900, 5351 } counter name asks
			iifname lan0 tcp dport 5000 counter name asks
			jump lab_drop
			ct state established,related accept
			iifname wan0 icmp type echo-request accept
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
			iifname wan0 drop
		}
		chain forward {
			type filter hook forward priority 0; policy drop;
			ct state established,related accept
			iifname lan0 oifname wan0 accept
			jump lab_accept
			jump miniupnpd
		}
		chain prerouting {
			type nat hook prerouting priority -100;
			jump lab_dnat
			jump prerouting_miniupnpd
		}
		chain postrouting {
			type nat hook postrouting priority 100;
			jump postrouting_miniupnpd
			oifname wan0 meta nfproto ipv4 masquerade
		}
	}
	RULES
}

# --- miniupnpd --------------------------------------------------------------

# Writes a router's miniupnpd configuration. Options, with their defaults:
#   natpmp=yes upnp=yes secure=yes igd1=no deny= lease_file= min=120 max=86400
# lan=192.168.77.0/24 (whom it serves); deny=FIRST-LAST refuses these external
# ports; ext_ip= is the outer address that it claims. usage: igd_conf NS [OPTION...]
igd_conf() {
	local ns=$1 arg
	local natpmp=yes upnp=yes secure=yes igd1=no deny='' lease_file=''
	local min=120 max=86400 lan=192.168.77.0/24 ext_ip=''

	shift
	for arg in "$@"; do
		case $arg in
		natpmp=* | upnp=* | secure=* | igd1=* | deny=* | \
			lease_file=* | min=* | max=* | lan=* | ext_ip=*)
			local "$arg"
			;;
		*) fail "igd_conf: unknown option $arg" ;;
		esac
	done
	cat >"$LAB_TMP/$ns.conf" <<-CONF
		ext_ifname=wan0
		listening_ip=lan0
		http_port=5000
		enable_natpmp=$natpmp
		enable_upnp=$upnp
		secure_mode=$secure
		force_igd_desc_v1=$igd1
		min_lifetime=$min
		max_lifetime=$max
		system_uptime=no
		upnp_table_name=mupnp
		upnp_nat_table_name=mupnp
		uuid=fc4ec57e-28b1-11db-88f8-0060085db3f6
		${lease_file:+lease_file=$lease_file}
		${ext_ip:+ext_ip=$ext_ip}
		${deny:+deny $deny 0.0.0.0/0 0-65535}
		allow 1024-65535 $lan 1024-65535
		deny 0-65535 0.0.0.0/0 0-65535
	CONF
}

# Starts miniupnpd on a router and waits until it listens. With options it
# writes a new configuration, without it keeps the last one.
# usage: igd_start [NS [OPTION...]]
igd_start() {
	local ns=${1:-r} program=miniupnpd

	shift || true
	[ ! -x "$LAB_TMP/$ns.miniupnpd" ] || program=$LAB_TMP/$ns.miniupnpd
	if [ $# -gt 0 ] || ! [ -e "$LAB_TMP/$ns.conf" ]; then
		igd_conf "$ns" "$@"
	fi
	rm -f "$LAB_TMP/$ns.pid"
	nse "$ns" "$program" -f "$LAB_TMP/$ns.conf" -P "$LAB_TMP/$ns.pid" ||
		fail "miniupnpd did not start on $ns"
	wait_until "igd_is_up $ns" 5 || fail "miniupnpd on $ns does not listen"
}

# From its next start on a router maps ports also where its WAN address is in
# 192.168.178.0/24, as most home routers do; miniupnpd takes that for a reason
# to refuse. A copy of it has 192.168.64.0/18 instead of 192.168.0.0/16 in its
# table of private networks. usage: igd_maps_private_wan [NS]
igd_maps_private_wan() {
	local copy=$LAB_TMP/${1:-r}.miniupnpd
	local from='\x00\x00\xa8\xc0\x10\x00\x00\x00'
	local to='\x00\x40\xa8\xc0\x0e\x00\x00\x00'

	LC_ALL=C sed "s/$from/$to/" \
		"$(command -v miniupnpd)" >"$copy"
	chmod +x "$copy"
	! cmp -s "$(command -v miniupnpd)" "$copy" ||
		skip "this miniupnpd has another table of private networks"
}

# Prints the process id of a router's miniupnpd.
igd_pid() {
	cat "$LAB_TMP/${1:-r}.pid" 2>/dev/null
}

# Does miniupnpd listen for what its configuration enables?
igd_is_up() {
	local ns=$1 udp

	[ -s "$LAB_TMP/$ns.pid" ] || return 1
	udp=$(nse "$ns" ss -Hlun)
	if grep -q '^enable_natpmp=yes' "$LAB_TMP/$ns.conf"; then
		grep -q ':5351 ' <<<"$udp" || return 1
	fi
	if grep -q '^enable_upnp=yes' "$LAB_TMP/$ns.conf"; then
		grep -q ':1900 ' <<<"$udp" || return 1
	fi
}

# Stops miniupnpd in good order: it says byebye and clears nothing.
igd_stop() {
	lab_stop "$(igd_pid "${1:-r}")" TERM
}

# Takes miniupnpd away without a word, as a crash does.
igd_kill() {
	lab_stop "$(igd_pid "${1:-r}")" KILL
}

# Forgets every mapping, as a router does that loses power.
igd_flush() {
	local ns=${1:-r} chain

	for chain in miniupnpd prerouting_miniupnpd postrouting_miniupnpd; do
		nse "$ns" nft flush chain inet mupnp "$chain"
	done
}

# Reboots the router: mappings lost, epoch starts at 0 again.
igd_reboot() {
	igd_stop "${1:-r}"
	igd_flush "${1:-r}"
	igd_start "${1:-r}"
}

# Prints one line for each mapping in the router's firewall: 'udp 5000
# 192.168.77.2 5000'. This is what the router does, whatever its tables say.
# miniupnpd writes the protocol as a raw byte: 0x11 is UDP, 0x6 is TCP.
router_mappings() {
	nse "${1:-r}" nft -n list chain inet mupnp prerouting_miniupnpd |
		sed -n 's/.*@nh,72,8 0x11 .*dport \([0-9]*\) dnat/udp \1 dnat/
			s/.*@nh,72,8 0x6 .*dport \([0-9]*\) dnat/tcp \1 dnat/
			s/dnat.* to \([0-9.]*\):\([0-9]*\).*/\1 \2/p'
}

# Counts the mappings in the router's firewall.
router_count() {
	router_mappings "${1:-r}" | wc -l
}

# Prints the external port that leads to a host's port.
# usage: router_external_port PROTOCOL PORT [HOST [NS]]
router_external_port() {
	router_mappings "${4:-r}" | awk -v proto="$1" -v port="$2" \
		-v host="${3:-$HOST}" \
		'$1 == proto && $3 == host && $4 == port { print $2; exit }'
}

# Waits until a router has been up so long that a reboot shows in its epoch: a
# client takes a difference of up to 2 s for the drift of a clock
# (RFC 6887 section 8.5). usage: igd_grow_old [ADDRESS]
igd_grow_old() {
	wait_until "nse h2 natpmpc -g ${1:-$ROUTER} |
		grep -q 'epoch = \([5-9]\|[0-9][0-9]\)'" 8 ||
		fail "the router's epoch does not rise"
}

# Prints how many packets the LAN has sent to the router's mapping services.
router_asks() {
	nse "${1:-r}" nft -j list counter inet mupnp asks |
		jq '[.nftables[].counter // empty][0].packets'
}

# --- levers -----------------------------------------------------------------

# Adds a rule to the chain that drops on a router. usage: router_drop NS RULE...
router_drop() {
	local ns=$1

	shift
	nse "$ns" nft add rule inet mupnp lab_drop "$@" drop
}

# Takes all of these rules away.
router_drop_nothing() {
	nse "${1:-r}" nft flush chain inet mupnp lab_drop
}

# The router does not answer PCP: the first byte is the version, 2
# (RFC 6887 section 7.1).
drop_pcp() {
	router_drop "${1:-r}" udp dport 5351 @th,64,8 2
}

# The router does not answer NAT-PMP: version 0 (RFC 6886 section 3).
drop_natpmp() {
	router_drop "${1:-r}" udp dport 5351 @th,64,8 0
}

# The router answers nothing at all, not even a refusal.
drop_everything() {
	router_drop "${1:-r}" iifname lan0
}

# A forward that a person made in the router's menu; SPEC is a port or a range.
# usage: router_forward PROTOCOL SPEC [HOST [NS]]
router_forward() {
	local proto=$1 spec=$2 host=${3:-$HOST} ns=${4:-r}

	nse "$ns" nft add rule inet mupnp lab_dnat iifname wan0 \
		"$proto" dport "$spec" dnat ip to "$host"
	nse "$ns" nft add rule inet mupnp lab_accept iifname wan0 \
		ip daddr "$host" "$proto" dport "$spec" accept
}

# Removes all manual forwards, and what is left of their connections.
router_forward_nothing() {
	local ns=${1:-r}

	nse "$ns" nft flush chain inet mupnp lab_dnat
	nse "$ns" nft flush chain inet mupnp lab_accept
	router_forget_flows "$ns"
}

# Makes the router forget its connections: a flow that it knows passes, or goes
# to the wrong place, without a look at the rules.
router_forget_flows() {
	nse "${1:-r}" conntrack -F 2>/dev/null
}

# WAN goes down and comes back.
wan_down() {
	nip "${1:-r}" link set wan0 down
}
wan_up() {
	nip "${1:-r}" link set wan0 up
	nip "${1:-r}" route replace default via 11.22.33.1
}

# The provider gives r another address, 11.22.44.2.
wan_new_address() {
	nip i addr add 11.22.44.1/24 dev to-r
	nip r addr add 11.22.44.2/24 dev wan0
	nip r route replace default via 11.22.44.1
	nip r addr del "$WAN/24" dev wan0
}

# And the first one back again.
wan_old_address() {
	nip r addr add "$WAN/24" dev wan0
	nip r route replace default via 11.22.33.1
	nip r addr del 11.22.44.2/24 dev wan0
}

# The host's default route moves to another router. usage: gateway_move ADDRESS
gateway_move() {
	nip h route replace default via "$1"
}

# The host has no router.
gateway_none() {
	nip h route del default
}

# Loses PERCENT of what reaches a UDP port of the internet.
# usage: internet_loss PORT PERCENT
internet_loss() {
	nse i nft -f - <<-RULES
		table inet lab_loss {
			chain input {
				type filter hook input priority 0;
				udp dport $1 numgen random mod 100 < $2 drop
			}
		}
	RULES
}

# Starts a STUN server in the internet: both far hosts, ports 3478 and 3479,
# with what RFC 5780 needs to judge a NAT.
stun_start() {
	lab_spawn i stun turnserver -n --stun-only --no-cli --no-auth \
		--no-tcp --no-tls --no-dtls --listening-ip="$FAR" --listening-ip="$FAR2" \
		--pidfile="$LAB_TMP/stun.pid" --userdb="$LAB_TMP/stun.db" \
		--log-file=stdout --simple-log
	wait_until '[ "$(nse i ss -Hlun | grep -c ":347[89] ")" -ge 4 ]' 5 ||
		fail "the STUN server does not listen"
}

# --- proof from outside -----------------------------------------------------

# Starts a service on a host that answers 'pong'; waits until it listens. Takes
# over a port that is in use for a moment. Sets SERVICE_PID.
# usage: service_start udp|tcp PORT [NS]
service_start() {
	local proto=$1 port=$2 ns=${3:-h} log=$LAB_TMP/service-$1-$2.log

	: >"$log"
	lab_spawn "$ns" "service-$proto-$port" "$LAB_TOOLS/netcheck" \
		"$proto-serve" --timeout=3000 "$port"
	SERVICE_PID=$LAB_PID
	wait_until "grep -q ^ready '$log'" 4 ||
		fail "no $proto service on port $port of $ns: $(cat "$log")"
}

# Asks a service from the internet; prints the answer, fails without one.
# usage: outside_ask udp|tcp ADDRESS:PORT [TEXT]
outside_ask() {
	nse i "$LAB_TOOLS/netcheck" "$1-ask" --bind="$FAR" "$2" "${3:-hello}"
}

# Does a service on a host hear the IPv6 internet at ADDRESS? Starts the service
# for the question. usage: assert_reaches_ipv6 ADDRESS PORT [NS]
assert_reaches_ipv6() {
	local log=$LAB_TMP/service6-$2.log text=hello-$RANDOM

	: >"$log"
	lab_spawn "${3:-h}" "service6-$2" "$LAB_TOOLS/netcheck" udp-serve \
		--timeout=3000 "--bind=[::]:$2" "$2"
	SERVICE_PID=$LAB_PID
	wait_until "grep -q ^ready '$log'" 4 || fail "no IPv6 service on $2"
	nse i "$LAB_TOOLS/netcheck" udp-ask "--bind=$FAR_IPV6" "[$1]:$2" \
		"$text" >/dev/null || fail "nothing came back from [$1]:$2"
	grep -q "$text" "$log" || fail "[$1]:$2 is not the service"
	lab_stop "$SERVICE_PID"
}

# Fails when something comes through. usage: assert_closed_ipv6 ADDRESS PORT
assert_closed_ipv6() {
	local log=$LAB_TMP/service6-$2.log

	: >"$log"
	lab_spawn h "service6-$2" "$LAB_TOOLS/netcheck" udp-serve \
		--timeout=3000 "--bind=[::]:$2" "$2"
	SERVICE_PID=$LAB_PID
	wait_until "grep -q ^ready '$log'" 4 || fail "no IPv6 service on $2"
	! nse i "$LAB_TOOLS/netcheck" udp-ask --count=2 --timeout=150 \
		"--bind=$FAR_IPV6" "[$1]:$2" x >/dev/null ||
		fail "[$1]:$2 is open, and must not be"
	lab_stop "$SERVICE_PID"
}

# Does a service on a host hear the internet through ADDRESS:PORT? Starts the
# service for the question. usage: assert_reaches udp|tcp ADDRESS:PORT HOSTPORT
assert_reaches() {
	service_start "$1" "$3"
	assert_answers "$1" "$2" "$3"
	lab_stop "$SERVICE_PID"
}

# The same for a service that already runs.
assert_answers() {
	local text="hello-$RANDOM"

	outside_ask "$1" "$2" "$text" >/dev/null ||
		fail "nothing came back from $1 $2 to the internet"
	grep -q "$text" "$LAB_TMP/service-$1-$3.log" ||
		fail "the answer to $1 $2 was not from the service on $3"
}

# Fails when something answers there. usage: assert_silent udp|tcp ADDRESS:PORT
assert_silent() {
	nse i "$LAB_TOOLS/netcheck" "$1-ask" --count=2 --timeout=150 "$2" x \
		>/dev/null && fail "$1 $2 answers, and must not"
	return 0
}
