#!/usr/bin/env bash
# Boots systemd in a container of its own with this host's /usr, the files of
# STAGE laid over it, and the network namespace NETNS. Nothing of the host is
# written, and all mounts go with the container.
# usage: unshare --mount boot.sh DIR NETNS STAGE
set -euo pipefail

dir=$1 netns=$2 stage=$3
root=$dir/root

mkdir -p "$dir"
mount -t tmpfs tmpfs "$dir"
mkdir -p "$dir/upper" "$dir/work" \
	"$root"/{usr,etc,proc,sys,dev,run,tmp,root,var/lib,var/log}
mount -t overlay overlay "$root/usr" \
	-o "lowerdir=/usr,upperdir=$dir/upper,workdir=$dir/work"
for name in bin sbin lib lib32 lib64; do
	[ ! -e "/$name" ] || ln -s "usr/$name" "$root/$name"
done
cp /etc/nsswitch.conf /etc/ld.so.cache /etc/os-release "$root/etc/"
grep -E '^(root|nobody|daemon):' /etc/passwd >"$root/etc/passwd"
grep -E '^(root|nogroup|daemon|tty|adm|utmp):' /etc/group >"$root/etc/group"
: >"$root/etc/machine-id"
cp -a "$stage/." "$root/"
# Nothing to bring up to date at boot: no linker cache, no hardware database.
touch "$root/etc/.updated" "$root/var/.updated"

export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --quiet --boot --register=no --keep-unit \
	--console=pipe --resolv-conf=off --link-journal=no --timezone=off \
	--directory="$root" --network-namespace-path="/run/netns/$netns" \
	--capability=CAP_NET_ADMIN \
	--system-call-filter="landlock_create_ruleset landlock_add_rule \
landlock_restrict_self @memlock" \
	systemd.unit=basic.target </dev/null
