# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion for shunt: the program itself knows commands, options and the names
# that are alive; "@file" from it asks for names of files. Sourced by an
# interactive shell, so it sets no shell options and never complains.

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

complete -F _shunt shunt
