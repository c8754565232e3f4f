#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# The small link is behind another router still: its ICMP errors are about packets
# that nat and fullnat have changed. Clients must hear of their own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

far4=10.3.0
far6=2001:db8:3:
small=1400
nat4=192.0.2.91 nat6=2001:db8::91
full4=192.0.2.92 full6=2001:db8::92
to6=192.0.2.93 to4=2001:db8::93
backends=()

nat_hosts
route_to client 10.1.0.1 2001:db8:1::1 "$nat4" "$nat6" "$full4" "$full6" "$to6" "$to4"
add_fabric far
add_host router
plug router back back "$net4.3/24" "${net6}:3/64"
plug router far far "$far4.3/24" "${far6}:3/64"
xdp_cable router back back
in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n router link set far mtu $small
ip -n far link set router mtu $small
ip -n router route add default via "$net4.1"
ip -n router -6 route add default via "${net6}:1"
ip -n lb route add "$far4.0/24" via "$net4.3"
ip -n lb -6 route add "${far6}:/64" via "${net6}:3"
for name in s1 s2; do
	n=$((${n:-10} + 1))
	add_host "$name"
	plug "$name" eth0 far "$far4.$n/24" "${far6}:$n/64"
	# Of the small link, too, but it does not tell the clients.
	ip -n "$name" link set eth0 mtu $small
	ip -n "$name" route add default via "$far4.3" advmss 1460
	ip -n "$name" -6 route add default via "${far6}:3" advmss 1440
done
backends=(s1 s2) net4=$far4 net6=$far6
start_backends

# far_service NAME VIPS FORWARD FAMILIES
far_service()
{
	cat <<-EOT
	  $1:
	    vip: [$2]
	    ports: [80/tcp]
	    forward: $3
	    check: { type: tcp, interval: 1s }
	    backends:
	$(backend_list "$4")
	EOT
}

write_conf <<EOT
nat: { pool: [$pool4, "$pool6"] }
services:
$(far_service nat "$nat4, \"$nat6\"" nat "4 6")
$(far_service full "$full4, \"$full6\"" fullnat "4 6")
$(far_service to6 "$to6" fullnat 6)
$(far_service to4 "\"$to4\"" fullnat 4)
EOT
start_shuntd

for vip in "$nat4" "$nat6" "$full4" "$full6" "$to6" "$to4"; do
	wait_for 5 every_backend_answers "$vip"
	transfer "$vip" 5
	say "$vip: $(ip -n client route get "$vip" | grep -oE 'mtu [0-9]+' || echo "no path MTU was learnt")"
	ip -n client route get "$vip" | grep -q 'mtu' || die "$vip: the client was not told"
done
