#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Direct forwarding: IPv4 and IPv6 through one VIP each to three web servers,
# which answer the client past the balancer.
. "$(dirname "$0")/lib.sh"

one_armed_direct
web_service | write_conf
start_shuntd

for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
	say "$vip: $(tally "$vip" 60 | xargs)"
	transfer "$vip" 10
done

# It was the program in the driver that did it, not the stack or generic mode.
[[ $(ip -n lb -d link show eth0) == *' xdp '* ]] || die "no native XDP program on the balancer"
[[ $(metric 'shunt_service_packets_total\{') -gt 10000 ]] || die "20 MB made too few packets"
