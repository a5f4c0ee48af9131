#!/usr/bin/env bash
# Every row of quirks.txt: the fake gateway misbehaves as told, and the daemon
# ends with what the row says. QUIRKS='16 17' runs only those.
# deadline: 300 s
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/daemon.sh
. "$(dirname "$0")/daemon.sh"

FAKEGW=$LAB_TOOLS/fakegw/fakegw
QUIRK_S=${QUIRK_S:-20}
failures=0
rows=0

# usage: fake_start WORD...
fake_start() {
	lab_spawn r fakegw "$FAKEGW" "$ROUTER" 5000 "$LAB_TMP/fakegw.sock" "$@"
	FAKE_PID=$LAB_PID
	wait_until '[ -S "$LAB_TMP/fakegw.sock" ] && fake seen >/dev/null' 3 ||
		fail "the fake gateway does not start"
}

# Tells or asks the fake gateway. usage: fake WORD...
fake() {
	"$FAKEGW" --ask "$LAB_TMP/fakegw.sock" "$@" 2>/dev/null
}

# Does the router's table look as the row says? usage: is_table PATTERN
is_table() {
	local table

	table=$(fake table)
	if [ "${1#seen:}" != "$1" ]; then
		fake seen | grep -q "${1#seen:}"
		return
	fi
	if [ "$1" = - ]; then
		[ -z "${table// /}" ]
	else
		grep -q "$1" <<<"$table"
	fi
}

# usage: try_row NUMBER WORDS STATUS TABLE
try_row() {
	local words=$2 condition=${3//G/'ext("game")'} took_ms

	words=${words/#off/pcp=silent natpmp=silent}
	# shellcheck disable=SC2086 # several words
	fake_start $words
	rm -rf "$LAB_TMP/data" "$LAB_TMP/run"
	daemon_defaults "--port-check-servers= --traversal=upnp \
		--map=game=5000/udp:5555"
	daemon_start
	took_ms=$(now_ms)
	# shellcheck disable=SC2034 # read by the condition
	WANTED="settled and ($condition)" TABLE=$4
	if wait_until 'status_is "$WANTED" && is_table "$TABLE"' "$QUIRK_S"
	then
		note "ok   $1: $2 ($(($(now_ms) - took_ms)) ms)"
	else
		failures=$((failures + 1))
		note "FAIL $1: $2: not '$3' with '$4'"
		note "     $(fake table) $(fake seen)"
		note "     $(status_get '.services[0] | {external, attempts}' |
			jq -c .)"
	fi
	lab_stop "$DAEMON_PID" KILL
	lab_stop "$FAKE_PID" KILL
	rm -f "$LAB_TMP/fakegw.sock"
}

# A row that other tests play: are they there? usage: by_others NUMBER FILE...
by_others() {
	local number=$1 file

	shift
	for file in "$@"; do
		[ -e "$LAB_ROOT/$file" ] || {
			failures=$((failures + 1))
			note "FAIL $number: there is no $file"
		}
	done
	note "-    $number: by $*"
}

lab_for_daemon
[ -x "$FAKEGW" ] || skip "$FAKEGW is not built"
while IFS='|' read -r number words condition table; do
	case $number in
	'#'* | '') continue ;;
	esac
	number=${number// /}
	if [ -n "${QUIRKS:-}" ] && [[ " $QUIRKS " != *" $number "* ]]; then
		continue
	fi
	rows=$((rows + 1))
	if [[ $words == " by "* ]]; then
		# shellcheck disable=SC2086 # several files
		by_others "$number" ${words# by }
		continue
	fi
	read -r words <<<"$words"
	read -r condition <<<"$condition"
	read -r table <<<"$table"
	try_row "$number" "$words" "$condition" "$table" </dev/null
done <"$(dirname "$0")/quirks.txt"
note "$rows rows, $failures failures"
[ "$failures" -eq 0 ] || fail "$failures of $rows rows"
