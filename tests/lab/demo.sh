#!/usr/bin/env bash
# make demo: a home network, a real router, a way in, shown step by step.
#
# Builds the lab of lib.sh, starts traversald on a defaults file, asks from
# outside through the port that the router granted, shows the picture, and takes
# everything down. Fails with one sentence that names what did not work;
# V=1 adds the logs. Touches nothing of this machine's own network.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

step=0

# Prints the next numbered step.
say() {
	step=$((step + 1))
	printf '\n%d. %s\n' "$step" "$*"
}

# Prints lines that belong to the step.
show() {
	sed 's/^/     /'
}

# Ends the demo with one sentence.
die() {
	printf '\nThe demo failed at step %d: %s\n' "$step" "$*" >&2
	exit 1
}

# The helpers of the lab report through these two.
fail() {
	die "$*."
}
lab_error() {
	die "the command '$BASH_COMMAND' failed."
}
if [ "${V:-0}" != 1 ]; then
	lab_show_logs() {
		# shellcheck disable=SC2154 # of lab_finish, which calls it
		[ "$status" -ne 1 ] ||
			echo "To see the logs: sudo make demo V=1" >&2
	}
fi

[ "$(id -u)" -eq 0 ] || {
	echo "The demo makes network namespaces, which needs root:" \
		"sudo make demo" >&2
	exit 77
}
started_ms=$(now_ms)

lab_start
say "A home network, in network namespaces of its own:"
lab_home
show <<-PICTURE
	  host              home router               client
	$HOST -- $ROUTER|$WAN -- internet -- $FAR
PICTURE

say "The router runs miniupnpd, as many home routers do. Nobody has set up a"
echo "   port forward in it, so a client outside gets no answer:"
igd_start r
echo_start
stun_start
service_start udp 5000
echo "client> hello, game server ($WAN:5000)" | show
if outside_ask udp "$WAN:5000" >/dev/null; then
	die "the service is reachable although nobody has opened the way."
fi
echo "client> no answer" | show
lab_stop "$SERVICE_PID"

say "traversald starts on the host, with this file for /etc/default:"
daemon_defaults "--map=game=5000/udp"
grep -v '^#' "$DAEMON_DEFAULTS" | fold -s -w 70 | show
daemon_start ||
	die "traversald did not start."
asked_ms=$(now_ms)
# shellcheck disable=SC2034 # read by the condition
STATUS_WANTED='reachable == "yes" and svc("game").state == "reachable"'
wait_until 'status_is "$STATUS_WANTED"' 20 ||
	die "traversald found no way in within 20 s; it says:" \
		"$(status_get .verdict.summary)"
outer=$(external game)
echo "after $(($(now_ms) - asked_ms)) ms it says: $(status_get \
	.verdict.summary), at $outer by $(status_get 'ext("game").via')" | show

say "Now the router holds this mapping, and the client outside asks again:"
router_mappings | grep ' 5000$' | show
service_start udp 5000
echo "client> hello, game server ($outer)" | show
answer=$(outside_ask udp "$outer" "hello, game server") ||
	die "no answer came back from the service through $outer."
tail -n 1 "$LAB_TMP/service-udp-5000.log" | sed 's/^/service> got: /' | show
echo "client> answer from $answer" | show

say "What traversalctl shows:"
wait_until 'status_is settled' 5 || true
{ ctl status -v || true; } | show

say "traversald stops, and takes its mapping back:"
daemon_stop 5
wait_until '[ "$(router_count)" -eq 0 ]' 2 ||
	die "the router still holds a mapping after traversald has ended."
echo "mappings left in the router: $(router_count)" | show

printf '\nAll of it worked, in %d.%d s. Nothing of it is left on this machine.\n' \
	$((($(now_ms) - started_ms) / 1000)) \
	$((($(now_ms) - started_ms) % 1000 / 100))
