#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The four tunnels against the stock kernel's own devices: ipip, sit, ip6tnl.
# limit: 90 s
. "$(dirname "$0")/lib.sh"
. "$here/tunnels.bash"

devices=([0]=tun-4in4 [1]=tun-6in4 [2]=tun-any6 [3]=tun-any6)

# The usual set-up of a backend: devices that take tunnels from anybody.
add_tunnel_devices()
{
	local n=$2

	ip -n "$1" link add tun-4in4 type ipip local "10.1.0.$n" remote any &&
	ip -n "$1" link add tun-6in4 type sit local "10.1.0.$n" remote any &&
	ip -n "$1" link add tun-any6 type ip6tnl mode any local "2001:db8:1::$n" remote any
}

received()
{
	ip -n "$1" -j -s link show "$2" | jq '.[0].stats64.rx.packets'
}

add_tunnel_hosts
n=10
for name in "${backends[@]}"; do
	n=$((n + 1))
	add_tunnel_devices "$name" "$n" ||
		skip "this kernel has no ipip, sit or ip6tnl devices; 'make vm' runs it on one that has"
	for device in tun-4in4 tun-6in4 tun-any6; do
		ip -n "$name" link set "$device" up
	done
done
start_backends
check_tunnels

for i in "${!kinds[@]}"; do
	for name in "${backends[@]}"; do
		n=$(received "$name" "${devices[i]}")
		say "${kinds[i]} $name: $n packets on ${devices[i]}"
		[[ $n -gt 0 ]] || die "$name got no packet by ${devices[i]}"
	done
done
