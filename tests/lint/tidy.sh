#!/bin/sh
# clang-tidy with .clang-tidy. usage: tidy.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/../..}"

# The programs only: the tests are full of cmocka's macros. One file a run, as
# version 14 mistakes va_start() in all but the first.
find lib daemon ctl -name '*.c' | sort | xargs -P 2 -I FILE \
	clang-tidy-14 --quiet FILE -- -std=c11 -D_GNU_SOURCE \
	-DVERSION='""' -Ilib -Idaemon -Ictl 2>/dev/null
