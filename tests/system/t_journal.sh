#!/usr/bin/env bash
# Events in the journal: fields, message ids, and the catalog that explains
# them. The journal's socket is ours, in a mount namespace of the test.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

[ "$(id -u)" -eq 0 ] || skip "needs root"
catalog=$LAB_ROOT/systemd/traversald.catalog
source=$LAB_ROOT/daemon/service_manager.c
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints the message id of an event in the source. usage: id_of EVENT
id_of() {
	tr -d '\n' <"$source" | grep -oE "\"$1\",[[:space:]]*\"[0-9a-f]{32}" |
		grep -oE '[0-9a-f]{32}$'
}

note "each message id has its entry, and no other"
expect "ids" "$(grep -oE '"[0-9a-f]{32}"' "$source" | tr -d '"' | sort)" \
	"$(sed -n 's/^-- \([0-9a-f]*\)$/\1/p' "$catalog" | sort)"
expect "ids told twice" "" \
	"$(grep -oE '"[0-9a-f]{32}"' "$source" | sort | uniq -d)"

note "journalctl reads the catalog"
journalctl --root="$scratch" --update-catalog 2>/dev/null || true
mkdir -p "$scratch/usr/lib/systemd/catalog" "$scratch/var/lib/systemd/catalog"
cp "$catalog" "$scratch/usr/lib/systemd/catalog/"
journalctl --root="$scratch" --update-catalog >"$scratch/log" 2>&1 ||
	fail "$(cat "$scratch/log")"
id=$(id_of verdict-changed)
journalctl --root="$scratch" --dump-catalog "$id" >"$scratch/log" 2>&1 ||
	fail "$(cat "$scratch/log")"
grep -q 'Subject: Reachability from the internet' "$scratch/log" ||
	fail "$(cat "$scratch/log")"

# Runs traversald for a moment with a journal, or with none at that place.
# usage: with_journal yes|no
with_journal() {
	unshare --mount --net bash -euc '
		cd "$1"
		mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/journal
		[ "$3" = no ] || socat -u UNIX-RECV:/run/systemd/journal/socket \
			CREATE:"$1/journal" &
		[ "$3" = no ] || until [ -S /run/systemd/journal/socket ]; do
			sleep 0.02
		done
		: >"$1/stderr"
		export JOURNAL_STREAM=$(stat -c %d:%i "$1/stderr")
		"$2/traversald" --foreground --defaults="$1/defaults" \
			--runtime-dir="$1" --data-dir="$1" 2>"$1/stderr" &
		until "$2/traversalctl" -q --socket="$1/traversald.sock" \
			config show; do
			kill -0 $! || exit 1
			sleep 0.02
		done
		kill $!
		wait $! || true
		kill %1 2>/dev/null || true
	' - "$scratch" "$LAB_BUILD" "$1"
}

note "an event is a message with fields"
echo 'DAEMON_OPTS="--map=game=7777/udp --stun-servers= --port-check-servers="' \
	>"$scratch/defaults"
with_journal yes || fail "$(cat "$scratch/stderr")"
# One datagram after the other, a field a line.
grep -aq '^TRAVERSALD_EVENT=started$' "$scratch/journal" ||
	fail "$(cat -A "$scratch/journal" "$scratch/stderr")"
grep -aq "^TRAVERSALD_DEFAULTS=$scratch/defaults$" "$scratch/journal" ||
	fail "a pair is no field: $(cat -A "$scratch/journal")"
grep -aq '^SYSLOG_IDENTIFIER=traversald$' "$scratch/journal" || fail "no name"
grep -aq '^MESSAGE=event=started ' "$scratch/journal" || fail "no message"
grep -aqE '^PRIORITY=6$' "$scratch/journal" || fail "no priority"
id=$(id_of started)
grep -aq "^MESSAGE_ID=$id$" "$scratch/journal" || fail "no message id"
expect "the same on standard error" "" \
	"$(grep 'event=started' "$scratch/stderr" || true)"

note "without the journal's socket nothing is lost"
with_journal no || fail "$(cat "$scratch/stderr")"
grep -q '^<6>event=started' "$scratch/stderr" ||
	fail "$(cat "$scratch/stderr")"
