# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# What the tests of nat and fullnat share: a balancer between the clients' lan and
# the servers'. XDP does everything: the balancer's own stack forwards nothing.
#
#	client 10.1.0.2    front 10.1.0.1 [lb] 10.2.0.1 back    b1 10.2.0.11 ...

net4=10.2.0
net6=2001:db8:2:
pool4=10.2.0.5
pool6=2001:db8:2::5
interfaces='front: { mode: native }, back: { mode: native }'

nat_hosts()
{
	add_fabric front
	add_fabric back
	add_host client
	plug client eth0 front 10.1.0.2/24 2001:db8:1::2/64
	add_host lb
	plug lb front front 10.1.0.1/24 2001:db8:1::1/64
	plug lb back back "$net4.1/24" "${net6}:1/64" "$pool4/24" "$pool6/64"
	xdp_cable lb front front
	xdp_cable lb back back
	add_backends back
	for name in "${backends[@]}"; do
		# What XDP sends to a server is not left to its checksum offload either.
		xdp_cable "$name" eth0 back
	done
	route_to client 10.1.0.1 2001:db8:1::1 "$vip4" "$vip6"
}

# A way back to the clients that goes past the balancer, for answers that come from a VIP.
add_way_past()
{
	add_host router
	plug router front front 10.1.0.3/24 2001:db8:1::3/64
	plug router back back "$net4.3/24" "${net6}:3/64"
	in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# For nat: the balancer is the servers' way to the clients.
through_balancer()
{
	local name

	for name in "${backends[@]}"; do
		ip -n "$name" route add default via "$net4.1"
		ip -n "$name" -6 route add default via "${net6}:1"
	done
}

# start_dns HOST ADDRESSES [OPTION...]: dnsmasq on a server, which knows its name.
start_dns()
{
	start "dns-$1" "$1" dnsmasq --no-daemon --no-resolv --no-hosts --conf-file=/dev/null \
		--user=root --pid-file="$work/dns-$1.pid" --bind-interfaces --listen-address="$2" \
		--txt-record="who.example,$1" "${@:3}"
}

# ask VIP: who answered. dig itself sees to it that the answer comes from there.
ask()
{
	in_host client dig +short +tries=1 +time=$((2 * scale)) "@$1" who.example TXT | tr -d '"'
}

# Every server answers on UDP; N questions, none lost.
check_dns()
{
	local vip=$1 n=${2:-60} i

	for ((i = 0; i < n; i++)); do
		ask "$vip" || die "question $i to $vip got no answer"
	done >"$work/who"
	want "servers that answer for $vip" "${backends[*]}" "$(sort -u "$work/who" | xargs)"
}

# wrk for some seconds: requests without an error.
check_wrk()
{
	in_host client wrk -t1 -c50 -d3s "http://$(url_host "$1")/" >"$work/wrk" ||
		die "wrk failed"
	! grep -E 'Socket errors|Non-2xx' "$work/wrk" || die "wrk saw errors from $1"
	say "$1: wrk: $(awk '/requests in/ { print $1, "requests in", $4 }' "$work/wrk")"
}
