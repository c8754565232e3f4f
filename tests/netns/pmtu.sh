#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 180 s
# A link of 1400 bytes behind the balancer, which neither clients nor servers know
# of. Clients that send too much are told, in every mode and both families, and
# what they send arrives.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

modes=(direct ipip gue nat fullnat)
small=1400
declare -A fits=([direct]=1400 [ipip]=1380 [gue]=1372 [nat]=1400 [fullnat]=1400)
declare -A fits6=([direct]=1400 [ipip]=1360 [gue]=1352 [nat]=1400 [fullnat]=1400)

vip4_of()
{
	printf '192.0.2.%s' "$((100 + $1))"
}

vip6_of()
{
	printf '2001:db8::%s' "$((100 + $1))"
}

# Answers of direct, ipip and gue come from the VIP, and take the way past us.
answer_past_balancer()
{
	local host=$1 m vip

	for m in 0 1 2; do
		for vip in "$(vip4_of "$m")" "$(vip6_of "$m")"; do
			serve_vip "$host" "$vip"
			if [[ $vip == *:* ]]; then
				ip -n "$host" -6 rule add from "$vip" lookup 100
			else
				ip -n "$host" rule add from "$vip" lookup 100
			fi
		done
	done
	# What they send to the balancer fits; they do not tell the clients to be brief.
	ip -n "$host" route change default via "$net4.1" mtu $small advmss 1460
	ip -n "$host" -6 route change default via "${net6}:1" mtu $small advmss 1440
	ip -n "$host" route change "$net4.0/24" dev eth0 mtu $small advmss 1460
	ip -n "$host" -6 route change "${net6}:/64" dev eth0 proto kernel metric 256 mtu $small advmss 1440
	ip -n "$host" route add default via "$net4.3" table 100
	ip -n "$host" -6 route add default via "${net6}:3" table 100
}

services()
{
	local m

	echo "nat: { pool: [$pool4, \"$pool6\"] }"
	echo "services:"
	for m in "${!modes[@]}"; do
		cat <<-EOT
		  ${modes[m]}:
		    vip: [$(vip4_of "$m"), "$(vip6_of "$m")"]
		    ports: [80/tcp]
		    forward: ${modes[m]}
		    check: { type: tcp, port: 80, interval: 1s }
		    backends:
		$(backend_list "4 6")
		EOT
	done
}

# What the client now believes of the way to an address.
path_mtu()
{
	ip -n client route get "$1" | grep -oE 'mtu [0-9]+' | cut -d' ' -f2
}

nat_hosts
through_balancer
add_way_past
for name in "${backends[@]}"; do
	answer_past_balancer "$name"
	decap "$name" attach eth0 --from "$net4.1,$pool4,${net6}:1,$pool6" --gue-port 6080
done
for m in "${!modes[@]}"; do
	route_to client 10.1.0.1 2001:db8:1::1 "$(vip4_of "$m")" "$(vip6_of "$m")"
done
ip -n lb link set back mtu $small
ip -n back link set lb mtu $small
start_backends
services | write_conf
start_shuntd

for m in "${!modes[@]}"; do
	mode=${modes[m]}
	told=$(reason_count too_big_answered)
	wait_for 5 every_backend_answers "$(vip4_of "$m")"
	transfer "$(vip4_of "$m")" 5
	want "$mode: path MTU, IPv4" "${fits[$mode]}" "$(path_mtu "$(vip4_of "$m")")"
	wait_for 5 every_backend_answers "$(vip6_of "$m")"
	transfer "$(vip6_of "$m")" 5
	want "$mode: path MTU, IPv6" "${fits6[$mode]}" "$(path_mtu "$(vip6_of "$m")")"
	say "$mode: told $(($(reason_count too_big_answered) - told)) times"
done
