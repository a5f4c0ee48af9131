#!/bin/sh
# Fails where clang-format 14 would change something. usage: format.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/../..}"

find lib daemon ctl tests -name '*.[ch]' | sort |
	xargs clang-format-14 --dry-run --Werror
