#!/bin/sh
# Installs or removes the files given as source:directory:mode.
# usage: prefix=PREFIX DESTDIR=DIR install.sh [--remove] ENTRY...
set -eu

prefix=${prefix:-/usr/local}
destdir=${DESTDIR:-}
remove=no
if [ "${1:-}" = --remove ]; then
	remove=yes
	shift
fi

# Units and manual pages are written for /usr.
copy() {
	sed "s,/usr/\(s*bin\|lib\)/travers,$prefix/\1/travers,g" "$1" >"$2"
	chmod "$3" "$2"
}

for entry in "$@"; do
	source=${entry%%:*}
	rest=${entry#*:}
	directory=${rest%:*}
	mode=${rest##*:}
	target=$destdir$directory/${source##*/}
	case $source in
	*/traversald.default) target=$destdir$directory/traversald ;;
	esac

	if [ "$remove" = yes ]; then
		case $directory in
		/etc/*) echo "kept    $target" ;;
		*) rm -f "$target" ;;
		esac
		continue
	fi
	mkdir -p "$destdir$directory"
	case $source:$directory in
	*:/etc/*)
		# An administrator's file is never overwritten.
		[ -e "$target" ] || install -m "$mode" "$source" "$target"
		;;
	systemd/* | doc/*) copy "$source" "$target" "$mode" ;;
	*) install -m "$mode" "$source" "$target" ;;
	esac
	echo "install $target"
done

[ "$remove" = no ] && [ -z "$destdir" ] || exit 0
cat <<TXT

Start it now and at every boot:
  sudo systemd-sysusers
  sudo systemctl daemon-reload
  sudo systemctl enable --now traversald
  traversalctl
TXT
