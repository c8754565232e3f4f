#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# One hundred services of ten backends: memory, and time from start to ready. Then
# a thousand services, each with a table of 65 536 slots, and a flow cache for
# four million flows: memory of the maps.
# limit: 120 s
. "$(dirname "$0")/lib.sh"

max_rss_kb=$((64 * 1024))
# A first start waits 1250 ms at most for verdicts and next hops; that is part of it.
max_ready_ms=$((2000 * scale))
max_maps_bytes=$((400 * 1000 * 1000))

# many_services CHECK
many_services()
{
	local s b

	echo "services:"
	for ((s = 0; s < 100; s++)); do
		cat <<-EOT
		  service$s:
		    vip: [192.0.2.$((100 + s)), "2001:db8::100:$s"]
		    ports: [80/tcp]
		    forward: direct
		    check: { $1 }
		    backends:
		EOT
		for ((b = 0; b < 10; b++)); do
			printf '      - { name: b%d, address: 10.1.%d.%d, address6: "2001:db8:1::%d:%d" }\n' \
				"$b" "$((1 + s))" "$((1 + b))" "$s" "$b"
		done
	done
}

# pairs N: so many pairs of weights, no two in the same proportion: the sequence of
# Calkin and Wilf has every fraction once.
pairs()
{
	local a=1 b=1 next i

	for ((i = 0; i < $1; i++)); do
		printf '%d %d\n' "$a" "$b"
		next=$(((2 * (a / b) + 1) * b - a))
		a=$b b=$next
	done
}

# thousand_services: two backends each, their weights from stdin.
thousand_services()
{
	local a b s=0

	echo "dataplane: { slots: 65536, flow_cache: 32MiB }"
	echo "services:"
	while read -r a b; do
		cat <<-EOT
		  service$s:
		    vip: 198.18.$((s / 250)).$((s % 250 + 1))
		    ports: [80/tcp]
		    forward: direct
		    check: { type: none }
		    backends:
		      - { name: a, address: 10.1.$((1 + s % 100)).1, weight: $a }
		      - { name: b, address: 10.1.$((1 + s % 100)).2, weight: $b }
		EOT
		s=$((s + 1))
	done
}

maps_bytes()
{
	shunt show maps --json | jq '[.data.maps[].bytes] | add'
}

# measure_maps WHAT PLACES: the config is there; so many places are there for tables.
measure_maps()
{
	local begin bytes

	begin=$(now_ms)
	start_shuntd
	said shuntd 'ready: 1000 services, 2000 backends' || die "not ready"
	bytes=$(maps_bytes)
	say "$1: ready after $(($(now_ms) - begin)) ms, maps of $((bytes / 1000000)) MB," \
	    "$(($(total_rss_kb) / 1024)) MiB resident"
	shunt show maps | grep -E '^(shunt_slots|shunt_flows|flow cache|tables)'
	want "places of tables" "$2" "$(metric 'shunt_table_places ')"
	want "flows that the cache has room for" $((4 << 20)) "$(metric shunt_flow_cache_capacity)"
	[[ $bytes -lt $max_maps_bytes ]] || die "$bytes bytes of maps, allowed are $max_maps_bytes"
	take_off
}

rss_kb()
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"
}

# The daemon and its prober.
total_rss_kb()
{
	local process sum=0

	for process in /proc/[0-9]*; do
		[[ $(cat "$process/comm" 2>/dev/null) == shuntd* ]] || continue
		sum=$((sum + $(rss_kb "${process##*/}")))
	done
	printf '%s' "$sum"
}

measure()
{
	local begin took rss

	many_services "$2" | write_conf
	begin=$(now_ms)
	start shuntd lb "$build/shuntd" --config "$conf"
	until ready_or_gone; do
		sleep 0.01
	done
	took=$(($(now_ms) - begin))
	said shuntd 'ready: 100 services, 1000 backends' || die "not ready"
	rss=$(total_rss_kb)
	say "$1: ready after $took ms, $((rss / 1024)) MiB resident" \
	    "($(rss_kb "${pids[shuntd]}") KiB of them the daemon alone)"
	[[ $took -lt $max_ready_ms ]] || die "ready after $took ms, allowed are $max_ready_ms"
	[[ $rss -lt $max_rss_kb ]] || die "$rss KiB resident, allowed are $max_rss_kb"
}

one_armed
# All backends are one host.
for ((s = 1; s <= 100; s++)); do
	ip -n b1 addr add "10.1.$s.1/16" dev eth0
	for ((b = 2; b <= 10; b++)); do
		ip -n b1 addr add "10.1.$s.$b/16" dev eth0
	done
done
ip -n lb route add 10.1.0.0/16 dev eth0
start_nginx b1
wait_for 5 answers b1 http://127.0.0.1/

measure "without checks" "type: none"
begin=$(now_ms)
shunt reload >/dev/null
say "a reload that changes nothing: $(($(now_ms) - begin)) ms"
take_off
measure "with tcp checks" "type: tcp"
stop shuntd KILL
measure "restart after kill -9" "type: tcp"
take_off

pairs 1000 | thousand_services | write_conf
measure_maps "1000 services, no two pools alike" 1000
printf '1 1\n%.0s' {1..1000} | thousand_services | write_conf
measure_maps "1000 services, all pools alike" 1
