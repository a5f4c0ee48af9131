#!/usr/bin/env bash
# Each style gate turns red on the fault that it is there for.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

lint=$LAB_ROOT/tests/lint
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A small clean tree with the given fault. usage: tree FILE TEXT
tree() {
	rm -rf "${scratch:?}"/*
	mkdir -p "$scratch"/{lib,daemon,ctl,tests,doc}
	echo '#include "a.h"' >"$scratch/lib/a.c"
	echo 'int a(void);' >"$scratch/lib/a.h"
	echo '#include "a.h"' >"$scratch/daemon/b.h"
	echo '#include "b.h"' >"$scratch/daemon/c.c"
	echo '#include "a.h"' >"$scratch/ctl/d.c"
	printf '#!/bin/sh\nset -u\n' >"$scratch/tests/x.sh"
	printf '%s\n' '.Dd January 2, 2026' '.Dt A 8' '.Os' '.Sh NAME' '.Nm a' \
		'.Nd does a' >"$scratch/doc/a.8"
	cat >"$scratch/layers.txt" <<-TXT
		foreign event2/ daemon/c.c
		lib/a
		daemon/b
		daemon/c
		ctl/d
	TXT
	[ $# -eq 0 ] || printf '%s\n' "$2" >>"$scratch/$1"
}

gate() {
	if [ "$1" = layers ]; then
		"$lint/layers.sh" "$scratch" "$scratch/layers.txt"
	else
		"$lint/$1.sh" "$scratch"
	fi
}

# usage: green GATE
green() {
	local out

	tree
	out=$(gate "$1" 2>&1) || fail "$1 is red on a clean tree: $out"
}

# usage: red GATE WORDS FILE TEXT
red() {
	local out

	tree "$3" "$4"
	! out=$(gate "$1" 2>&1) || fail "$1 passed '$4' in $3"
	grep -q "$2" <<<"$out" || fail "$1: no '$2' in: $out"
	note "$1: $(head -n 1 <<<"$out")"
}

for gate in layers size shell man; do
	green "$gate"
done

red layers 'may not include daemon/c' daemon/b.h '#include "c.h"
#include "c.c"'
red layers 'lib stands alone' lib/a.c '#include "b.h"'
red layers 'ctl may not include' ctl/d.c '#include "b.h"'
red layers 'belongs to' lib/a.c '#include <event2/event.h>'
red layers 'lib is pure' lib/a.c '	int fd = socket(1, 2, 3);'
red layers 'no line in layers.txt' lib/new.c '#include "a.h"'
red layers 'has no file' layers.txt 'lib/gone'
red size 'over 800 lines' lib/a.c "$(yes '/**/' | head -n 801)"
red size 'over 60' lib/a.c "int f(void)
{
$(yes '	g();' | head -n 61)
}"
red shell SC2034 tests/x.sh 'unused=1'
red man 'WARNING' doc/a.8 '.Xr nothing'

# These need their tools, which only `make lint` installs.
if command -v clang-format-14 >/dev/null; then
	cp "$LAB_ROOT/.clang-format" "$scratch/"
	red format 'code should be clang-formatted' lib/a.c 'int  a( void ) ;'
fi
if command -v cppcheck >/dev/null; then
	red cppcheck 'arrayIndexOutOfBounds\|out of bounds' lib/a.c \
		'int f(void) { int x[2] = {0}; return x[2]; }'
fi
