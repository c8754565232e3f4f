#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# Connections of fullnat while their maps are replaced by larger ones, the pool is
# another one, and the daemon is started again and killed: none breaks. And what is
# over is taken out: records and ports are free in the end.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"
. "$(dirname "$0")/talks.bash"

another4=10.2.0.6

# maps_conf CONNECTIONS POOL
maps_conf()
{
	write_conf <<-EOT
	nat: { pool: [$2], connections: $1 }
	services:
	  talk:
	    vip: [$vip4]
	    ports: [$talk_port/tcp]
	    forward: fullnat
	    timeouts: { closed: 1s, closing: 2s, syn: 2s }
	    check: { type: none }
	    backends:
	$(backend_list 4)
	EOT
}

conns()
{
	shunt show maps --json | jq -r ".data.conntrack.$1"
}

# after WHAT: nothing has broken, and connections still begin
after()
{
	local before

	fetch_report
	before=$(reported connections)
	sleep 2
	fetch_report
	say "$1: $(conns entries) connections, $(conns ports_used) ports: $report"
	want "connections that broke after $1" 0 "$(reported broken)"
	[[ $(reported connections) -gt $before ]] || die "no connection begins after $1"
}

nothing_is_left()
{
	[[ $(conns entries) == 0 && $(conns ports_used) == 0 ]]
}

nat_hosts
ip -n lb address add "$another4/24" dev back
start_talk_servers

maps_conf 2000 "$pool4"
start_shuntd
start_talk "$vip4=150/50/0" "$vip4=50/50/700"
after "the start"
shunt status
shunt show connections talk >"$work/conns"
head -n 4 "$work/conns"
[[ $(shunt show connections --json | jq '.data.connections | length') -ge 100 ]] ||
	die "not all connections are listed"
in_host lb curl -fsS http://127.0.0.1:9924/metrics >"$work/metrics"
promtool check metrics <"$work/metrics" || die "promtool is not content"
grep -E '^shunt_(conntrack|nat)_' "$work/metrics"

maps_conf 50000 "$pool4"
shunt reload
want "room" 50175 "$(conns capacity)"
after "larger maps"

maps_conf 50000 "$another4, $pool4"
shunt reload
after "another pool"

maps_conf 50000 "$another4"
shunt reload
after "a pool without the first address"

stop_shuntd
start_shuntd
want "taken over" true "$(shunt status --json | jq .data.daemon.adopted)"
after "a restart"

stop shuntd KILL
start_shuntd
after "kill -9"

stop talk
wait_for 15 nothing_is_left
