#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# selftest.sh ROOT - every check refuses what it is there to refuse
#
# Each case is a tree with one file or a few in it. A bad one must be refused
# with the given words, a good one accepted: a check that never speaks, and one
# that always does, both fail here.
set -euo pipefail

top=$1
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
cases=0
wrong=0

new_tree()
{
	rm -rf "$tree"
	mkdir "$tree"
	cp "$top/.clang-format" "$top/.clang-tidy" "$tree/"
}

# put PATH: its text comes on stdin.
put()
{
	mkdir -p "$(dirname "$tree/$1")"
	cat >"$tree/$1"
}

run_check()
{
	local program

	program=$(compgen -G "$here/$1.*" | grep -E '\.(sh|py)$')
	"$program" "$tree" >"$tmp/said" 2>&1
}

complain()
{
	printf 'scripts/lint/selftest.sh:%s: %s\n' "${BASH_LINENO[1]}" "$1"
	sed 's/^/    /' "$tmp/said"
	wrong=$((wrong + 1))
}

# refuses CHECK WORDS, accepts CHECK: the tree as it stands.
refuses()
{
	cases=$((cases + 1))
	if run_check "$1"; then
		complain "$1 accepted this; it should have said '$2'"
	elif ! grep -qF -- "$2" "$tmp/said"; then
		complain "$1 refused this, but not with '$2'"
	fi
}

accepts()
{
	cases=$((cases + 1))
	run_check "$1" || complain "$1 refused this"
}

# repeat COUNT TEXT
repeat()
{
	local i

	for ((i = 0; i < $1; i++)); do
		printf '%s\n' "$2"
	done
}

for cases_file in "$here"/selftest/*.bash; do
	# shellcheck source=/dev/null
	. "$cases_file"
done
printf 'lint: %d cases, %d wrong\n' "$cases" "$wrong"
[ "$wrong" -eq 0 ] && [ "$cases" -gt 0 ]
