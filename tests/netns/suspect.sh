#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# With nat the balancer sees that a server refuses connections, or does not answer: it
# is checked at once then, and down long before its interval is over.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

interval_s=30

is_down()
{
	[[ $(metric "shunt_backend_up\{.*backend=\"$1\"") == 0 ]]
}

# Connections all the time, whatever becomes of them.
start_clients()
{
	start clients client bash -c "while :; do
		curl -s -o /dev/null -m 2 http://$vip4/ &
		sleep 0.05
	done"
}

# lose NAME COMMAND...: when that is done, it is down soon.
lose()
{
	local begin took

	begin=$(now_ms)
	"${@:2}"
	wait_for 10 is_down "$1"
	took=$(($(now_ms) - begin))
	say "$1: $2: down after $took ms, with an interval of $interval_s s"
	[[ $took -lt $((10000 * scale)) ]] || die "$1: too late"
}

nat_hosts
through_balancer
start_backends
write_conf <<EOT
services:
  web:
    vip: [$vip4]
    ports: [80/tcp]
    forward: nat
    check:
      type: tcp
      interval: ${interval_s}s
      fast_interval: $pace
      timeout: $((250 * scale))ms
      down_interval: 10m
      rise: 1
      fall: 3
    backends:
$(backend_list 4)
EOT
start_shuntd
wait_for 5 every_backend_answers "$vip4"

# While all is well nobody is checked more often, whatever clients do.
checks=$(metric shunt_health_checks_total)
tally "$vip4" 300 >/dev/null || die "a request was not answered"
in_host client "$python" - "$vip4" <<-EOT
	import socket, struct, sys
	for i in range(50):
	    s = socket.create_connection((sys.argv[1], 80))
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	    s.close()
EOT
sleep 2.5	# two rounds over the connections
[[ $(metric shunt_health_checks_total) -le $((checks + ${#backends[@]})) ]] ||
	die "checks out of turn while all servers answer"

start_clients
lose b2 stop nginx-b2		# refuses
lose b3 ip -n b3 link set eth0 down	# is silent
# Three each, and what was in turn.
checks=$(($(metric shunt_health_checks_total) - checks))
say "$checks checks"
[[ $checks -le $((2 * 3 + 3 * ${#backends[@]})) ]] || die "$checks checks: too many"
want "who answers" b1 "$(who_answers "$vip4")"
