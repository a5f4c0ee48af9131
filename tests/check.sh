#!/bin/sh
# Runs suites (make targets) one after the other and closes with the sum of
# their totals lines. usage: check.sh SUITE...   MAKE names the make to use.
set -u

passed=0
failed=0
skipped=0
out=$(mktemp)
trap 'rm -f "$out" "$out.status"' EXIT
trap 'exit 130' INT TERM

# The number before WORD in the last totals line of the suite.
total() {
	grep -E '^[0-9]+ passed, [0-9]+ failed' "$out" | tail -n 1 |
		grep -oE "[0-9]+ $1" | cut -d' ' -f1
}

for suite in "$@"; do
	echo "== $suite"
	{
		${MAKE:-make} --no-print-directory "$suite"
		echo $? >"$out.status"
	} 2>&1 | tee "$out"
	bad=$(total failed)
	[ "$(cat "$out.status")" -eq 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1
	if [ -z "$bad" ]; then
		echo "FAIL $suite: it printed no totals"
		bad=1
	fi
	passed=$((passed + $(total passed || true) + 0))
	failed=$((failed + bad))
	skipped=$((skipped + $(total skipped || true) + 0))
done
echo "== all"
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
