#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# shell.sh ROOT - shellcheck has nothing to say about any shell script
set -euo pipefail

. "$(dirname "$0")/files.bash"
need_tool shellcheck
mapfile -t files < <(list_shell "$1")
cd "$1"
# It keeps one processor busy, and reads what a script sources anew for each.
[ "${#files[@]}" -eq 0 ] || printf '%s\0' "${files[@]}" |
	xargs -0 -n 8 -P "$(nproc)" shellcheck -x -P SCRIPTDIR -f gcc
