# shellcheck shell=bash
# daemon.sh: traversald in the namespace h of a lab, and questions about it.
#
# Sourced after lib.sh. The daemon reads a defaults file of the test, keeps its
# sockets and its state in the lab's temporary directory, and knows no other
# server than those of the lab.

DAEMON_PID=
DAEMON_DEFAULTS=
DAEMON_RUN=
SERVERS="--port-check-servers=$FAR:4589 --stun-servers=$FAR:3478"

# Abbreviations for the conditions on the status.
STATUS_JQ='
def svc(n): .services[] | select(.name == n);
def ext(n): svc(n).external[0];
def attempt(n; m): svc(n).attempts[] | select(.method == m);
def reachable: .verdict.reachable;
def settled: reachable != "unknown" and
	([.services[].attempts[] | select(.outcome == "running")] | length == 0);
'

# Writes the defaults file. Without SERVICE_OPTS a daemon that has a --map keeps
# no dynamic ports. usage: daemon_defaults DAEMON_OPTS [SERVICE_OPTS]
daemon_defaults() {
	DAEMON_DEFAULTS=$LAB_TMP/defaults
	DAEMON_RUN=$LAB_TMP/run
	mkdir -p "$DAEMON_RUN" "$LAB_TMP/data"
	cat >"$DAEMON_DEFAULTS" <<-DEFAULTS
		# what the test asks for
		DAEMON_OPTS="$SERVERS $1"
	DEFAULTS
	[ $# -eq 1 ] || echo "SERVICE_OPTS=\"$2\"" >>"$DAEMON_DEFAULTS"
}

# Starts the daemon on the defaults file and waits until it answers.
# usage: daemon_start [OPTION...]
daemon_start() {
	daemon_spawn "$@"
	wait_until 'status >/dev/null || ! is_alive "$DAEMON_PID"' 5 ||
		fail "traversald does not answer"
	is_alive "$DAEMON_PID" || fail "traversald ended at once"
}

# Starts the daemon without waiting. usage: daemon_spawn [OPTION...]
daemon_spawn() {
	lab_spawn h traversald "$LAB_BUILD/traversald" --foreground \
		--defaults="$DAEMON_DEFAULTS" --runtime-dir="$DAEMON_RUN" \
		--data-dir="$LAB_TMP/data" --log-level=debug "$@"
	DAEMON_PID=$LAB_PID
}

# Both at once. usage: daemon_up DAEMON_OPTS [SERVICE_OPTS]
daemon_up() {
	daemon_defaults "$@"
	daemon_start
}

# Skips the test while there is no daemon to test.
need_daemon() {
	local program

	for program in traversald traversalctl traversald-echo; do
		[ -x "$LAB_BUILD/$program" ] ||
			skip "$LAB_BUILD/$program is not built"
	done
}

# Asks the daemon; traversalctl finds the socket for changes beside the other.
# Returns its exit status. usage: ctl COMMAND...
ctl() {
	"$LAB_BUILD/traversalctl" --socket="$DAEMON_RUN/traversald.sock" "$@"
}

# Prints the status as JSON; fails only when the daemon does not answer (the
# exit status tells the verdict, 0 to 3).
status() {
	local code=0

	ctl --json=short status 2>/dev/null || code=$?
	[ "$code" -le 3 ]
}

# Prints a value of the status. usage: status_get JQ
status_get() {
	status | jq -r "$STATUS_JQ $1"
}

# Does a condition on the status hold? usage: status_is JQ
status_is() {
	status | jq -e "$STATUS_JQ $1" >/dev/null 2>&1
}

# Waits until a condition on the status holds. usage: wait_status JQ SECONDS
wait_status() {
	# shellcheck disable=SC2034 # read by the condition
	STATUS_WANTED=$1
	wait_until 'status_is "$STATUS_WANTED"' "$2" || status_fail "$1" "$2"
}

# Fails unless a condition on the status holds now. usage: expect_status JQ
expect_status() {
	status_is "$1" || status_fail "$1" 0
}

# Fails with the whole status. usage: status_fail JQ SECONDS
status_fail() {
	status | jq . || true
	fail "after $2 s not: $1"
}

# Prints ADDRESS:PORT where the internet finds a service. usage: external NAME
external() {
	status_get "ext(\"$1\") | \"\(.address):\(.port)\""
}

# Prints a value of the counters, which no command shows whole. usage:
# counter_get JQ
counter_get() {
	python3 - "$DAEMON_RUN/traversald.sock" <<-'CALL' | jq -r "$1"
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(b'{"method":"io.traversald.GetCounters"}\0')
		reply = b""
		while not reply.endswith(b"\0"):
		    reply += s.recv(65536)
		print(reply[:-1].decode())
	CALL
}

# Ends the daemon as systemd does. usage: daemon_stop [SECONDS]
daemon_stop() {
	lab_stop "$DAEMON_PID" TERM "${1:-5}"
}

# Takes the daemon away without a word.
daemon_kill() {
	lab_stop "$DAEMON_PID" KILL
}

# Starts the port-check server in the internet: it listens on one far host and
# answers from the other.
echo_start() {
	lab_spawn i echo "$LAB_BUILD/traversald-echo" \
		--listen="$FAR:4589" --answer-from="$FAR2"
	# shellcheck disable=SC2034 # for the caller
	ECHO_PID=$LAB_PID
	wait_until 'nse i ss -Hlun "sport = 4589" | grep -q .' 3 ||
		fail "the echo server does not listen"
}

# What most tests begin with: lab, echo server, and nothing of the daemon yet.
# usage: lab_for_daemon [LAB_HOME_OPTION...]
lab_for_daemon() {
	lab_start
	need_daemon
	lab_home "$@"
	echo_start
}

# Proves a service from outside at the address that the status names.
# usage: assert_service_reached NAME PROTOCOL HOSTPORT
assert_service_reached() {
	local outer

	outer=$(external "$1")
	note "$1 is said to be at $outer"
	assert_reaches "$2" "$outer" "$3"
}
