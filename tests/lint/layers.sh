#!/bin/sh
# Fails when an #include points to a layer that is not strictly lower, when a
# foreign header is seen outside its one includer, or when a pure layer calls
# the world. Reads layers.txt. usage: layers.sh [TREE [TABLE]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"
table=${2:-$here/layers.txt}

files=$(find lib daemon ctl -name '*.[ch]' | sort)
[ -n "$files" ] || { echo "layers: no sources here"; exit 1; }

# shellcheck disable=SC2086 # a list of file names without blanks
awk -v table="$table" '
function complain(text) {
	print FILENAME ":" FNR ": " text
	bad = 1
}
# A header with a line of its own is a module; else it belongs to its .c file.
function module(path) {
	if (!(path in layer))
		sub(/\.[ch]$/, "", path)
	return path
}
# The path of a quoted include as the compiler finds it.
function find_header(name, own_dir, i, path, n, dirs) {
	n = split(own_dir " lib daemon ctl", dirs, " ")
	for (i = 1; i <= n; i++) {
		path = dirs[i] "/" name
		if (path in exists)
			return path
	}
	return ""
}
function check_own(name, from, to, header) {
	header = find_header(name, top)
	if (header == "") {
		complain("\"" name "\" is not in the tree")
		return
	}
	from = module(FILENAME)
	to = module(header)
	used[to] = 1
	if (from == to)
		return
	if (to in layer && from in layer && layer[to] >= layer[from])
		complain(from " (layer " layer[from] ") may not include " \
			to " (layer " layer[to] ")")
	if (top == "lib" && to !~ /^lib\//)
		complain("lib stands alone, but includes " to)
	if (top == "ctl" && to ~ /^daemon\// ||
	    top == "daemon" && to ~ /^ctl\//)
		complain(top " may not include " to)
}
function check_foreign(name, prefix) {
	for (prefix in includers)
		if (index(name, prefix) == 1 &&
		    index(includers[prefix], " " FILENAME " ") == 0)
			complain("<" name "> belongs to" includers[prefix])
}
BEGIN {
	while ((getline line < table) > 0) {
		sub(/#.*/, "", line)
		n = split(line, word, " ")
		if (n == 0)
			continue
		if (word[1] == "foreign") {
			for (i = 3; i <= n; i++)
				includers[word[2]] = includers[word[2]] " " \
					word[i]
			includers[word[2]] = includers[word[2]] " "
			continue
		}
		depth++
		for (i = 1; i <= n; i++)
			layer[word[i]] = depth
	}
	for (i = 1; i < ARGC; i++)
		exists[ARGV[i]] = 1
}
FNR == 1 {
	top = FILENAME
	sub(/\/.*/, "", top)
	seen[module(FILENAME)] = 1
	if (!(module(FILENAME) in layer))
		complain(module(FILENAME) " has no line in layers.txt (suggest.sh helps)")
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	check_own(part[2])
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	name = $0
	sub(/.*</, "", name)
	sub(/>.*/, "", name)
	check_foreign(name)
}
top == "lib" && !/^[ \t]*(\/\*|\*)/ &&
/(^|[^a-z_>.])(socket|clock_gettime|gettimeofday|time|poll|epoll_wait|fork|sendto|sendmsg|recvfrom|recvmsg|pthread_create)\(/ {
	complain("lib is pure: no sockets, clocks, threads or waiting")
}
END {
	for (m in layer)
		if (!(m in seen)) {
			print "layers.txt: " m " has no file"
			bad = 1
		}
	exit bad
}' $files
