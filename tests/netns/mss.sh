#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# mss: servers send no larger segments than it says, with every way of forwarding. With
# nat and fullnat, whose SYN-ACKs pass the balancer, clients do not either.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

mss=1200
modes=(direct nat fullnat)
to6=192.0.2.46	# IPv4 clients, IPv6 servers
to4=2001:db8::64
free4=192.0.2.90
free6=2001:db8::90
port=4000

vip4_of()
{
	printf '192.0.2.%s' "$((100 + $1))"
}

vip6_of()
{
	printf '2001:db8::%s' "$((100 + $1))"
}

# service NAME FORWARD FAMILIES MSS VIP...
service()
{
	cat <<-EOT
	  $1:
	    vip: [$(printf '"%s", ' "${@:5}" | sed 's/, $//')]
	    ports: [$port/tcp]
	    forward: $2
	    check: { type: none }
	    backends:
	$(backend_list "$3")
	EOT
	[[ -z $4 ]] || echo "    mss: $4"
}

# config MSS
config()
{
	local m

	echo "nat: { pool: [$pool4, \"$pool6\"] }"
	echo "services:"
	for m in "${!modes[@]}"; do
		service "${modes[m]}" "${modes[m]}" "4 6" "$1" "$(vip4_of "$m")" "$(vip6_of "$m")"
	done
	service to6 fullnat 6 "$1" "$to6"
	service to4 fullnat 4 "$1" "$to4"
	service free nat "4 6" "" "$free4" "$free6"
}

# agreed VIP: "SERVER CLIENT"
agreed()
{
	in_host client "$python" "$here/mss.py" ask "$1" "$port"
}

# check_agreed WHAT VIP4 VIP6 OF4 OF6
check_agreed()
{
	want "$1: segments of the server and of the client, IPv4" "$4" "$(agreed "$2")"
	want "$1: segments of the server and of the client, IPv6" "$5" "$(agreed "$3")"
}

nat_hosts
through_balancer
# Their answers to direct come from the VIP, and take the way past the balancer.
add_way_past
# Time stamps take 12 bytes of each segment; without them it is what was agreed on.
in_host client sysctl -qw net.ipv4.tcp_timestamps=0
for name in "${backends[@]}"; do
	serve_vip "$name" "$(vip4_of 0)" "$(vip6_of 0)"
	ip -n "$name" rule add from "$(vip4_of 0)" lookup 100
	ip -n "$name" -6 rule add from "$(vip6_of 0)" lookup 100
	ip -n "$name" route add default via "$net4.3" table 100
	ip -n "$name" -6 route add default via "${net6}:3" table 100
	start "mss-$name" "$name" "$python" "$here/mss.py" serve $port
done
for m in "${!modes[@]}"; do
	route_to client 10.1.0.1 2001:db8:1::1 "$(vip4_of "$m")" "$(vip6_of "$m")"
done
route_to client 10.1.0.1 2001:db8:1::1 "$to6" "$to4" "$free4" "$free6"
for name in "${backends[@]}"; do
	wait_for 5 said "mss-$name" serving
done
config $mss | write_conf
start_shuntd

# 1460 and 1440 are what a link of 1500 bytes makes them ask for themselves.
check_agreed direct "$(vip4_of 0)" "$(vip6_of 0)" "$mss 1460" "$mss 1440"
check_agreed nat "$(vip4_of 1)" "$(vip6_of 1)" "$mss $mss" "$mss $mss"
check_agreed fullnat "$(vip4_of 2)" "$(vip6_of 2)" "$mss $mss" "$mss $mss"
check_agreed translated "$to6" "$to4" "$mss $mss" "$mss $mss"
check_agreed "a service without it" "$free4" "$free6" "1460 1460" "1440 1440"

# It is never raised, and a change of it is for the next connection.
config 9000 | write_conf
shunt reload
check_agreed "nat, a large one" "$(vip4_of 1)" "$(vip6_of 1)" "1460 1460" "1440 1440"
config 1300 | write_conf
shunt reload
check_agreed "nat, another one" "$(vip4_of 1)" "$(vip6_of 1)" "1300 1300" "1300 1300"
