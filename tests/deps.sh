#!/bin/sh
# Installs the Debian packages that a target needs; does nothing when they are
# there. usage: tests/deps.sh build|lab|lint|fuzz|deb|all
set -eu

build='gcc libc6-dev libevent-dev libminiupnpc-dev libnatpmp-dev libsystemd-dev
libinih-dev libsodium-dev libjansson-dev libcmocka-dev autoconf pkg-config'
lab="$build miniupnpd-nftables nftables iproute2 coturn miniupnpc natpmpc jq
procps systemd systemd-container mandoc shellcheck socat conntrack prometheus
python3-jsonschema bash bash-completion zsh fish"
lint="$build clang-14 clang-format-14 clang-tidy-14 cppcheck mandoc shellcheck"
fuzz="$build clang libclang-rt-14-dev"
deb="$build build-essential debhelper fakeroot git"

case ${1:-all} in
build) wanted=$build ;;
lab) wanted=$lab ;;
lint) wanted=$lint ;;
fuzz) wanted=$fuzz ;;
deb) wanted=$deb ;;
all) wanted="$lab $lint $fuzz $deb" ;;
*)
	echo "usage: $0 build|lab|lint|fuzz|deb|all" >&2
	exit 64
	;;
esac

# Not Debian: configure will say which library is missing.
command -v dpkg-query >/dev/null || exit 0

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) ||
		state=
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
missing=$(echo "$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')

if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages: $missing" >&2
	echo "install them with: sudo make deps" >&2
	exit 1
fi
echo "installing: $missing"
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
# shellcheck disable=SC2086 # a list of package names
apt-get -q install -y --no-install-recommends $missing
