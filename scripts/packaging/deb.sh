#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# deb.sh BUILD VERSION - a Debian package of what was built, in BUILD; says its name
#
# Libraries that the programs need are asked of dpkg-shlibdeps, so the package is for
# the release that it was built on. Root is not needed.
set -euo pipefail

build=$(realpath "$1")
version=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$(realpath "$here/../..")
work=$build/deb
tree=$work/debian/shunt

install_files()
{
	make -s --no-print-directory -C "$top" BUILD="$build" DESTDIR="$tree" PREFIX=/usr \
		UNITS=/lib/systemd/system install >"$work/log"
	strip --strip-unneeded "$tree"/usr/bin/shunt "$tree"/usr/sbin/*
	find "$tree/usr/share/man" -type f -exec gzip -9n {} +
	install -D -m 644 "$top/LICENSE" "$tree/usr/share/doc/shunt/copyright"
}

# ", libbpf1 (>= 1:1.0.0), ..." of the programs.
libraries()
{
	(cd "$work" && printf 'Source: shunt\n\nPackage: shunt\nArchitecture: any\n' >debian/control &&
		dpkg-shlibdeps -O "$tree"/usr/bin/shunt "$tree"/usr/sbin/* 2>>"$work/log" |
		sed -n 's/^shlibs:Depends=//p')
}

write_control()
{
	cat >"$tree/DEBIAN/control" <<-EOT
	Package: shunt
	Version: $version
	Architecture: $(dpkg --print-architecture)
	Maintainer: shunt <root@localhost>
	Depends: $(libraries)
	Recommends: iproute2
	Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
	Section: net
	Priority: optional
	Description: layer-4 load balancer in the network driver
	 An XDP program picks a backend for every packet in the network driver; a small
	 daemon fills its maps from a config file and from health checks. It forwards
	 directly, in tunnels, or with NAT, over IPv4 and IPv6, and traffic flows on when
	 the daemon is stopped or replaced.
	EOT
}

rm -rf "$work"
mkdir -p "$tree/DEBIAN"
install_files || { cat "$work/log" >&2; exit 1; }
libraries >"$work/libraries"
[ -s "$work/libraries" ] || { cat "$work/log" >&2; exit 1; }
write_control
(cd "$tree" && find etc -type f -printf '/%p\n') >"$tree/DEBIAN/conffiles"
install -m 755 -t "$tree/DEBIAN" "$here"/deb/*
(cd "$tree" && find usr lib -type f -exec md5sum {} +) >"$tree/DEBIAN/md5sums"
deb=$build/shunt_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group --build "$tree" "$deb" >>"$work/log"
printf '%s\n' "$deb"
