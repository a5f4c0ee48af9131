#!/usr/bin/env bash
# What a real daemon answers is what doc/traversald.schema.json says.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

# usage: valid SCHEMA ARGUMENT...
valid() {
	local schema=$1 code=0 out

	shift
	ctl --json=short "$@" >"$LAB_TMP/answer" || code=$?
	[ "$code" -le 3 ] || fail "$*: exit $code"
	out=$("$LAB_ROOT/tests/tools/check_schema.py" "$schema" \
		<"$LAB_TMP/answer" 2>&1) || fail "$*: $out"
}

everything() {
	valid status status
	valid nat nat
	valid check check
	valid mappings mappings
	valid mappings mappings --router
	valid config-show config show
	valid metrics metrics
	valid version version
}

lab_for_daemon
igd_start r
daemon_up "--map=game=7777/udp --map=web=8080/tcp --wireguard.listen.ports=1:2"
note "still trying"
everything
wait_status 'reachable == "likely" and settled' 30
note "reachable"
everything
valid map map 9999/udp
valid unmap unmap 9999/udp
valid renew renew
valid reload reload
valid probe probe
note "the router is gone"
igd_stop
ctl probe
wait_status 'settled' 30
everything
