#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# build.sh SHUNTD DATADIR PAGE.in - a manual page, on stdout
#
# A line @part@ becomes what `SHUNTD --manual part` prints: the reference parts come
# from the tables that the programs read. @date@ is of the last change of the page, or
# SOURCE_DATE_EPOCH.
set -euo pipefail

shuntd=$1
datadir=$2
page=$3
here=$(cd "$(dirname "$0")" && pwd)
date=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct -- "$here/${page##*/}" 2>/dev/null || true)}
date=$(LC_ALL=C date -u -d "@${date:-$(date +%s)}" '+%B %-d, %Y')

# The example config, as it is installed.
example()
{
	sed 's/\\/\\e/g; s/^\./\\\&./; s/-/\\-/g' "$here/../packaging/shunt.yaml"
}

while IFS= read -r line; do
	case $line in
	@example@) example ;;
	@*@) part=${line//@/}; "$shuntd" --manual "$part" ;;
	*) line=${line//@date@/$date}; printf '%s\n' "${line//@datadir@/$datadir}" ;;
	esac
done <"$page"
