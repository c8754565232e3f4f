#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The four tunnels, without UDP and in it, with shunt-decap on the backends to take the
# outer headers off: runs on kernels without tunnel devices too.
. "$(dirname "$0")/lib.sh"
. "$here/tunnels.bash"

# check_taken WHAT PACKETS: each backend has taken some out, and all together so many.
check_taken()
{
	local total=0 name n

	for name in "${backends[@]}"; do
		n=$(decap_count "$name" "$1")
		[[ $n -gt 0 ]] || die "$name saw no packet in $1"
		total=$((total + n))
	done
	say "$1: $total packets"
	[[ $total -gt $2 ]] || die "10 MB up were only $total packets in $1"
}

add_tunnel_hosts
for name in "${backends[@]}"; do
	take_headers_off "$name" --gue-port 6080
done
start_backends

# 10 MB up, in packets of at most 1390 bytes.
check_tunnels ipip
for kind in "${kinds[@]}"; do
	check_taken "$kind" 7000
done
check_tunnels gue
check_taken gue $((4 * 7000))
