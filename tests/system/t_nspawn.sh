#!/usr/bin/env bash
# The real unit under a real systemd, behind a real router that speaks UPnP
# only: the sandbox leaves the daemon, its worker and its sockets all they need.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$LAB_ROOT/tests/lab/daemon.sh"

NSPAWN=
LEADER=
NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# Runs a command in the container.
inside() {
	nsenter -t "$LEADER" -a "$@"
}

# Asks systemd about the service. usage: unit PROPERTY
unit() {
	inside systemctl show traversald -P "$1"
}

is_booted() {
	LEADER=$(pgrep -P "$NSPAWN" -x systemd) &&
		[ "$(inside systemctl is-system-running 2>&1)" = running ]
}

boot() {
	local stage=$LAB_TMP/stage

	make -s -C "$LAB_ROOT" BUILD="$LAB_BUILD" install prefix=/usr \
		DESTDIR="$stage" >/dev/null
	cp "$DAEMON_DEFAULTS" "$stage/etc/default/traversald"
	unshare --mount --propagation private \
		bash "$LAB_ROOT/tests/system/boot.sh" "$LAB_TMP/boot" \
		"${LAB_PREFIX}h" "$stage" >"$LAB_TMP/boot.log" 2>&1 &
	NSPAWN=$!
	# Its processes die with it, and its mounts with them.
	LAB_PIDS+=("$NSPAWN")
	# shellcheck disable=SC2016 # evaluated again and again
	wait_until '! is_alive "$NSPAWN" || is_booted' 30 ||
		fail "the container does not boot: $(
			inside systemctl is-system-running
			inside systemctl --failed --no-legend
			inside systemctl list-jobs --no-legend
		)"
	is_alive "$NSPAWN" ||
		skip "no container here: $(tail -n 1 "$LAB_TMP/boot.log")"
}

# Does a condition hold on the status that a user without rights sees?
seen() {
	inside "${NOBODY[@]}" traversalctl --json status 2>/dev/null |
		jq -e "$STATUS_JQ $1" >/dev/null
}

wait_seen() {
	# shellcheck disable=SC2034 # evaluated again and again
	WANTED=$1
	wait_until 'seen "$WANTED"' "$2" || fail "after $2 s not: $1
$(inside traversalctl --json=pretty status)
$(inside journalctl -u traversald -n 60 --no-pager)"
}

command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is not installed"
lab_for_daemon
igd_start r natpmp=no
daemon_defaults "--map=game=5000/udp"
boot

# As the README says.
inside systemd-sysusers
inside systemctl daemon-reload
inside systemctl enable --now traversald 2>&1
expect "state of the unit" active "$(inside systemctl is-active traversald)"
for socket in traversald.socket traversald-admin.socket \
	traversald-fwprobe.socket; do
	expect "$socket" active "$(inside systemctl is-active "$socket")"
done

# The worker gets through the sandbox, and the outside in.
wait_seen 'reachable == "yes" and ext("game").via == "upnp"' 20
assert_reaches udp "$WAN:5000" 5000
note "status: $(unit StatusText)"
[ -n "$(unit StatusText)" ] || fail "no status text"

pid=$(unit MainPID)
limits=$(inside grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp|Uid):' \
	"/proc/$pid/status")
grep -q '^CapEff:.0*$' <<<"$limits" || fail "has capabilities: $limits"
grep -q '^CapBnd:.0*$' <<<"$limits" || fail "may gain capabilities: $limits"
grep -q '^NoNewPrivs:.1$' <<<"$limits" || fail "may gain rights: $limits"
grep -q '^Seccomp:.2$' <<<"$limits" || fail "no system call filter: $limits"
! grep -q '^Uid:.0' <<<"$limits" || fail "runs as root: $limits"

# Who may change things: not everybody, but the unit's own reload.
code=0
inside "${NOBODY[@]}" traversalctl --socket=/run/traversald-admin.sock \
	reload || code=$?
expect "exit status of a reload without the right" 77 "$code"
inside systemctl reload traversald || fail "reload: $(
	inside journalctl -u traversald -n 20 --no-pager
)"

# The firewall is read for the group, by a unit of its own; not for others.
group=$(inside getent group traversald | cut -d: -f3)
nse h nft 'table inet filter { chain forward {
	type filter hook forward priority 0; policy drop; }; }'
firewall() {
	inside setpriv --reuid=65534 --regid="$1" --clear-groups \
		traversalctl --json doctor fw.summary >"$LAB_TMP/fw" || true
	jq -r '.checks[0].result' "$LAB_TMP/fw"
}
expect "the firewall, for others" skipped "$(firewall 65534)"
expect "the firewall, for the group" ok "$(firewall "$group")"
grep -q 'inet filter forward drop' "$LAB_TMP/fw" || fail "$(cat "$LAB_TMP/fw")"

# A stop gives the mapping back and leaves the sockets to systemd, which start
# the daemon again for who asks.
inode=$(inside stat -c %i /run/traversald.sock)
inside systemctl stop traversald
expect "result of the unit" success "$(unit Result)"
expect "mappings in the router" "" "$(router_mappings)"
wait_seen 'reachable == "yes"' 20
expect "the socket after a stop" "$inode" \
	"$(inside stat -c %i /run/traversald.sock)"

# A crash: systemd starts it again on the same sockets.
inside systemctl kill -s KILL traversald
wait_until '[ "$(unit NRestarts)" = 1 ] && [ "$(unit SubState)" = running ]' 10 ||
	fail "not restarted: $(unit SubState)"
wait_seen 'reachable == "yes"' 20
expect "the socket after a crash" "$inode" \
	"$(inside stat -c %i /run/traversald.sock)"

# journald understood the levels.
inside journalctl -u traversald -o json --no-pager |
	jq -rs '[.[] | select(._COMM == "traversald") | .PRIORITY] | unique | @csv' \
		>"$LAB_TMP/levels"
note "levels in the journal: $(cat "$LAB_TMP/levels")"
grep -q 6 "$LAB_TMP/levels" || fail "no message of level info in the journal"

# Events have fields there, out of the sandbox as well, and an explanation.
inside journalctl -u traversald TRAVERSALD_EVENT=started -o json --no-pager |
	jq -es 'length >= 2 and .[0].TRAVERSALD_VERSION != null and
		.[0]._SYSTEMD_UNIT == "traversald.service"' >/dev/null ||
	fail "no event with fields in the journal"
inside journalctl --update-catalog
inside journalctl -u traversald -x --no-pager TRAVERSALD_EVENT=verdict-changed |
	grep -q 'Subject: Reachability from the internet: yes' ||
	fail "journalctl -x does not explain the verdict"
