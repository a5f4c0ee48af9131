#!/bin/sh
# Runs the style gates and closes with 'N passed, N failed'.
# usage: run.sh light|all
set -u
here=$(cd "$(dirname "$0")" && pwd)

case ${1:-all} in
light) gates='layers calls size shell man' ;;
all) gates='layers calls size shell man format cppcheck tidy' ;;
*)
	echo "usage: $0 light|all" >&2
	exit 64
	;;
esac

passed=0
failed=0
for gate in $gates; do
	if out=$("$here/$gate.sh" 2>&1); then
		echo "ok   lint/$gate"
		passed=$((passed + 1))
	else
		echo "FAIL lint/$gate"
		echo "$out" | head -n 60 | sed 's/^/     /'
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
