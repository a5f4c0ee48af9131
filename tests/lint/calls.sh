#!/bin/sh
# Fails when an object file calls into a layer that is not strictly lower than
# its own in layers.txt, whatever headers it went through. Needs the objects.
# usage: calls.sh [TREE [TABLE]]   BUILD names the build directory
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=$(realpath "${2:-$here/layers.txt}")
tree=$(cd "${1:-$here/../..}" && pwd)
cd "$tree/${BUILD:-build}"

# Objects of files that are gone do not count.
for object in lib/*.o daemon/*.o ctl/*.o; do
	[ ! -e "$tree/${object%.o}.c" ] || nm -A "$object"
done | awk -v table="$table" '
BEGIN {
	while ((getline line < table) > 0) {
		sub(/#.*/, "", line)
		n = split(line, word, " ")
		if (n == 0 || word[1] == "foreign")
			continue
		depth++
		for (i = 1; i <= n; i++)
			layer[word[i]] = depth
	}
}
{
	split($1, part, ":")
	module = part[1]
	sub(/\.o$/, "", module)
	symbol = $NF
	if ($(NF - 1) == "U")
		uses[module, symbol] = 1
	else if ($(NF - 1) ~ /^[TDBR]$/ && symbol != "main")
		owner[symbol] = module
	objects++
}
END {
	if (!objects) {
		print "calls: no objects here; make first"
		exit 1
	}
	for (use in uses) {
		split(use, part, SUBSEP)
		to = owner[part[2]]
		if (to == "" || to == part[1] || layer[to] < layer[part[1]])
			continue
		print part[1] " (layer " layer[part[1]] ") calls " part[2] \
			"() of " to " (layer " layer[to] ")"
		bad = 1
	}
	exit bad
}'
