#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kernel.sh VERSION DIR - Debian's stock kernel of that series, unpacked in DIR
#
# It is that of this machine's release or of its backports, whichever is VERSION. The
# lists of the backports are kept apart from the machine's own, which stay as they are.
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

# The real package behind the metapackage, by the lists at hand. Options of apt may follow.
find_package()
{
	apt-cache "$@" depends linux-image-amd64 2>/dev/null |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

# Is that package of the series that is wanted? Sets package.
is_wanted()
{
	package=$(find_package "$@")
	[[ $package == "linux-image-$version."* ]]
}

# Sets backports: options that make apt look there and nowhere else.
use_backports()
{
	local name

	name=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")-backports
	mkdir -p "$tmp/apt/lists/partial" "$tmp/apt/cache/archives/partial"
	printf 'deb [signed-by=%s] %s %s main\n' /usr/share/keyrings/debian-archive-keyring.gpg \
		http://deb.debian.org/debian "$name" >"$tmp/apt/list"
	backports=(-o "Dir::Etc::SourceList=$tmp/apt/list" -o Dir::Etc::SourceParts=-
		-o "Dir::State::Lists=$tmp/apt/lists" -o "Dir::Cache=$tmp/apt/cache"
		-o APT::Sandbox::User=root)
	apt-get -q "${backports[@]}" update >"$tmp/apt/log" 2>&1 || cat "$tmp/apt/log" >&2
}

# Sets package; the file is then in $tmp. Options of apt may follow.
download()
{
	printf 'vm: downloading %s\n' "$package"
	(cd "$tmp" && apt-get -q -o APT::Sandbox::User=root "$@" download "$package")
}

# Old lists name packages that the archive has replaced since.
download_release()
{
	is_wanted || return 1
	download || { [ "$EUID" -eq 0 ] && apt-get -q update && is_wanted && download; }
}

download_backports()
{
	use_backports
	is_wanted "${backports[@]}" && download "${backports[@]}"
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
backports=()
mkdir -p "$dir"
tmp=$(mktemp -d "$dir/new.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
download_release || download_backports ||
	die "no linux-image-amd64 of $version to download: is the Debian archive reachable? (root updates the lists)"
mkdir "$tmp/tree"
unpack "$tmp/$package"_*.deb "$tmp/tree" "${package#linux-image-}"
rm -rf "${dir:?}/lib"
# The release file comes last: it says that the rest is whole.
mv "$tmp/tree/lib" "$tmp/tree/vmlinuz" "$dir/"
mv "$tmp/tree/release" "$dir/release"
