#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Build the programs of a former release, for tests of an upgrade from it.
#
#	build_former.sh COMMIT FOLDER
#
# They come from the history. Where that does not reach back so far, FOLDER/missing
# says so, and the tests that need them are skipped. What is built stays.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
commit=$1
mkdir -p "$2"
folder=$(realpath "$2")

# The tree may be another user's than root's.
history()
{
	git -c safe.directory='*' -C "$top" "$@"
}

rm -f "$folder/missing"
[[ $(cat "$folder/commit" 2>/dev/null) != "$commit" ]] || exit 0
if ! history cat-file -e "$commit^{commit}" 2>/dev/null; then
	echo "no commit $commit to build the former release from; in a clone that is" \
		"shallow 'git fetch --unshallow' brings it, then: make netns" >"$folder/missing"
	exit 0
fi
rm -rf "$folder/src" "$folder/build"
mkdir "$folder/src"
history archive "$commit" | tar -x -C "$folder/src"
echo "  MAKE	$commit, the former release"
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$folder/src" -j"$(nproc)" \
	BUILD="$folder/build" all >"$folder/log" 2>&1 || { tail -n 20 "$folder/log"; exit 1; }
echo "$commit" >"$folder/commit"
