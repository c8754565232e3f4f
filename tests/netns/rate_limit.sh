#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Limits of the firewall beside real clients: who floods from one address gets what the
# limit grants, who floods from everywhere costs nobody else anything, and a reload
# changes a limit at once.
. "$(dirname "$0")/lib.sh"

flooder=198.18.0.1		# of nobody: what answers it goes nowhere
rate=100
burst=300

# limited_service MODE RATE
limited_service()
{
	cat <<-EOT
	firewall:
	  mode: $1
	  rate_limit:
	    - { name: syns, match: tcp_syn, rate: $2/s, burst: $burst }
	    - { name: pings, match: icmp, rate: 10/m, burst: 5 }
	EOT
	web_service
}

start_flood()
{
	start flood client "$build/tests/flood" "$1" eth0 "$(mac_of lb eth0)" "$vip4" 80 "${@:2}"
	wait_for 5 said flood 'under way'
}

# flood_for MS: from one address; leaves how long it took and how many were sent and passed.
flood_for()
{
	local begin before

	before=$(reason_count rate_limited)
	begin=$(now_ms)
	start_flood syn "$flooder"
	sleep "$(awk -v ms="$1" 'BEGIN { print ms / 1000 }')"
	stop flood
	flood_ms=$(($(now_ms) - begin))
	sent=$(awk '/^sent/ { print $2 }' "$(log_of flood)")
	limited=$(($(reason_count rate_limited) - before))
	passed=$((sent - limited))
	say "flood of one address: $sent sent in $flood_ms ms, $limited dropped"
}

# It had its burst, and then the rate; frames that were lost before are counted as passed.
want_limited_to()
{
	[[ $sent -gt 5000 ]] || die "that was no flood"
	[[ $passed -ge $((burst * 9 / 10)) && $passed -le $((burst + $1 * flood_ms / 1000 + sent / 50)) ]] ||
		die "$passed passed, where $burst and $1 a second may"
}

hits()
{
	metric "shunt_firewall_rule_hits_total.*rule=\"[^\"]*$1\""
}

# What explain says of the next SYN of the flood, while the limit is used up.
explained()
{
	shunt explain --syn tcp "$flooder:1234" "$vip4:80" >"$work/explained"
	grep -q RATE_LIMITED "$work/explained" &&
		grep -q '^firewall *limited by rule limit syns' "$work/explained"
}

one_armed_direct
limited_service enforce "$rate" | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

flood_for 1000
want_limited_to "$rate"
[[ $(hits syns) -ge $limited ]] || die "the rule has $(hits syns) hits"

# Others are answered meanwhile, by each server.
start_flood syn "$flooder"
every_backend_answers "$vip4" || die "clients are not answered beside a flood of one address"
every_backend_answers "$vip6" || die "clients are not answered by IPv6"
wait_for 2 explained
stop flood

# A flood from 131 072 addresses passes the limit, and pushes nobody over his own.
start_flood ack
for _ in 1 2; do
	before=$(reason_count rate_limited)
	tally "$vip4" 60 >/dev/null || die "clients are not answered beside a flood from everywhere"
	want "packets that were limited" 0 "$(($(reason_count rate_limited) - before))"
done
stop flood
say "flood from everywhere: $(tail -n 1 "$(log_of flood)")"

# Ten times as much, from the next packet on.
limited_service enforce $((10 * rate)) | write_conf
shunt reload
flood_for 1000
want_limited_to $((10 * rate))

# Tried out: counted, and let through.
limited_service monitor "$rate" | write_conf
shunt reload
before=$(hits syns)
flood_for 300
want "packets dropped by a rule that is tried out" 0 "$limited"
[[ $(hits syns) -gt $((before + sent / 2)) ]] || die "hits are not counted: $(hits syns), $before"

# Who is allowed is not limited.
{
	limited_service enforce "$rate" | sed "/^  mode/a\\  allow: [$flooder/32]"
} | write_conf
shunt reload
flood_for 300
want "packets dropped of somebody who is allowed" 0 "$limited"

# Five pings at once, and one in six seconds.
limited_service enforce "$rate" | write_conf
shunt reload
answered=$(in_host client ping -c 12 -i 0.01 -W 1 "$vip4" | awk '/received/ { print $4 }') || true
[[ $answered -ge 5 && $answered -le 6 ]] || die "$answered of 12 pings were answered"
