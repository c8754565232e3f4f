#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# A steady stream of datagrams loses none, and no flow moves, whatever is done to
# the balancer. RATE=N datagrams a second, REPEAT=N reloads.
. "$(dirname "$0")/lib.sh"
. "$here/talks.bash"

rate=${RATE:-$((60000 / scale))}	# datagrams a second
repeat=${REPEAT:-100}
flows=256
port=4000

stream_service()
{
	talk_service | sed "s|\[$talk_port/tcp\]|[$port/udp]|; /check:/s/:.*/: { type: none }/; /timeout:/d"
}

# What the hosts' own queues threw away, by name: interfaces, sockets, CPUs.
queue_drops()
{
	local host

	for host in client lan lb "${backends[@]}"; do
		# shellcheck disable=SC2016 # the variables are of jq
		in_host "$host" ip -s -j link | jq -r --arg host "$host" '.[] | .ifname as $name | .stats64 |
			to_entries[] | .key as $side | .value | to_entries[] |
			select(.key | test("dropped|error")) |
			"\($host).\($name).\($side).\(.key) \(.value)"'
		in_host "$host" cat /proc/net/snmp | awk -v host="$host" '
			$1 == "Udp:" && $2 ~ /[0-9]/ { print host ".udp.RcvbufErrors", $6 }'
	done
	awk '{ print "softnet.dropped on CPU " NR - 1, $2 }' /proc/net/softnet_stat
}

start_stream()
{
	local name

	for name in "${backends[@]}"; do
		start "stream-$name" "$name" "$build/tests/stream" receive "$port"
	done
	for name in "${backends[@]}"; do
		wait_for 5 said "stream-$name" 'under way'
	done
	queue_drops | sort >"$work/drops.before"
	start stream-client client "$build/tests/stream" send "$vip4" "$port" "$flows" "$rate"
	wait_for 5 said stream-client 'under way'
}

# counted HOST NAME: of its last line.
counted()
{
	tail -n 1 "$(log_of "stream-$1")" | awk -v name="$2" '
		{ for (i = 1; i < NF; i++) if ($i == name) print $(i + 1) }'
}

# end_stream: all that was sent has arrived, and every flow at one backend only.
end_stream()
{
	local name sent received=0 at=0

	stop stream-client
	for name in "${backends[@]}"; do
		stop "stream-$name"
		received=$((received + $(counted "$name" received)))
		at=$((at + $(counted "$name" flows)))
		say "$name: $(tail -n 1 "$(log_of "stream-$name")")"
	done
	sent=$(counted client sent)
	queue_drops | sort >"$work/drops.after"
	say "$(tail -n 1 "$(log_of stream-client)")"
	say "lost: $((sent - received)) of $sent"
	diff "$work/drops.before" "$work/drops.after" | grep '^>' || say "no queue dropped anything"
	want "datagrams received" "$sent" "$received"
	want "flows, summed over backends" "$flows" "$at"
	[[ $(counted client rate) -gt $((rate / 2)) ]] || die "this machine does not hold half of that rate"
}

# told WHAT: when, on the clock that the receivers tell of losses by.
told()
{
	say "$(cut -d' ' -f1 /proc/uptime) s: $1"
}

one_armed
for name in "${backends[@]}"; do
	serve_vip "$name" "$vip4" "$vip6"
done
stream_service | write_conf
start_shuntd

start_stream
sleep "$scale"
told "nothing was done so far"
restart_as "$build/shuntd"
told "kill -9 and restart"
for ((i = 1; i <= repeat; i++)); do
	stream_service | sed "/name: b3/s/ }/, weight: $((100 - i % 2)) }/" | write_conf
	reload
done
told "$repeat reloads"
restart_as "$build/next/shuntd"
told "another build"
stop_for_a_while
told "stopped for $away_s s"
slots=4096
{ stream_service; more_services 40; } | write_conf
reload
told "four times the slots, 40 services more"
shunt backend drain talk/b1 >/dev/null
told "b1 drained"
wait_for 10 some_slots_are pinned
told "pinned"
shunt backend enable talk/b1 >/dev/null
wait_for 20 transition_is_over
told "b1 enabled, no slot is migrating or pinning"
end_stream
