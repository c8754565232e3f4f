#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 180 s
# forward: nat. Servers that know nothing of it but a default route through the
# balancer: nginx and dnsmasq as they come. Answers come from the VIP.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

nat_hosts
through_balancer
start_backends
for name in "${backends[@]}"; do
	start_dns "$name" 0.0.0.0
done
write_conf <<EOT
services:
  web:
    vip: [$vip4, "$vip6"]
    ports: [80/tcp]
    forward: nat
    check: { $quick_check }
    backends:
$(backend_list "4 6")
  dns:
    vip: [$vip4]
    ports: [53/udp]
    forward: nat
    check: { type: none }
    backends:
$(backend_list 4)
  other-port:
    vip: [$vip4]
    ports: [8080/tcp]
    forward: nat
    check: { type: tcp, interval: 1s }
    backends:
      - { name: b1, address: $net4.11, port: 80 }
EOT
start_shuntd

for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
	say "$vip: $(tally "$vip" 60 | xargs)"
	transfer "$vip" 100
	check_wrk "$vip"
done
check_dns "$vip4"
want "who answers on the port that is another one there" b1 \
	"$(in_host client curl -fsS -m 2 "http://$vip4:8080/")"
in_host client ping -c 3 -i 0.2 -W 2 "$vip4" >/dev/null || die "no answer to a ping of $vip4"
in_host client ping -c 3 -i 0.2 -W 2 "$vip6" >/dev/null || die "no answer to a ping of $vip6"
want "packets without a connection" 0 "$(reason_count no_connection)"
# Of the line of numbers, not of the names.
forwarded=$(in_host lb sed -nE 's/^Ip: [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ ([0-9]+) .*/\1/p' /proc/net/snmp)
want "packets that the balancer itself forwarded" 0 "$forwarded"
