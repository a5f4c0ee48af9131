# shellcheck shell=bash
# fake.sh: traversalctl against canned answers (tests/tools/fake_daemon).
#
# Sourced after lib.sh. Makes $scratch, where the sockets and the last output
# are, and removes it and every process of the test on exit.

scratch=$(mktemp -d)
fake_pid=
others=()

stop_fake() {
	[ -z "$fake_pid" ] || kill "$fake_pid" 2>/dev/null || true
	[ -z "$fake_pid" ] || wait "$fake_pid" 2>/dev/null || true
	fake_pid=
}

stop_others() {
	for pid in "${others[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	others=()
}

finish() {
	stop_fake
	stop_others
	rm -rf "$scratch"
}
trap finish EXIT

# Serves a scenario in $scratch. usage: start_fake SCENARIO
start_fake() {
	stop_fake
	rm -f "$scratch/log"
	"$LAB_TOOLS/fake_daemon" "$scratch" "$1" >"$scratch/log" 2>&1 &
	fake_pid=$!
	wait_until 'grep -qs Ready "$scratch/log"' 5 ||
		fail "fake_daemon: $(cat "$scratch/log")"
}

# Runs traversalctl; leaves its exit status in $code, its output in $scratch.
ctl() {
	code=0
	"$LAB_BUILD/traversalctl" --socket="$scratch/traversald.sock" "$@" \
		>"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

# usage: expect_ctl STATUS ARGUMENT...
expect_ctl() {
	local want=$1

	shift
	ctl "$@"
	expect "exit status of $*" "$want" "$code"
}

# usage: says out|err TEXT
says() {
	grep -qF -- "$2" "$scratch/$1" ||
		fail "'$2' is not in: $(cat "$scratch/$1")"
}

# usage: says_not out|err TEXT
says_not() {
	! grep -qF -- "$2" "$scratch/$1" ||
		fail "'$2' is in: $(cat "$scratch/$1")"
}

# Does a condition on the JSON that was printed hold? usage: json JQ
json() {
	jq -e "$1" "$scratch/out" >/dev/null ||
		fail "not $1: $(cat "$scratch/out")"
}

# Answers each connection with the output of a shell command. usage: strange CMD
strange() {
	rm -f "$scratch/traversald.sock"
	printf '%s\n' "$1" >"$scratch/strange"
	socat "UNIX-LISTEN:$scratch/traversald.sock,fork" \
		"EXEC:sh $scratch/strange" 2>/dev/null &
	others+=($!)
	wait_until '[ -S "$scratch/traversald.sock" ]' 5 || fail "socat"
}
