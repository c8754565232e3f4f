#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Datagrams of 8 kB, and answers of 8 kB: each is six fragments. They arrive whole with
# every way of forwarding that does not translate, in both families, whether the
# later ones are remembered or the hash leaves ports out; and not at all where they are
# to be dropped. DNS answers of 4 kB, as they come.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

# NAME FORWARD FRAGMENTS, by the number of their addresses
services=(
	"direct direct track" "ipip ipip track" "gue gue track" "nat nat track"
	"fullnat fullnat track" "direct-l3 direct l3hash" "ipip-l3 ipip l3hash"
	"gue-l3 gue l3hash" "none direct drop"
)
port=4000
bytes=8000
pieces=6

vip4_of()
{
	printf '192.0.2.%s' "$((100 + $1))"
}

vip6_of()
{
	printf '2001:db8::%s' "$((100 + $1))"
}

config()
{
	local s name forward fragments

	echo "nat: { pool: [$pool4, \"$pool6\"] }"
	echo "services:"
	for s in "${!services[@]}"; do
		read -r name forward fragments <<<"${services[s]}"
		cat <<-EOT
		  $name:
		    vip: [$(vip4_of "$s"), "$(vip6_of "$s")"]
		    ports: [$port/udp, 53/udp]
		    forward: $forward
		    fragments: $fragments
		    check: { type: none }
		    backends:
		$(backend_list "4 6")
		EOT
	done
}

# Answers of all but nat and fullnat come from the VIP, and take the way past the
# balancer. There is room for outer headers on the way from it to the servers; their own
# packets are as small as the clients' link needs them.
set_up_server()
{
	local name=$1 s

	ip -n "$name" link set eth0 mtu 1600
	ip -n back link set "$name" mtu 1600
	ip -n "$name" route change default via "$net4.1" mtu 1500
	ip -n "$name" -6 route change default via "${net6}:1" mtu 1500
	ip -n "$name" route change "$net4.0/24" dev eth0 mtu 1500
	ip -n "$name" -6 route change "${net6}:/64" dev eth0 proto kernel metric 256 mtu 1500
	ip -n "$name" route add default via "$net4.3" mtu 1500 table 100
	ip -n "$name" -6 route add default via "${net6}:3" mtu 1500 table 100
	for s in "${!services[@]}"; do
		[[ ${services[s]} != *nat* ]] || continue
		serve_vip "$name" "$(vip4_of "$s")" "$(vip6_of "$s")"
		ip -n "$name" rule add from "$(vip4_of "$s")" lookup 100
		ip -n "$name" -6 rule add from "$(vip6_of "$s")" lookup 100
	done
	decap "$name" attach eth0 --from "$net4.1,$pool4,${net6}:1,$pool6" --gue-port 6080
	start "udp-$name" "$name" "$python" "$here/udp_name.py" serve "$name" $port
	start_dns "$name" "$net4.${2},${net6}:$2" --edns-packet-max=4096 --txt-record="long.example,$text"
}

set_up()
{
	local name s n=10

	nat_hosts
	through_balancer
	add_way_past
	ip -n lb link set back mtu 1600
	ip -n back link set lb mtu 1600
	for name in "${backends[@]}"; do
		n=$((n + 1))
		set_up_server "$name" $n
	done
	for s in "${!services[@]}"; do
		route_to client 10.1.0.1 2001:db8:1::1 "$(vip4_of "$s")" "$(vip6_of "$s")"
	done
	for name in "${backends[@]}"; do
		wait_for 5 said "udp-$name" serving
	done
}

# ask_names VIP N [BYTES]: those who answered, on one line.
ask_names()
{
	in_host client "$python" "$here/udp_name.py" ask "$1" $port "${@:2}" |
		awk '{ printf "%s%s", sep, $1; sep = " " }'
}

# Fragments that a host has made, of both families.
fragments_made()
{
	counted "$1" IpFragCreates Ip6FragCreates
}

# check_service NAME VIP: forty questions by track have all servers, and long ones have
# the same as short ones by l3hash, which is one server for one client.
check_service()
{
	local long made

	made=$(fragments_made client)
	long=$(ask_names "$2" 40 $bytes) || die "$1: a datagram to $2, or its answer, did not arrive whole"
	want "$1: fragments that were sent to $2" $((40 * pieces)) "$(($(fragments_made client) - made))"
	if [[ $1 == *-l3 ]]; then
		want "$1: servers of long and of short datagrams to $2" "$long" "$(ask_names "$2" 40)"
		want "$1: how many servers a client of $2 has" 1 "$(wc -w <<<"$long")"
	else
		want "$1: servers of datagrams to $2" "${backends[*]}" "$long"
	fi
	say "$1: $2: $long"
}

# check_dropped VIP: what is short is answered. Of what is long the first fragment is known
# to be for this service, and the others are of nothing that anybody has seen.
check_dropped()
{
	local first later

	first=$(reason_count fragment) later=$(reason_count late_fragment)
	want "servers of short datagrams to $1" "${backends[*]}" "$(ask_names "$1" 40)"
	want "fragments before there were any to $1" "$first $later" "$(fragment_counts)"
	! ask_names "$1" 1 $bytes 2>/dev/null || die "$1: fragments were not dropped"
	want "fragments to $1 that were dropped" "$((first + 1)) $((later + pieces - 1))" \
		"$(fragment_counts)"
}

fragment_counts()
{
	printf '%s %s' "$(reason_count fragment)" "$(reason_count late_fragment)"
}

# A name server's own answer, in three fragments; none is cut short and asked for by TCP.
check_long_dns()
{
	local i answer

	for ((i = 0; i < 10; i++)); do
		answer=$(in_host client dig +short +ignore +bufsize=4096 +tries=1 +time=$((2 * scale)) \
			"@$1" long.example TXT | tr -d '" ')
		want "answer $i from $1" "${text//,/}" "$answer"
	done
}

# Fourteen strings of 250 bytes.
text=$(for i in {a..n}; do printf '%s,' "$(printf "%0250d" 0 | tr 0 "$i")"; done)
text=${text%,}

set_up
config | write_conf
start_shuntd
for s in "${!services[@]}"; do
	read -r name _ fragments <<<"${services[s]}"
	for vip in "$(vip4_of "$s")" "$(vip6_of "$s")"; do
		if [[ $fragments == drop ]]; then
			check_dropped "$vip"
			continue
		fi
		check_service "$name" "$vip"
		[[ $name != *nat ]] || check_long_dns "$vip"
		want "fragments that were dropped" "0 0" "$(fragment_counts)"
	done
done
want "packets without a connection" 0 "$(reason_count no_connection)"
want "packets that did not fit" 0 "$(($(reason_count too_big) + $(reason_count too_big_answered)))"
