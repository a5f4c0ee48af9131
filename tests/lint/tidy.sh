#!/bin/sh
# clang-tidy with .clang-tidy. usage: CPPFLAGS=... tidy.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/../..}"

# The programs only: the tests of cmocka are full of its macros.
# shellcheck disable=SC2016 # the inner shell's own $
find lib daemon ctl -name '*.c' | sort |
	xargs -n 8 sh -c 'clang-tidy-14 --quiet "$@" -- -std=c11 $CPPFLAGS \
		2>/dev/null' tidy
