#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The four tunnels, with an XDP program on the backends that takes the outer
# header off: runs on kernels without tunnel devices too.
. "$(dirname "$0")/lib.sh"
. "$here/tunnels.bash"

# decapped HOST INDEX: packets that came in that kind of tunnel.
decapped()
{
	local program map

	program=$(ip -n "$1" -j -d link show eth0 | jq '.[0].xdp.prog.id')
	map=$(bpftool -j prog show id "$program" | jq '.map_ids[0]')
	bpftool -j map dump id "$map" | jq ".[] | .formatted // . | select(.key == $2) | .value"
}

add_tunnel_hosts
for name in "${backends[@]}"; do
	xdp_cable "$name" eth0 lan
	ip -n "$name" link set eth0 xdpdrv obj "$build/tests/decap.bpf.o" sec xdp
done
start_backends
check_tunnels

for i in "${!kinds[@]}"; do
	total=0
	for name in "${backends[@]}"; do
		n=$(decapped "$name" "$i")
		[[ $n -gt 0 ]] || die "$name saw no packet in ${kinds[i]}"
		total=$((total + n))
	done
	say "${kinds[i]}: $total packets"
	# 10 MB up, in packets of at most 1400 bytes.
	[[ $total -gt 7000 ]] || die "10 MB up were only $total packets in ${kinds[i]}"
done
