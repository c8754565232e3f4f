#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian package in a fresh Debian: apt finds what it needs, its programs run there,
# an upgrade keeps what the operator wrote, and a purge leaves nothing.
#
# The tree is made once and kept beside the build; each run sees it through an overlay,
# in a mount namespace of its own.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(realpath "$here/../..")
build=$(realpath -m "${BUILD:-$top/build}")
suite=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
base=$build/packaging/$suite
tree=/run/tree

die()
{
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

skip()
{
	printf 'skip: %s\n' "$*"
	exit 77
}

make_base()
{
	[[ ! -e $base/.whole ]] || return 0
	rm -rf "$base"
	mkdir -p "$base"
	if ! debootstrap --variant=minbase "$suite" "$base" "$mirror" >"$base.log" 2>&1; then
		tail -n 5 "$base.log"
		skip "debootstrap made no tree: it needs $mirror and the right to mount and mknod (DEBIAN_MIRROR=URL, as root, not in a container)"
	fi
	rm -f "$base"/var/cache/apt/archives/*.deb
	touch "$base/.whole"
}

# Everything that is written goes to memory.
open_tree()
{
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p "$tree" /run/upper /run/work
	mount -t overlay -o "lowerdir=$base,upperdir=/run/upper,workdir=/run/work" overlay "$tree" 2>/dev/null ||
		cp -a "$base/." "$tree"
	mount -t proc proc "$tree/proc"
	cp -L "$resolver" "$tree/etc/resolv.conf"
	# Nothing is started in there.
	printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
	chmod +x "$tree/usr/sbin/policy-rc.d"
}

in_tree()
{
	LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$tree" "$@"
}

apt_install()
{
	cp "$1" "$tree/"
	in_tree apt-get -q -y --no-install-recommends install "/${1##*/}"
}

# A tree that is old may know only packages that are gone.
first_install()
{
	apt_install "$1" && return
	in_tree apt-get -q update || skip "apt in the tree cannot reach $mirror"
	apt_install "$1"
}

version_of()
{
	# shellcheck disable=SC2016 # dpkg's own
	in_tree dpkg-query -W -f '${Version}' shunt
}

if [[ ${SHUNT_SANDBOX:-} != 1 ]]; then
	[[ $EUID == 0 ]] || skip "needs root: debootstrap and chroot"
	type -P debootstrap >/dev/null || skip "no debootstrap: scripts/install-deps.sh installs it"
	make_base
	resolver=$(mktemp)
	trap 'rm -f "$resolver"' EXIT
	cat /etc/resolv.conf >"$resolver" 2>/dev/null || true
	SHUNT_SANDBOX=1 SHUNT_RESOLVER=$resolver unshare --mount --propagation private bash "$0"
	exit
fi

resolver=$SHUNT_RESOLVER
old=$("$top/scripts/packaging/deb.sh" "$build" 0.0.1)
new=$("$top/scripts/packaging/deb.sh" "$build" 0.0.2)
trap 'rm -f "$old" "$new"' EXIT
open_tree

first_install "$old" || die "apt does not install it"
[[ $(version_of) == 0.0.1 ]] || die "version $(version_of) is installed"
in_tree dpkg -L shunt | while read -r path; do
	[[ -d $tree$path ]] || printf '%s\n' "$path"
done >/run/files
[[ $(wc -l </run/files) -gt 12 ]] || die "next to nothing was installed"
in_tree dpkg -V shunt || die "dpkg finds other files than the package has"
in_tree shuntd --check /etc/shunt/shunt.yaml.example || die "the example config is not fit"
in_tree shunt help >/dev/null || die "shunt does not run"
in_tree shunt-decap --version || die "shunt-decap does not run"
missing=$(for program in /usr/bin/shunt /usr/sbin/shuntd /usr/sbin/shunt-decap; do
	in_tree ldd "$program"
done | grep 'not found' || true)
[[ -z $missing ]] || die "libraries are missing: $missing"

cp "$tree/etc/shunt/shunt.yaml.example" "$tree/etc/shunt/shunt.yaml"
mkdir -p "$tree/var/lib/shunt"
touch "$tree/var/lib/shunt/state.json"
apt_install "$new" || die "apt does not upgrade it"
[[ $(version_of) == 0.0.2 ]] || die "version $(version_of) is installed after an upgrade"

in_tree dpkg --remove shunt || die "dpkg does not remove it"
[[ ! -e $tree/usr/sbin/shuntd ]] || die "shuntd is still there"
[[ -e $tree/etc/shunt/shunt.yaml && -e $tree/var/lib/shunt/state.json ]] ||
	die "a removal took what is the operator's"
in_tree dpkg --purge shunt || die "dpkg does not purge it"
while read -r path; do
	[[ ! -e $tree$path && ! -L $tree$path ]] || die "$path is left behind"
done </run/files
[[ ! -e $tree/var/lib/shunt ]] || die "the state is left behind"
[[ -e $tree/etc/shunt/shunt.yaml ]] || die "a purge took the operator's own config"
