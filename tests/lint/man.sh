#!/bin/sh
# mandoc's warnings are errors. usage: man.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/../..}"

mandoc -Tlint -W warning doc/*.[1-8]
