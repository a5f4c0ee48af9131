#!/bin/sh
# cppcheck; what it is told to overlook stands in cppcheck.txt with the reason.
# usage: cppcheck.sh [TREE]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

# The one system header whose macros look like functions.
queue=$(echo '#include <sys/queue.h>' | cc -M -E -x c - | tr ' ' '\n' |
	grep '/sys/queue\.h$')

cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	--enable=warning,performance,portability \
	--suppressions-list="$here/cppcheck.txt" --include="$queue" \
	-D_GNU_SOURCE -DVERSION='""' -Ilib -Idaemon -Ictl lib daemon ctl
