#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A balancer with two arms: packets come in from the clients' lan and leave for
# the servers' lan by a redirect from one driver to the other. Answers take the
# way past it, through a router.
. "$(dirname "$0")/lib.sh"

net4=10.2.0
net6=2001:db8:2:
interfaces='front: { mode: native }'

add_fabric front
add_fabric back
add_host client
plug client eth0 front 10.1.0.2/24 2001:db8:1::2/64
add_host router
plug router front front 10.1.0.3/24 2001:db8:1::3/64
plug router back back 10.2.0.3/24 2001:db8:2::3/64
in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
add_host lb
plug lb front front 10.1.0.1/24 2001:db8:1::1/64
plug lb back back 10.2.0.1/24 2001:db8:2::1/64
xdp_cable lb front front
xdp_cable lb back back
add_backends back
for name in "${backends[@]}"; do
	serve_vip "$name" "$vip4" "$vip6"
	ip -n "$name" route add 10.1.0.0/24 via 10.2.0.3
	ip -n "$name" -6 route add 2001:db8:1::/64 via 2001:db8:2::3
done
route_to client 10.1.0.1 2001:db8:1::1 "$vip4" "$vip6"
start_backends
web_service | write_conf
start_shuntd

for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
	say "$vip: $(tally "$vip" 60 | xargs)"
	transfer "$vip" 10
done
[[ $(reason_count redirected) -gt 10000 ]] || die "packets were not redirected"
want "packets sent back where they came from" 0 "$(reason_count forwarded)"

# Checks by `via: vip` find the other arm, which the config does not name.
quick_check+=", via: vip"
web_service | write_conf
shunt reload
ip -n b2 addr del "$vip4/32" dev lo
wait_for 5 only_answers "$vip4" "b1 b3"
ip -n b2 addr add "$vip4/32" dev lo
wait_for 5 every_backend_answers "$vip4"
stop_shuntd
! in_host lb tc qdisc show dev back | grep clsact || die "a stop has left something on back"
