#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# A flood of SYNs from everywhere, as fast as one core sends it, cuts no
# connection whose slot is in transition. FLOOD=ack floods with other packets.
. "$(dirname "$0")/lib.sh"
. "$here/talks.bash"

flow_cache=256KiB		# which the flood would fill in a moment if it got in
early_ms=$((3000 * scale))
add_talking_hosts
talk_service | write_conf
start_shuntd
begin=$(now_ms)
start_talk "$vip4=600/$talk_pace_ms" "$vip6=150/$talk_pace_ms"
step "750 connections"

# Two in three connections are those of slots that move.
shunt backend drain talk/b1 >/dev/null
shunt backend drain talk/b2 >/dev/null
step "two of three backends drained"
some_slots_are migrating || die "no slot is in transition"
say "connections of drained backends: $(in_host b1 ss -Htn state established "sport = :$talk_port" | wc -l)" \
	"and $(in_host b2 ss -Htn state established "sport = :$talk_port" | wc -l)"
before=$(metric 'shunt_service_packets_total\{')
start flood client "$build/tests/flood" "${FLOOD:-syn}" eth0 "$(mac_of lb eth0)" "$vip4" "$talk_port"
wait_for 5 said flood 'under way'
step "flood in migrating slots"
wait_for 10 some_slots_are pinning
step "flood in pinning slots"
wait_for 10 some_slots_are pinned
step "flood in pinned slots"
step "and a while longer"
stop flood
forwarded=$(($(metric 'shunt_service_packets_total\{') - before))
say "flood: $(tail -n 1 "$(log_of flood)"); $forwarded packets forwarded meanwhile"
sent=$(awk '/^sent/ { print $2 }' "$(log_of flood)")
[[ $sent -gt 100000 && $forwarded -gt $((sent / 2)) ]] || die "that was no flood"
step "after the flood"
stop talk
grep '^longest' "$(log_of talk)" | tail -n 1
