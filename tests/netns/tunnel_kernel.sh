#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The four tunnels against the stock kernel's own devices: ipip, sit, ip6tnl, and fou
# before them for GUE.
# limit: 120 s
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

# What README says of `forward: gue`: the kernel takes UDP off and hands on to the devices.
add_gue_ports()
{
	modprobe -a fou fou6 && in_host "$1" ip fou add port 6080 gue && in_host "$1" ip fou add port 6080 gue -6
}

received()
{
	ip -n "$1" -j -s link show "$2" | jq '.[0].stats64.rx.packets'
}

# Each backend got packets by each device, more than it had before.
check_received()
{
	local i n

	for i in "${!kinds[@]}"; do
		for name in "${backends[@]}"; do
			n=$(received "$name" "${devices[i]}")
			say "${kinds[i]} $name: $n packets on ${devices[i]}"
			[[ $n -gt ${before["$name ${devices[i]}"]:-0} ]] ||
				die "$name got no packet by ${devices[i]}"
			now["$name ${devices[i]}"]=$n
		done
	done
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

declare -A before=() now=()
check_tunnels ipip
check_received
for i in "${!now[@]}"; do
	before[$i]=${now[$i]}
done
for name in "${backends[@]}"; do
	add_gue_ports "$name" || die "$name takes no GUE"
done
check_tunnels gue
check_received
