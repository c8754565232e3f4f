#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# format.sh ROOT - every C file is as clang-format leaves it
set -euo pipefail

. "$(dirname "$0")/files.bash"
need_tool clang-format
mapfile -t files < <(list_c "$1")
cd "$1"
[ "${#files[@]}" -eq 0 ] || clang-format --style=file --dry-run -Werror "${files[@]}"
