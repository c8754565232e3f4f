#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 180 s
# forward: fullnat. Servers that have no route to the clients at all, nginx and
# dnsmasq as they come; an IPv6 VIP over IPv4 servers and the reverse.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

to6=192.0.2.46	# IPv4 clients, IPv6 servers
to4=2001:db8::64

nat_hosts
route_to client 10.1.0.1 2001:db8:1::1 "$to6" "$to4"
start_backends
for name in "${backends[@]}"; do
	start_dns "$name" 0.0.0.0,::
done

# web_over NAME VIP FAMILIES
web_over()
{
	cat <<-EOT
	  $1:
	    vip: [$2]
	    ports: [80/tcp]
	    forward: fullnat
	    check: { $quick_check }
	    backends:
	$(backend_list "$3")
	EOT
}

write_conf <<EOT
nat: { pool: [$pool4, "$pool6"], connections: 100000 }
services:
$(web_over web "$vip4, \"$vip6\"" "4 6")
$(web_over to6 "$to6" 6)
$(web_over to4 "\"$to4\"" 4)
  dns:
    vip: [$vip4, "$to4"]
    ports: [53/udp]
    forward: fullnat
    check: { type: none }
    backends:
$(backend_list 4)
EOT
start_shuntd

for vip in "$vip4" "$vip6" "$to6" "$to4"; do
	wait_for 5 every_backend_answers "$vip"
	say "$vip: $(tally "$vip" 60 | xargs)"
	transfer "$vip" 100
	check_wrk "$vip"
done
check_dns "$vip4"
check_dns "$to4"
want "packets without a connection" 0 "$(reason_count no_connection)"
want "packets without a port" 0 "$(reason_count no_port)"
