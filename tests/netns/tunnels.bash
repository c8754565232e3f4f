# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of tunnels share: one service for each of the four ways to put
# IP into IP, named outer last ("6in4" carries IPv6 in IPv4); in GUE, UDP is between.

vip_4in4=192.0.2.44
vip_6in4=2001:db8::64
vip_4in6=192.0.2.46
vip_6in6=2001:db8::66
vips=("$vip_4in4" "$vip_6in4" "$vip_4in6" "$vip_6in6")
kinds=(4in4 6in4 4in6 6in6)

# A full-sized packet of the client does not fit the link once it has an outer
# header. The usual remedy, and ours: the servers announce an MSS that leaves
# room for the largest one (1500 - 48 outer - 40 IPv6 - 20 TCP). Their answers
# are not tunnelled and go out in full size.
leave_room()
{
	ip -n "$1" route change 10.1.0.0/24 dev eth0 proto kernel scope link advmss 1390
	ip -n "$1" -6 route change 2001:db8:1::/64 dev eth0 proto kernel metric 256 advmss 1390
}

# tunnel_service NAME VIP FAMILY FORWARD: backends are known by addresses of that family.
tunnel_service()
{
	cat <<-EOT
	  $1:
	    vip: ["$2"]
	    ports: [80/tcp]
	    forward: $4
	    check: { type: tcp, port: 80, interval: 1s }
	    backends:
	$(backend_list "$3")
	EOT
}

# tunnel_services FORWARD
tunnel_services()
{
	echo "services:"
	tunnel_service 4in4 "$vip_4in4" 4 "$1"
	tunnel_service 6in4 "$vip_6in4" 4 "$1"
	tunnel_service 4in6 "$vip_4in6" 6 "$1"
	tunnel_service 6in6 "$vip_6in6" 6 "$1"
}

# add_tunnel_hosts: all but what takes the outer headers off.
add_tunnel_hosts()
{
	local name

	one_armed
	route_to client 10.1.0.1 2001:db8:1::1 "${vips[@]}"
	for name in "${backends[@]}"; do
		serve_vip "$name" "${vips[@]}"
		leave_room "$name"
	done
}

# check_tunnels FORWARD: every backend answers through every tunnel, and 10 MB come
# and go intact.
check_tunnels()
{
	local vip

	tunnel_services "$1" | write_conf
	if [[ ${pids[shuntd]:-} ]]; then shunt reload; else start_shuntd; fi
	for vip in "${vips[@]}"; do
		wait_for 5 every_backend_answers "$vip"
		say "$1, $vip: $(tally "$vip" 60 | xargs)"
		transfer "$vip" 10
	done
}
