#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# initramfs.sh KERNEL_DIR OUT - the first root of the guest
#
# Only what is needed to reach the real one: busybox, the modules for a shared
# folder and an overlay, and the init beside this file.
set -euo pipefail

kernel=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
release=$(<"$kernel/release")
wanted=(virtio_pci 9pnet_virtio 9p overlay)
modules=()	# those of them that are not built into the kernel

list_modules()
{
	local module

	for module in "${wanted[@]}"; do
		modprobe -d "$kernel" -S "$release" --show-depends "$module" >>"$tmp/needed" ||
			{ echo "no module $module in $kernel" >&2; exit 1; }
		tail -n 1 "$tmp/needed" | grep -q ^builtin || modules+=("$module")
	done
}

# Print the paths of the modules and of all they need.
module_closure()
{
	awk '$1 == "insmod" { print $2 }' "$tmp/needed" | sort -u
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root"/{bin,dev,proc,sys,host,rw,new} "$root/lib/modules/$release"
cp /bin/busybox "$root/bin/busybox"
cp "$here/init" "$root/init"
list_modules
mapfile -t paths < <(module_closure)
cp "${paths[@]}" "$root/lib/modules/$release/"
depmod -b "$root" "$release" 2>/dev/null
printf '%s\n' "${modules[@]}" >"$root/modules"
(cd "$root" && find . | cpio --quiet -o -H newc) >"$tmp/cpio"
mv "$tmp/cpio" "$out"
