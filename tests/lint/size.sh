#!/bin/sh
# Fails on files over 800 lines, and on functions of the programs that do not
# fit a screen (a test's table may).
# usage: size.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/../..}"

file_most=800
function_most=60

# shellcheck disable=SC2016 # awk's own $
find lib daemon ctl tests -name '*.[ch]' | sort | xargs awk \
	-v file_most="$file_most" -v function_most="$function_most" '
FNR == 1 {
	start = 0
}
FNR == file_most + 1 {
	print FILENAME ": over " file_most " lines"
	bad = 1
}
/^[A-Za-z_].*\(/ && !/;$/ {
	name = $0
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
}
/^\{/ {
	start = FNR
}
/^\}/ {
	if (start && FNR - start > function_most && FILENAME !~ /^tests/) {
		print FILENAME ":" start ": " name "() has " FNR - start \
			" lines, over " function_most
		bad = 1
	}
	start = 0
}
END {
	exit bad
}'
