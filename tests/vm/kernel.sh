#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kernel.sh VERSION DIR - Debian's stock kernel of that series, unpacked in DIR
#
# The package is downloaded and unpacked, never installed: installing it would
# run boot loader hooks on a machine that only wants to run tests. DIR is kept
# between runs; what it holds afterwards:
#   vmlinuz           the kernel image
#   release           its name, as uname -r says it
#   lib/modules/...   its network, file system and virtio modules, with indexes
set -euo pipefail

version=$1
dir=${2:?}
# Graphics, sound and hardware drivers are most of the package; none is wanted.
wanted=(kernel/{arch,block,crypto,fs,lib,mm,net} kernel/drivers/{block,char,net,virtio})
unwanted=(kernel/drivers/net/{ethernet,usb,wireless})

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The real package behind the metapackage, by the lists at hand.
find_package()
{
	apt-cache depends linux-image-amd64 2>/dev/null |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

# Sets package; the file is then in $tmp.
download()
{
	package=$(find_package)
	[ -n "$package" ] || return 1
	[[ $package == "linux-image-$version."* ]] ||
		die "this archive's stock kernel is $package, not $version"
	printf 'vm: downloading %s\n' "$package"
	(cd "$tmp" && apt-get -q -o APT::Sandbox::User=root download "$package")
}

unpack()
{
	local deb=$1 out=$2 release=$3

	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$out" \
		"${unwanted[@]/#/--exclude=./lib/modules/$release/}" \
		"./boot/vmlinuz-$release" \
		"./lib/modules/$release/modules.builtin" \
		"./lib/modules/$release/modules.builtin.modinfo" \
		"./lib/modules/$release/modules.order" \
		"${wanted[@]/#/./lib/modules/$release/}"
	mv "$out/boot/vmlinuz-$release" "$out/vmlinuz"
	rmdir "$out/boot"
	# The order lists what was left behind too; depmod would warn of each.
	depmod -b "$out" "$release" 2>/dev/null || die "depmod failed"
	printf '%s\n' "$release" >"$out/release"
}

[ ! -e "$dir/release" ] || exit 0
package=
mkdir -p "$dir"
tmp=$(mktemp -d "$dir/new.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
# Old lists name packages that the archive has replaced since.
download || { [ "$EUID" -eq 0 ] && apt-get -q update && download; } ||
	die "cannot download linux-image-amd64: is the Debian archive reachable? (root updates the lists)"
mkdir "$tmp/tree"
unpack "$tmp/$package"_*.deb "$tmp/tree" "${package#linux-image-}"
rm -rf "${dir:?}/lib"
# The release file comes last: it says that the rest is whole.
mv "$tmp/tree/lib" "$tmp/tree/vmlinuz" "$dir/"
mv "$tmp/tree/release" "$dir/release"
