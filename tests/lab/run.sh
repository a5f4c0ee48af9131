#!/usr/bin/env bash
# Runs the tests DIR/t_*.sh one after the other, or those named, each in a
# process of its own with a deadline. Prints one line a test, the tail of the
# log of a failed one, and closes with 'N passed, N failed, N skipped'.
# usage: tests/lab/run.sh [DIR [NAME...]]
#
# A test passes with exit 0; it is skipped with exit 77 and a line 'SKIP: why';
# anything else failed, as did a test that left namespaces behind.
# Environment: DEADLINE_S (120) for each test that names no deadline itself; BUILD, where the programs are;
# CI=true counts a skipped test as failed; KEEP=DIR keeps all the logs there.
set -u

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here}
[ $# -eq 0 ] || shift
deadline_s=${DEADLINE_S:-120}
tail_lines=60
passed=0
failed=0
skipped=0
child=

# shellcheck source=tests/lab/lib.sh
. "$here/lib.sh"
set +e +o pipefail

logs=${KEEP:-$(mktemp -d "${TMPDIR:-/tmp}/traversald-run.XXXXXX")}
mkdir -p "$logs"

# Ends the test that runs, on a signal or at the end, and forgets the logs.
finish() {
	trap '' HUP INT TERM
	if [ -n "$child" ]; then
		kill -TERM "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	[ -n "${KEEP:-}" ] || rm -rf "$logs"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# Prints the reason that a test gave, if any. usage: reason WORD LOG
reason() {
	sed -n "s/^$1: //p" "$2" | tail -n 1
}

report_failed() {
	failed=$((failed + 1))
	echo "FAIL $1"
	tail -n "$tail_lines" "$2" | sed 's/^/     /'
}

report_skipped() {
	skipped=$((skipped + 1))
	echo "SKIP $1: $2"
}

# Runs one test. timeout(1) gives it a process group of its own and passes on
# what it is sent, so that nothing of a test outlives its deadline.
run_test() {
	local script=$1 name log id status start_ms own_s limit_s
	name=${script##*/t_}
	name=${name%.sh}
	log=$logs/$name.log
	id=$$x$((passed + failed + skipped))
	start_ms=$(now_ms)

	# A test that waits by its nature says for how long.
	own_s=$(sed -n 's/^# deadline: \([0-9]*\) s$/\1/p' "$script")
	limit_s=${own_s:-$deadline_s}
	LAB_ID=$id timeout --kill-after=10 "$limit_s" bash "$script" \
		>"$log" 2>&1 </dev/null &
	child=$!
	wait "$child" 2>/dev/null
	status=$?
	child=
	if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		echo "FAIL: not done after $limit_s s" >>"$log"
	fi
	if [ -n "$(lab_leftovers "tv-$id-")" ]; then
		lab_sweep "tv-$id-"
		echo "FAIL: it left namespaces behind" >>"$log"
		status=1
	fi
	case $status in
	0)
		passed=$((passed + 1))
		echo "ok   $name ($(($(now_ms) - start_ms)) ms)"
		;;
	77) report_skipped "$name" "$(reason SKIP "$log")" ;;
	*) report_failed "$name" "$log" ;;
	esac
}

# Prints why no test can run here, or nothing.
cannot_run() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "needs root: sudo make lab"
	elif ! unshare --net true 2>/dev/null; then
		echo "no right to make network namespaces here"
	fi
}

# Lists the scripts to run: all of DIR, or those named.
scripts() {
	local name

	if [ $# -eq 0 ]; then
		ls "$dir"/t_*.sh 2>/dev/null
		return
	fi
	for name in "$@"; do
		name=${name#t_}
		echo "$dir/t_${name%.sh}.sh"
	done
}

mapfile -t chosen < <(scripts "$@")
for script in "${chosen[@]}"; do
	if [ ! -f "$script" ]; then
		echo "run.sh: there is no test $script" >&2
		exit 64
	fi
done
why=$(cannot_run)
for script in "${chosen[@]}"; do
	if [ -n "$why" ]; then
		name=${script##*/t_}
		report_skipped "${name%.sh}" "$why"
	else
		run_test "$script"
	fi
done

total="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || total="$total, $skipped skipped"
echo "$total"
if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then
	echo "with CI=true a skipped test counts as failed" >&2
	exit 1
fi
if [ $((passed + failed + skipped)) -eq 0 ]; then
	echo "run.sh: no tests in $dir" >&2
	exit 1
fi
[ "$failed" -eq 0 ]
