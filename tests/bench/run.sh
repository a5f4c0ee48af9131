#!/usr/bin/env bash
# Runs the benchmarks tests/bench/bench_*.sh, or those named, and shows what
# they print. They report figures and never fail on one; a benchmark that could
# not measure fails. usage: tests/bench/run.sh [NAME...]
set -eu

cd "$(dirname "$0")"
[ "$(id -u)" -eq 0 ] || {
	echo "bench: needs root: sudo make bench" >&2
	exit 77
}
if [ $# -eq 0 ]; then
	set -- bench_*.sh
fi
for name in "$@"; do
	name=${name#bench_}
	bash "bench_${name%.sh}.sh"
done
