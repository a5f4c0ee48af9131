#!/bin/sh
# Runs the daemon that was just built on this host, in the foreground, without
# root: sockets and state go to BUILD/run. usage: run-here.sh BUILD [FLAG...]
set -eu
build=$(cd "$1" && pwd)
shift

run=$build/run
mkdir -p "$run/state"

defaults=
[ -r /etc/default/traversald ] || [ -r /etc/default/mysterium-node ] ||
	defaults=--defaults=conf/traversald.default

echo "Ask it from another terminal:"
echo "  $build/traversalctl --socket=$run/traversald.sock"
echo "End it with Ctrl-C."
echo
exec "$build/traversald" --foreground ${defaults:+"$defaults"} \
	--runtime-dir="$run" --data-dir="$run/state" "$@"
