#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# spdx.sh ROOT - every source and script names its licence in its first two lines
#
# What is loaded into the kernel, or built on both sides of the border, may also
# be taken under the GPL, which the kernel asks of BPF programs.
set -euo pipefail

. "$(dirname "$0")/files.bash"
both='(GPL-2.0-only OR BSD-2-Clause)'
own='BSD-2-Clause'
bad=0

while read -r path; do
	licence=$own
	case $path in
	bpf/* | include/shunt/* | *.bpf.c) licence=$both ;;
	esac
	case $path in
	*.c | *.h) line="/* SPDX-License-Identifier: $licence */" ;;
	*.sh | *.bash | *.py | Makefile) line="# SPDX-License-Identifier: $licence" ;;
	*.*) continue ;;
	*) [ "$(head -c 2 "$1/$path" | tr -d "\0")" = '#!' ] || continue
		line="# SPDX-License-Identifier: $licence" ;;
	esac
	# A header of tests/lib may be for programs of either kind.
	[[ $path != tests/lib/*.h ]] || line+=$'\n'"/* SPDX-License-Identifier: $both */"
	head -n 2 "$1/$path" | grep -qxaF -e "$line" || {
		printf '%s:1: not there: %s\n' "$path" "${line%%$'\n'*}"
		bad=1
	}
done < <(list_files "$1")
exit "$bad"
