# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Hosts, cables and the usual lans. Part of lib.sh.

in_host()
{
	nsenter --net="/run/netns/$1" -- "${@:2}"
}

# Settings that a test must not inherit from the machine; addresses usable at once.
host_settings=(
	net.ipv6.conf.{all,default}.{accept_dad,router_solicitations,accept_ra,disable_ipv6}"=0"
	net.ipv4.conf.{all,default}.rp_filter"=0"
	net.ipv4.ip_forward"=0"
)

add_host()
{
	ip netns add "$1"
	ip -n "$1" link set lo up
	in_host "$1" sysctl -qw "${host_settings[@]}"
}

add_fabric()
{
	add_host "$1"
	ip -n "$1" link add bridge type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip -n "$1" link set bridge up
}

# plug HOST IF FABRIC ADDRESS...: a cable; its end in the fabric is called HOST.
plug()
{
	local host=$1 if=$2 fabric=$3 address

	ip -n "$fabric" link add "$host" type veth peer name "$if" netns "$host"
	ip -n "$fabric" link set "$host" master bridge up
	{
		echo "link set $if up"
		for address in "${@:4}"; do
			echo "addr add $address dev $if"
		done
	} | ip -n "$host" -batch -
}

# xdp_cable HOST IF FABRIC: make that cable fit for native XDP at the host's end.
# The fabric's end gets a program, or it would not take frames that XDP sends;
# neither end leaves checksums to the other: XDP would see unfinished ones.
xdp_cable()
{
	in_host "$3" ethtool -K "$1" tx off >/dev/null
	in_host "$1" ethtool -K "$2" tx off >/dev/null
	ip -n "$3" link set "$1" xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
}

# decap HOST COMMAND...: shunt-decap there. The hosts share bpffs, so each has a folder.
decap()
{
	in_host "$1" "$build/shunt-decap" "${@:2}" --pin-dir "/sys/fs/bpf/decap-$1"
}

# take_headers_off HOST [OPTION...]: as a backend of `forward: ipip` has to; the
# balancer's only.
take_headers_off()
{
	xdp_cable "$1" eth0 lan
	decap "$1" attach eth0 --from 10.1.0.1,2001:db8:1::1 "${@:2}"
}

# decap_count HOST REASON: packets that ended so.
decap_count()
{
	decap "$1" show eth0 | awk -v reason="$2" '$3 == reason { print $1 }'
}

# counted HOST COUNTER...: the sum of these counters of its stack, by the names of nstat.
counted()
{
	in_host "$1" nstat -asz "${@:2}" | awk '$2 ~ /^[0-9]+$/ { sum += $2 } END { print sum + 0 }'
}

# serve_vip HOST VIP...: the addresses are the host's, but it tells nobody.
serve_vip()
{
	local vip

	in_host "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	for vip in "${@:2}"; do
		if [[ $vip == *:* ]]; then
			echo "addr add $vip/128 dev lo nodad noprefixroute"
		else
			echo "addr add $vip/32 dev lo"
		fi
	done | ip -n "$1" -batch -
}

# route_to HOST VIA4 VIA6 VIP...
route_to()
{
	local host=$1 via4=$2 via6=$3 vip

	for vip in "${@:4}"; do
		if [[ $vip == *:* ]]; then
			ip -n "$host" -6 route replace "$vip/128" via "$via6"
		else
			ip -n "$host" route replace "$vip/32" via "$via4"
		fi
	done
}

# The address of an interface that is set at the moment.
mac_of()
{
	ip -n "$1" -o link show dev "$2" | sed -E 's/.*link\/ether ([0-9a-f:]+).*/\1/'
}

vip4=192.0.2.80
vip6=2001:db8::80
backends=(b1 b2 b3)
net4=10.1.0			# of the backends
net6=2001:db8:1:

add_backends()
{
	local name n=10

	for name in "${backends[@]}"; do
		n=$((n + 1))
		add_host "$name"
		plug "$name" eth0 "$1" "$net4.$n/24" "$net6:$n/64"
	done
}

# A lan with a client, a balancer with one arm and the backends.
#	client .2    lb .1    b1 .11    b2 .12    b3 .13
one_armed()
{
	add_fabric lan
	add_host client
	plug client eth0 lan 10.1.0.2/24 2001:db8:1::2/64
	add_host lb
	plug lb eth0 lan 10.1.0.1/24 2001:db8:1::1/64
	xdp_cable lb eth0 lan
	add_backends lan
	route_to client 10.1.0.1 2001:db8:1::1 "$vip4" "$vip6"
}

# One lan as above, its backends ready to answer for the VIPs themselves.
one_armed_direct()
{
	local name

	one_armed
	for name in "${backends[@]}"; do
		serve_vip "$name" "$vip4" "$vip6"
	done
	start_backends
}

# backend_list FAMILIES: the backends as the config lists them, with their
# addresses of these families ("4", "6", "4 6").
backend_list()
{
	local name n=10 keys=$1 text

	for name in "${backends[@]}"; do
		n=$((n + 1))
		text="name: $name"
		[[ $keys != *4* ]] || text+=", address: $net4.$n"
		[[ $keys != *6* ]] || text+=", address6: \"$net6:$n\""
		printf '      - { %s }\n' "$text"
	done
}
