#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# limit: 180 s
# 20 000 connections through a pool of 1000 ports while ports are used again and
# again; and every answer is the one that was asked for, by the server that was
# asked. Then more connections than there are ports: those that there is none for
# are dropped with that reason, and the others go on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"
. "$(dirname "$0")/talks.bash"

# A port is taken for the 0.5 s that a connection lives and up to 4 s more: "closed" counts
# whole seconds, rounds come once in one, and a record rests for one. So a server needs at most
# 250 / 3 / 0.5 s * 4.5 s = 750 of them.
connections=20000
at_once=250	# in each family
life_ms=500

nat_hosts
start_talk_servers

# pool_conf FIRST-LAST
pool_conf()
{
	write_conf <<-EOT
	nat: { pool: [$pool4, "$pool6"], ports: $1, connections: 20000 }
	services:
	  talk:
	    vip: [$vip4, "$vip6"]
	    ports: [$talk_port/tcp]
	    forward: fullnat
	    timeouts: { closed: 1s, closing: 5s, syn: 5s }
	    check: { type: tcp, interval: 1s }
	    backends:
	$(backend_list "4 6")
	  one:
	    vip: [$vip4]
	    ports: [8/tcp]
	    forward: fullnat
	    timeouts: { closed: 1s, closing: 5s, syn: 5s }
	    check: { type: none }
	    backends:
	      - { name: b1, address: $net4.11, port: $talk_port }
	EOT
}

opened_enough()
{
	fetch_report
	[[ $(reported connections) -ge $connections ]]
}

pool_conf 20000-20999
start_shuntd
start_talk "$vip4=$at_once/100/$life_ms" "$vip6=$at_once/100/$life_ms"
wait_for 90 opened_enough
fetch_report
say "$report"
want "connections that broke, or were given the answer of another" 0 "$(reported broken)"
want "connections without a port" 0 "$(reason_count no_port)"
stop talk

# Of 80 connections to one server 50 find a port; when those have ended, 50 others do.
take_off
pool_conf 30000-30049
start_shuntd
want "connections through 50 ports" 50 "$(hold "$vip4" 8 80)"
[[ $(reason_count no_port) -ge 30 ]] || die "those that found no port were not counted"
ports_are_free()
{
	[[ $(metric "shunt_nat_ports_used ") == 0 ]]
}
wait_for 20 ports_are_free
want "connections through the same 50 ports" 50 "$(hold "$vip4" 8 50)"
