#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# One cable for several VLANs: clients in one of them, or in none, servers in another,
# reached by VLAN devices of the balancer, direct and by GUE, which shunt-decap finds
# behind the tag. Answers take the way past the balancer, through a router.
# limit: 120 s
. "$(dirname "$0")/lib.sh"

net4=10.2.0
net6=2001:db8:2:

# plug_vlan HOST ID ADDRESS...
plug_vlan()
{
	local host=$1 id=$2 address

	ip -n "$host" link add link eth0 name "eth0.$id" type vlan id "$id" 2>"$work/no-vlan" ||
		skip "this kernel has no VLAN devices; 'make vm' runs it on one that has"
	ip -n "$host" link set "eth0.$id" up
	for address in "${@:3}"; do
		ip -n "$host" addr add "$address" dev "eth0.$id"
	done
}

# Tags are to lie in the frame, where XDP sees them, and not beside it.
tagged_cable()
{
	xdp_cable "$1" eth0 lan
	in_host lan ethtool -K "$1" txvlan off >/dev/null
}

add_server()
{
	local name=$1 n=$2

	add_host "$name"
	plug "$name" eth0 lan
	plug_vlan "$name" 100 "10.2.0.$n/24" "2001:db8:2::$n/64"
	serve_vip "$name" "$vip4" "$vip6"
	ip -n "$name" route add default via 10.2.0.3 advmss 1390
	ip -n "$name" -6 route add default via 2001:db8:2::3 advmss 1390
}

add_hosts()
{
	local name n=10

	add_fabric lan
	add_host lb
	plug lb eth0 lan 10.3.0.1/24 2001:db8:3::1/64
	plug_vlan lb 200 10.1.0.1/24 2001:db8:1::1/64
	plug_vlan lb 100 10.2.0.1/24 2001:db8:2::1/64
	tagged_cable lb
	add_host router
	plug router eth0 lan 10.3.0.3/24 2001:db8:3::3/64
	plug_vlan router 200 10.1.0.3/24 2001:db8:1::3/64
	plug_vlan router 100 10.2.0.3/24 2001:db8:2::3/64
	in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	add_host client
	plug client eth0 lan 10.3.0.2/24 2001:db8:3::2/64
	plug_vlan client 200 10.1.0.2/24 2001:db8:1::2/64
	for name in "${backends[@]}"; do
		n=$((n + 1))
		add_server "$name" "$n"
	done
}

# The way that a server got its packets: all by the VLAN device, none without a tag.
check_servers()
{
	local name

	for name in "${backends[@]}"; do
		[[ $(ip -n "$name" -j -s link show eth0.100 | jq '.[0].stats64.rx.packets') -gt 100 ]] ||
			die "$name got nothing in VLAN 100"
	done
}

check_traffic()
{
	local vip

	for vip in "$vip4" "$vip6"; do
		wait_for 5 every_backend_answers "$vip"
		say "$1, $vip: $(tally "$vip" 60 | xargs)"
		transfer "$vip" 5
	done
	check_servers
	want "packets that were redirected" 0 "$(reason_count redirected)"
}

# Checks by `via: vip` leave by the VLAN device, whatever the frames of clients look like.
check_by_vip()
{
	quick_check="$quick_check, via: vip" web_service | write_conf
	shunt reload
	ip -n b2 addr del "$vip4/32" dev lo
	wait_for 5 only_answers "$vip4" "b1 b3"
	ip -n b2 addr add "$vip4/32" dev lo
	wait_for 5 every_backend_answers "$vip4"
}

# A device with two tags is no way, and the log says so.
check_two_tags()
{
	ip -n lb link add link eth0.100 name inner type vlan id 7
	ip -n lb link set inner up
	ip -n lb addr add 10.4.0.1/24 dev inner
	{
		forward=gue web_service
		echo '      - { name: far, address: 10.4.0.9 }'
	} | write_conf
	shunt reload
	wait_for 5 said shuntd '10.4.0.9: its VLAN device is on another VLAN device'
	wait_for 5 every_backend_answers "$vip4"
}

check_gue()
{
	local name

	for name in "${backends[@]}"; do
		tagged_cable "$name"
		decap "$name" attach eth0 --from 10.2.0.1,2001:db8:2::1 --gue-port 6080
	done
	forward=gue web_service | write_conf
	shunt reload
	check_traffic "GUE"
	for name in "${backends[@]}"; do
		[[ $(decap_count "$name" gue) -gt 50 ]] || die "$name got nothing in GUE"
	done
}

add_hosts
start_backends
web_service | write_conf
start_shuntd
shunt show neighbors | grep -E '10\.2\.0\.11 .*eth0\.100' >/dev/null || die "no neighbour on eth0.100: $(shunt show neighbors)"

route_to client 10.1.0.1 2001:db8:1::1 "$vip4" "$vip6"
check_traffic "from VLAN 200"
route_to client 10.3.0.1 2001:db8:3::1 "$vip4" "$vip6"
check_traffic "from no VLAN"
check_by_vip
check_gue
check_two_tags
