#!/usr/bin/env bash
# The manual pages name every command and flag that there is, and no other.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

doc=$LAB_ROOT/doc

# Fails when the two lists differ. usage: same WHAT PROGRAM-LIST PAGE-LIST
same() {
	local out

	[ -n "$2" ] || fail "$1: the program tells none"
	out=$(diff <(sort -u <<<"$2") <(sort -u <<<"$3")) ||
		fail "$1: < only the program has, > only the page: $out"
	note "$1: $(sort -u <<<"$2" | wc -l)"
}

# "  status [SERVICE]" or "  --json" in the help.
commands=$("$LAB_BUILD/traversalctl" help | sed -n 's/^  \([a-z][a-z]*\)\( .*\)*$/\1/p')
same "commands of traversalctl" "$commands" "$(
	sed -n '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.It Cm \([a-z]*\).*/\1/p' \
		"$doc/traversalctl.1"
)"

options=$("$LAB_BUILD/traversalctl" help |
	sed -n '/^Options/,$p' | grep -oE -- ' --[a-z-]+' | tr -d ' -')
same "options of traversalctl" "$options" "$(
	sed -n '/^\.Sh OPTIONS/,/^\.Sh FILES/s/^\.It.*Fl -\([a-z-]*\).*/\1/p' \
		"$doc/traversalctl.1" | tr -d ' -'
)"

# Those of the table in the source, less those that only the program has.
flags=$(sed -n 's/^    {\.name = "\([a-z0-9.-]*\)".*/\1/p' \
	"$LAB_ROOT/lib/config_options.c" |
	grep -vxE 'foreground|version|help|defaults|conf-dir')
same "flags of traversald" "$flags" "$(
	sed -n '/^\.Sh FLAGS/,/^\.Sh SECTIONS/p' "$doc/traversald.conf.5" |
		grep '^\.It' | grep -oE 'Fl -[a-z0-9.-]+' | sed 's/^Fl -//'
)"

options=$("$LAB_BUILD/traversald-echo" --help | grep -oE -- '--[a-z-]+' |
	tr -d ' -')
same "options of traversald-echo" "$options" "$(
	sed -n '/^The options are/,/^\.Sh SIGNALS/p' "$doc/traversald-echo.8" |
		grep '^\.It' | grep -oE 'Fl -[a-z-]+' | sed 's/^Fl -//' |
		tr -d ' -'
)"

# What the README tells people to type.
while read -r command; do
	grep -qx "$command" <<<"$commands" ||
		fail "the README names traversalctl $command, which is none"
done < <(grep -oE '(^|`|sudo )traversalctl [a-z]+' "$LAB_ROOT/README.md" |
	sed 's/.* //' | sort -u)
