#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The way to a backend changes: a new MAC address, a new route. Packets follow.
. "$(dirname "$0")/lib.sh"

some_without_neighbour()
{
	in_host client curl -sZ -m 1 -o /dev/null "http://$vip4/?[1-20]" || true
	[[ $(reason_count no_neighbour) -gt 0 ]]
}

follows_mac()
{
	[[ $(shunt show neighbors) == *"$1"* ]]
}

one_armed_direct
web_service | sed 's/check:.*/check: { type: none }/' | write_conf
start_shuntd
for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
done

# A host with a new card says so by a gratuitous ARP and neighbour advertisement.
mac=02:00:00:00:b1:02
in_host b1 sysctl -qw net.ipv4.conf.eth0.arp_notify=1 net.ipv6.conf.eth0.ndisc_notify=1
begin=$(now_ms)
ip -n b1 link set eth0 address "$mac"
for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
	say "$vip: b1 answers with its new MAC address after $(($(now_ms) - begin)) ms"
done
wait_for 5 follows_mac "$mac"

# b2 is now reached through b3: b3, which has the VIP too, gets its packets.
begin=$(now_ms)
ip -n lb route add 10.1.0.12/32 via 10.1.0.13
ip -n lb -6 route add 2001:db8:1::12/128 via 2001:db8:1::13
for vip in "$vip4" "$vip6"; do
	wait_for 5 only_answers "$vip" "b1 b3"
	say "$vip: follows a new route after $(($(now_ms) - begin)) ms"
done
ip -n lb route del 10.1.0.12/32
ip -n lb -6 route del 2001:db8:1::12/128
for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
done

# No way at all: packets are counted, not sent astray; then there is one again.
ip -n lb route add unreachable 10.1.0.12/32
wait_for 5 some_without_neighbour
ip -n lb route del unreachable 10.1.0.12/32
wait_for 5 every_backend_answers "$vip4"
