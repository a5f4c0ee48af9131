#!/bin/sh
# Builds the Debian package of the last commit into build/.
set -eu
cd "$(dirname "$0")/.."

version=$(dpkg-parsechangelog -S Version)
tree=build/deb/traversald-$version
rm -rf build/deb
mkdir -p "$tree"
git archive HEAD | tar -x -C "$tree"
(cd "$tree" && dpkg-buildpackage -us -uc -b)
mv build/deb/*.deb build/
ls build/*.deb
