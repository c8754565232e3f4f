#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Run the tests in this folder: run.sh [NAME...]. One that cannot run here exits with 77
# and says why.
set -euo pipefail
[[ -z ${BUILD:-} ]] || BUILD=$(realpath -m "$BUILD")
cd "$(dirname "$0")"
export BUILD=${BUILD:-$(realpath -m ../../build)}
passed=0 failed=0 skipped=0

[[ $# -gt 0 ]] || set -- man install deb
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for name in "$@"; do
	status=0
	"./$name.sh" >"$log" 2>&1 </dev/null || status=$?
	case $status in
	0) passed=$((passed + 1)); printf 'ok %s (%s s)\n' "$name" "$SECONDS" ;;
	77) skipped=$((skipped + 1)); printf 'skip %s: %s\n' "$name" "$(sed -n 's/^skip: //p' "$log" | tail -n 1)" ;;
	*) failed=$((failed + 1)); printf 'FAIL %s\n' "$name"; tail -n 60 "$log" | sed 's/^/    /' ;;
	esac
	[[ -z ${VERBOSE:-} || $status != 0 ]] || sed 's/^/    /' "$log"
	SECONDS=0
done
printf 'packaging: %d passed, %d failed' "$passed" "$failed"
[[ $skipped == 0 ]] || printf ', %d skipped' "$skipped"
printf '\n'
[[ $failed == 0 ]]
