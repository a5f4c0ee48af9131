#!/bin/sh
# Runs each fuzz target over its corpus; what it finds stays in build/fuzz.
# usage: tests/fuzz/run.sh SECONDS PROGRAM...
set -u
here=$(cd "$(dirname "$0")" && pwd)
seconds=$1
shift

passed=0
failed=0
for program in "$@"; do
	name=${program##*/fuzz_}
	corpus=$here/corpus/$name
	found=${program%/*}/found/$name
	mkdir -p "$found"
	# New inputs go to the first directory; the repository's is only read.
	if "$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
		-artifact_prefix="$found/crash-" -print_final_stats=1 \
		"$found" "$corpus" >"$found.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
			"$found.log")
		echo "ok   fuzz/$name ($runs inputs in $seconds s)"
		passed=$((passed + 1))
	else
		echo "FAIL fuzz/$name: $found.log"
		tail -n 30 "$found.log" | sed 's/^/     /'
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
