#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# make install puts everything in its place, with paths that fit each other, and
# systemd understands the unit.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(realpath "$here/../..")
build=$(realpath -m "${BUILD:-$top/build}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

die()
{
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

files=(
	etc/shunt/shunt.yaml.example
	lib/systemd/system/shuntd.service
	usr/bin/shunt usr/sbin/shuntd usr/sbin/shunt-decap
	usr/share/bash-completion/completions/{shunt,shuntd,shunt-decap}
	usr/share/man/man5/shunt.yaml.5 usr/share/man/man7/shunt-metrics.7
	usr/share/man/man8/{shunt,shuntd,shunt-decap}.8
	usr/share/shunt/{shunt.rules.yml,shunt-dashboard.json} usr/share/shunt/ha/{bird,keepalived}.conf
)

make -s -C "$top" BUILD="$build" DESTDIR="$tmp/root" PREFIX=/usr UNITS=/lib/systemd/system install
(cd "$tmp/root" && find . -not -type d | sed 's|^\./||' | sort) >"$tmp/have"
printf '%s\n' "${files[@]}" | sort | diff - "$tmp/have" || die "not what should be installed (< wanted, > there)"
"$tmp/root/usr/sbin/shuntd" --check "$tmp/root/etc/shunt/shunt.yaml.example" ||
	die "the example config is not fit"

# Programs that the unit names are there, and it says that it has a watchdog.
unit=$tmp/root/lib/systemd/system/shuntd.service
while read -r program; do
	[[ -x $tmp/root$program ]] || die "the unit runs $program, which is not installed"
done < <(sed -nE 's/^Exec[A-Za-z]+=([^ ]+).*/\1/p' "$unit")
grep -q '^WatchdogSec=' "$unit" || die "no watchdog"
if type -P systemd-analyze >/dev/null; then
	sed "s|=/usr/|=$tmp/root/usr/|" "$unit" >"$tmp/shuntd.service"
	systemd-analyze verify --man=no --recursive-errors=no "$tmp/shuntd.service" ||
		die "systemd-analyze objects to the unit"
else
	echo "no systemd-analyze here: the unit is not verified"
fi
