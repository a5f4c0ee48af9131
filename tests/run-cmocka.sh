#!/bin/sh
# Runs the test programs given, shows what failed, and closes with one line of
# totals: 'N passed, N failed'. Fails when a test failed or a program died.
set -u

passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for program in "$@"; do
	name=${program##*/test_}
	"$program" >"$out" 2>&1
	status=$?
	ok=$(grep -c '^\[       OK \]' "$out")
	bad=$(grep -c '^\[  FAILED  \] [a-z]' "$out")
	passed=$((passed + ok))
	if [ "$status" -ne 0 ]; then
		[ "$bad" -gt 0 ] || bad=1
		failed=$((failed + bad))
		echo "FAIL $name (exit $status)"
		grep -v '^\[ RUN\|^\[       OK' "$out" | sed 's/^/     /'
	elif [ "$ok" -eq 0 ]; then
		failed=$((failed + 1))
		echo "FAIL $name: it ran no test"
	else
		echo "ok   $name ($ok)"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
