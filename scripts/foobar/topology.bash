# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Who is where. Part of foobar.sh.
#
# Each host is a network namespace, each link a bridge. Two halves: who comes from the
# net, and the site, with a router between them.

vip4=203.0.113.10		# www.foobar.com
vip6=2001:db8:113::10
vip_write=10.9.0.20		# the databases, for the application servers
vip_read=10.9.0.21
gateway4=10.1.0.4		# whichever balancer is the master of VRRP
gateway6=2001:db8:1::4
net4=10.1.0
net6=2001:db8:1:
servers=(web1 web2 web3)
balancers=(lb1 lb2)
router_lan=10.1.0.1
banned4=192.0.2.66		# a client with addresses that the firewall denies
banned6=2001:db8:bad::66

# Last part of a host's address on the site's link.
declare -A part=([router]=1 [lb1]=2 [lb2]=3 [web1]=11 [web2]=12 [web3]=13 [monitor]=20)

address_of()
{
	printf '%s.%s' "$net4" "${part[$1]}"
}

# add_outside HOST PART: somewhere in the net, behind the router.
add_outside()
{
	add_host "$1"
	plug "$1" eth0 outside "198.51.100.$2/24" "2001:db8:c::$2/64"
	ip -n "$1" route add default via 198.51.100.1
	ip -n "$1" -6 route add default via 2001:db8:c::1
}

# add_inside HOST [ADDRESS...]: on the site's link.
add_inside()
{
	add_host "$1"
	plug "$1" eth0 lan "$(address_of "$1")/24" "$net6:${part[$1]}/64" "${@:2}"
	ip -n "$1" route add default via "$router_lan"
	ip -n "$1" -6 route add default via "$net6:1"
}

# Flows that it has two ways for are told apart by their ports, too. What leads nowhere,
# as answers to made-up addresses do, ends here. Databases are not for those outside.
add_router()
{
	add_host router
	plug router net outside 198.51.100.1/24 2001:db8:c::1/64 192.0.2.1/24 2001:db8:bad::1/64
	plug router lan lan "$router_lan/24" "$net6:1/64"
	in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.lan.send_redirects=0 \
		net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1
	ip -n router route add blackhole default
	ip -n router -6 route add blackhole default
	ip -n router rule add iif net to 10.9.0.0/24 blackhole
}

add_balancers()
{
	local lb

	for lb in "${balancers[@]}"; do
		# The second address is what fullnat sends from.
		add_inside "$lb" "$net4.10${part[$lb]}/24"
		xdp_cable "$lb" eth0 lan
		filter_frames "$lb"
		give_bpffs "$lb"
	done
}

# A network card takes frames to its own address only, before XDP; a veth takes all. So
# the switch sends it no others, when it does not know where an address is.
filter_frames()
{
	bridge -n lan fdb replace "$(mac_of "$1" eth0)" dev "$1" master static
	bridge -n lan link set dev "$1" flood off
}

# Two machines would have a bpffs each; network namespaces have not. Somebody has to hold
# the mount namespace: on some kernels a file can not always be bound to one.
give_bpffs()
{
	start "bpffs-$1" "$1" unshare --mount --propagation private \
		sh -c 'mount -t bpf bpf /sys/fs/bpf && echo mounted && exec sleep infinity'
	wait_for 5 said "bpffs-$1" mounted
}

# on LB COMMAND...: on that balancer, with its own bpffs.
on()
{
	nsenter --net="/run/netns/$1" --mount="/proc/${pids[bpffs-$1]}/ns/mnt" -- "${@:2}"
}

add_servers()
{
	local name

	for name in "${servers[@]}"; do
		add_inside "$name"
		serve_vip "$name" "$vip4" "$vip6"
	done
}

build_network()
{
	add_fabric outside
	add_fabric lan
	add_router
	add_outside client 7
	ip -n client addr add "$banned4/24" dev eth0
	ip -n client addr add "$banned6/64" dev eth0
	add_outside attacker 66
	add_outside dns 53
	add_outside resolver 54
	add_balancers
	add_servers
	add_inside monitor
}

# Cut the cable of a host, and mend it.
unplug()
{
	ip -n lan link set "$1" down
}

replug()
{
	ip -n lan link set "$1" up
}
