#!/usr/bin/env bash
# Completion: what traversalctl offers, and the functions of bash and fish that
# ask it.
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/system/fake.sh
. "$(dirname "$0")/fake.sh"

# The words that are offered, in one line.
# usage: expect_words WANT WORD...
expect_words() {
	local want=$1

	shift
	ctl complete -- "$@"
	expect "exit status of complete $*" 0 "$code"
	expect "after '$*'" "$want" "$(cut -f 1 "$scratch/out" | paste -sd ' ')"
	expect "errors of complete $*" "" "$(cat "$scratch/err")"
}

note "without a daemon: commands, options, values"
expect_words "status" stat
expect_words "mappings map" map
expect_words "" nonsense
expect_words "" status --nonsense
expect_words "--router" mappings --ro
expect_words "" status --ro
expect_words "--json --json=" status --js
expect_words "--json=pretty" --json=p
expect_words "--color=auto --color=always" --color=a
expect_words "--for=" wait --f
expect_words "likely limited" wait --for li
expect_words "--for=unreachable" wait --for=un
expect_words "provider" punch --role pr
expect_words ":file" --socket ""
expect_words ":directory" metrics --textfile ""
expect_words "show check explain" config ""
expect_words ":file" config check ""
expect_words "" config show ""
expect_words "" config nonsense ""
expect_words "check" config -v ch
expect_words "events explain" help e
expect_words "CGNAT" explain CG
expect_words "NAT-types" explain nat NAT-ty
expect_words "" status ""
expect_words "" unmap ""
ctl complete --
[ "$(wc -l <"$scratch/out")" -eq "$("$LAB_BUILD/traversalctl" help --json |
	jq '.commands | length')" ] || fail "not every command is offered"

note "with a daemon: services, ports, mappings, options that are set"
start_fake yes
expect_words "wireguard" status ""
expect_words "wireguard" status -v w
expect_words "" status wireguard ""
expect_words "" status x
expect_words "wireguard 51820" check ""
expect_words "51820" release 5
expect_words "51820/udp" unmap ""
expect_words "traversal udp.ports keystore.lightweight" config explain ""
sock=$scratch/traversald.sock
expect "by --socket among the words" wireguard "$("$LAB_BUILD/traversalctl" \
	complete -- --socket "$sock" status "" | cut -f 1)"
expect "by --socket= among the words" wireguard "$("$LAB_BUILD/traversalctl" \
	complete -- --socket="$sock" status "" | cut -f 1)"
ctl complete -- status ""
expect "with what it is" $'wireguard\treachable' "$(cat "$scratch/out")"
ctl complete --json -- check w
json '.candidates == [{"word": "wireguard", "summary": "reachable"}] and
	.files == "none"'
"$LAB_ROOT/tests/tools/check_schema.py" complete \
	<<<"$(jq -c . "$scratch/out")" || fail "not as the schema says"

note "no name steers the shell"
jq '.services[0] as $s | .services = [
	($s + {name: "a$(touch x)"}), ($s + {name: "b;c"}), ($s + {name: "d\ne"}),
	($s + {name: "good", state: "up\u001b[2J\n:file"})]' \
	<<<"$("$LAB_BUILD/traversalctl" --json --socket="$sock")" \
	>"$scratch/hostile.json"
start_fake "$scratch/hostile.json"
expect_words "good" status ""
expect "control characters" 0 \
	"$(LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1f\x7f]' "$scratch/out")"
stop_fake

note "a daemon that does not answer holds nobody up"
strange 'sleep 5'
began=$(now_ms)
expect_words "" status ""
[ $(($(now_ms) - began)) -lt 2000 ] || fail "took $(($(now_ms) - began)) ms"
stop_others
strange 'head -c 1 >/dev/null; printf "garbage\000"; cat >/dev/null'
expect_words "" status ""
stop_others

note "bash: its own function"
start_fake yes
PATH=$LAB_BUILD:$PATH
mkdir "$scratch/dir" "$scratch/dir/sub"
: >"$scratch/dir/file"
# What readline would offer for the words given, split as it splits them.
# usage: bash_words WANT WORD...
bash_words() {
	local want=$1 got

	shift
	# shellcheck disable=SC2016 # the other shell's own
	got=$(bash --norc -c '
		compopt() { :; } # only readline has one
		. "$1" || exit
		shift
		COMP_WORDS=(traversalctl "$@")
		COMP_CWORD=$#
		_traversalctl
		echo "${COMPREPLY[*]}"
	' - "$LAB_ROOT/completion/bash/traversalctl" "$@")
	expect "bash after '$*'" "$want" "$got"
}
bash_words "status" sta
bash_words "explain" ex
bash_words "pretty" --json = p
bash_words "--json --json=" --js
bash_words "likely limited" wait --for = li
bash_words "wireguard" --socket = "$sock" status ""
bash_words "wireguard" --socket "$sock" status w
bash_words "$scratch/dir/sub" metrics --textfile "$scratch/dir/"
bash_words "$scratch/dir/file $scratch/dir/sub" config check "$scratch/dir/"
bash_words "$scratch/dir/file" --socket = "$scratch/dir/fi"
bash_words "" status x
bash --norc -ec '. "$1"; complete -p traversalctl' - \
	"$LAB_ROOT/completion/bash/traversalctl" >/dev/null || fail "not bound"
shellcheck -s bash "$LAB_ROOT/completion/bash/traversalctl" || fail "shellcheck"

if command -v fish >/dev/null; then
	note "fish"
	# usage: fish_words WANT LINE
	fish_words() {
		expect "fish after '$2'" "$1" "$(HOME=$scratch fish -N -c '
			source $argv[1]
			complete -C $argv[2]
			' "$LAB_ROOT/completion/fish/traversalctl.fish" "$2" |
			cut -f 1 | paste -sd ' ')"
	}
	fish_words "status" "traversalctl sta"
	fish_words "check explain show" "traversalctl config "
	fish_words "--json=pretty" "traversalctl --json=p"
	fish_words "wireguard" "traversalctl --socket $sock status "
	fish_words "$scratch/dir/sub/" \
		"traversalctl metrics --textfile $scratch/dir/"
fi

if command -v zsh >/dev/null; then
	note "zsh: the function is read and bound"
	HOME=$scratch ZDOTDIR=$scratch zsh -fc 'fpath=('"$LAB_ROOT"'/completion/zsh $fpath)
		autoload -Uz compinit && compinit -d "$HOME/zcompdump"
		[[ $_comps[traversalctl] == _traversalctl ]] &&
		autoload +X _traversalctl' || fail "zsh"
fi
