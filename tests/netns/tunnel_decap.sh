#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The four tunnels, with shunt-decap on the backends to take the outer header
# off: runs on kernels without tunnel devices too.
. "$(dirname "$0")/lib.sh"
. "$here/tunnels.bash"

add_tunnel_hosts
for name in "${backends[@]}"; do
	take_headers_off "$name"
done
start_backends
check_tunnels

for kind in "${kinds[@]}"; do
	total=0
	for name in "${backends[@]}"; do
		n=$(decap_count "$name" "$kind")
		[[ $n -gt 0 ]] || die "$name saw no packet in $kind"
		total=$((total + n))
	done
	say "$kind: $total packets"
	# 10 MB up, in packets of at most 1400 bytes.
	[[ $total -gt 7000 ]] || die "10 MB up were only $total packets in $kind"
done
