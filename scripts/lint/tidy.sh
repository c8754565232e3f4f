#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tidy.sh ROOT - clang-tidy finds none of what .clang-tidy lists
#
# Files that include what only a build makes are left out: the skeleton, the page.
set -euo pipefail

. "$(dirname "$0")/files.bash"
need_tool clang-tidy
cd "$1"
mapfile -t files < <(list_host_c . | xargs -r -d '\n' grep -LE 'skel\.h"|<page/')
[ "${#files[@]}" -eq 0 ] || printf '%s\n' "${files[@]}" | xargs -d '\n' -n 8 -P "$(nproc)" \
	bash -c 'clang-tidy --quiet "$@" -- -std=gnu11 '"${cpp_flags[*]@Q}"' 2>/dev/null' bash
