#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages: mandoc objects to nothing, and every key, command, option, metric
# and reason that the programs know is in one.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath -m "${BUILD:-$here/../../build}")
pages=$build/man
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

die()
{
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

# has PAGE FILE: each line of the file is in the page, as the tag of an item or a part of one.
has()
{
	local line n=0

	while IFS= read -r line; do
		n=$((n + 1))
		grep -qF -- "$line" "$tmp/$1" || die "$1 does not have '$line'"
	done <"$2"
	[[ $n -gt "$3" ]] || die "there were $n lines only for $1"
	printf '%s: %d of %d\n' "$1" "$n" "$n"
}

type -P mandoc >/dev/null || die "no mandoc: run scripts/install-deps.sh"
for page in "$pages"/*.[578]; do
	name=${page##*/}
	mandoc -T lint -W warning "$page" >"$tmp/said" || true
	# Pages of ours are not installed here.
	! grep -v 'referenced manual not found' "$tmp/said" || die "mandoc objects to $name"
	mandoc -T utf8 -O width=500 "$page" | sed 's/.\x08//g' >"$tmp/$name"
	! grep -nE '@[a-z]+@' "$tmp/$name" || die "$name was not filled in"
done

"$build/shuntd" --explain | grep '^[a-z]' >"$tmp/keys"
has shunt.yaml.5 "$tmp/keys" 50
"$build/shunt" help | sed -nE 's/^  (shunt .*[^ ])  +[^ ].*/\1/p' | sed 's/ *$//' >"$tmp/commands"
has shunt.8 "$tmp/commands" 15
"$build/shunt" help | grep -oE -- '--[a-z-]+' | sort -u >"$tmp/options"
has shunt.8 "$tmp/options" 5
"$build/shuntd" --help | grep -oE -- '--[a-z-]+' | sort -u >"$tmp/options"
has shuntd.8 "$tmp/options" 5
"$build/shunt-decap" --help | grep -oE -- '--[a-z-]+' | sort -u >"$tmp/options"
has shunt-decap.8 "$tmp/options" 5
sed -nE 's/.*\.name = "([a-z_]+)".*/\1/p' "$here/../../userspace/export/metrics.c" >"$tmp/metrics"
has shunt-metrics.7 "$tmp/metrics" 40
sed -nE 's/^\tX\(([A-Z0-9_]+),.*/\L\1/p' "$here/../../include/shunt/reason.h" >"$tmp/reasons"
has shuntd.8 "$tmp/reasons" 25
