#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# toplevel.sh ROOT - nothing new at the top
set -euo pipefail

allowed=' bpf userspace include tests scripts Makefile README.md LICENSE build '
bad=0

for path in "$1"/*; do
	[[ $allowed != *" ${path##*/} "* ]] || continue
	printf '%s:1: the top holds only:%s\n' "${path##*/}" "$allowed"
	bad=1
done
exit "$bad"
