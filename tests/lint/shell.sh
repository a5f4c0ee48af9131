#!/bin/sh
# Reads every script with shellcheck. usage: shell.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/../..}"

find tests systemd .ci debian -type f \( -name '*.sh' -o -path .ci/run \) \
	2>/dev/null | sort | xargs shellcheck -x -S warning
