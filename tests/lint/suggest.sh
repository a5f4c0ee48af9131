#!/bin/sh
# Prints layers.txt anew from the includes and calls that there are: each file as
# low as it can stand. Look at the difference: a file that rose shows a new
# arrow. Fails on a cycle. Needs the objects.
# usage: suggest.sh >layers.new   BUILD names the build directory
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
build=${BUILD:-build}

sed '/^# lib$/,$d' "$here/layers.txt"
{
	grep -o '^[^#]*\.h\b' "$here/layers.txt" | tr ' ' '\n' |
		grep '/.*\.h$' | sed 's/^/split /'
	find lib daemon ctl -name '*.[ch]' | sed 's/^/file /'
	grep -r --include='*.[ch]' '^ *# *include "' lib daemon ctl |
		sed 's/\([^:]*\):.*"\(.*\)".*/include \1 \2/'
	for source in lib/*.c daemon/*.c ctl/*.c; do
		[ ! -e "$build/${source%.c}.o" ] ||
			nm "$build/${source%.c}.o" |
			awk -v m="$source" '{ print "symbol", m, $(NF-1), $NF }'
	done
} | awk '
function module(path) {
	if (!(path in split_header))
		sub(/\.[ch]$/, "", path)
	return path
}
function arrow(from, to) {
	if (from != to && !((from, to) in seen)) {
		seen[from, to] = 1
		tail[++arrows] = from
		head[arrows] = to
	}
}
$1 == "split" { split_header[$2] = 1 }
$1 == "file" { exists[$2] = 1; level[module($2)] = 1; modules++ }
$1 == "include" {
	top = $2
	sub(/\/.*/, "", top)
	n = split(top " lib daemon ctl", dirs, " ")
	for (i = 1; i <= n; i++)
		if (dirs[i] "/" $3 in exists) {
			arrow(module($2), module(dirs[i] "/" $3))
			break
		}
}
$1 == "symbol" && $3 == "U" { user[++uses] = module($2); used[uses] = $4 }
$1 == "symbol" && $3 ~ /^[TDBR]$/ && $4 != "main" { owner[$4] = module($2) }
END {
	for (i = 1; i <= uses; i++)
		if (used[i] in owner)
			arrow(user[i], owner[used[i]])
	for (round = 0; moved != "" || round == 0; round++) {
		moved = ""
		for (i = 1; i <= arrows; i++)
			if (level[tail[i]] <= level[head[i]]) {
				level[tail[i]] = level[head[i]] + 1
				moved = tail[i] " -> " head[i]
			}
		if (round > modules) {
			print "a cycle, with " moved >"/dev/stderr"
			exit 1
		}
	}
	for (m in level) {
		top = m
		sub(/\/.*/, "", top)
		printf "%d %d %s %s\n", top == "lib" ? 1 : top == "daemon" ? 2 : 3,
			level[m], top, m
	}
}' | sort -k1,1n -k2,2n -k4,4 | awk '
$3 != top { printf "%s# %s\n", top == "" ? "" : line "\n\n", $3; line = "" }
$3 == top && $2 != depth { print line; line = "" }
{ top = $3; depth = $2; line = line (line == "" ? "" : " ") $4 }
END { print line }'
