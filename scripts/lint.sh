#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Check the sources against the house rules; needs neither root nor a build.
#
#	scripts/lint.sh [CHECK...]	names of scripts in scripts/lint, without suffix
#
# A check is a program: it takes the folder to look at, prints what it objects
# to as path:line: text, and fails if there was anything. All of them run, also
# after one has failed. The last one tests the others.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
checks=(format floors sizes spdx toplevel shell monitoring cppcheck tidy selftest)
[ "$#" -eq 0 ] || checks=("$@")
passed=0
failed=0

now_ms()
{
	printf '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"
}

for check in "${checks[@]}"; do
	started=$(now_ms)
	program=$(compgen -G "$top/scripts/lint/$check.*" | grep -E '\.(sh|py)$') ||
		{ echo "lint: no check '$check'" >&2; exit 2; }
	if "$program" "$top"; then
		passed=$((passed + 1))
		verdict=ok
	else
		failed=$((failed + 1))
		verdict=FAILED
	fi
	printf 'lint: %-9s %-6s %5d ms\n' "$check" "$verdict" "$(($(now_ms) - started))"
done
printf 'lint: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
