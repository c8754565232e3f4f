# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion for shunt, shuntd and shunt-decap. shunt itself knows commands, options and the names
# that are alive; "@file" from it asks for names of files. shuntd tells its options
# and the keys of its config as it tells them to people. Sourced by an interactive
# shell, so it sets no shell options and never complains.

_shunt()
{
	local word
	local -a answers

	mapfile -t answers < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	COMPREPLY=()
	for word in "${answers[@]}"; do
		if [[ $word == @file ]]; then
			compopt -o filenames
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
		else
			COMPREPLY+=("$word")
		fi
	done
}

_shuntd()
{
	local word=${COMP_WORDS[COMP_CWORD]}

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--config | -c | --check)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	--pin-dir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		;;
	--explain)
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --explain 2>/dev/null |
			grep '^[a-z]')" -- "$word")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --help 2>/dev/null |
			grep -oE -- '--[a-z-]+' | sort -u)" -- "$word")
		;;
	esac
}

_shunt_decap()
{
	local word=${COMP_WORDS[COMP_CWORD]} words

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--mode) words="native generic" ;;
	--from | --gue-port) return ;;
	--pin-dir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	attach | detach | show) words=$(ls /sys/class/net) ;;
	*)
		words="attach detach show"
		[[ $COMP_CWORD == 1 ]] || words=$("${COMP_WORDS[0]}" --help 2>/dev/null |
			grep -oE -- '--[a-z-]+' | sort -u)
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _shunt shunt
complete -F _shuntd shuntd
complete -F _shunt_decap shunt-decap
