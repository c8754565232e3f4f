#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Reloads that outgrow the maps: larger ones take their place under load. No
# request fails, no connection moves, counters go on, what is followed is still
# followed, and the next daemon finds the new maps.
. "$(dirname "$0")/lib.sh"

# many_services N PORTS: N small services; the addresses are not used.
many_services()
{
	local s

	for ((s = 0; s < $1; s++)); do
		cat <<-EOT
		  s$s:
		    vip: [198.51.100.$((s + 1))]
		    ports: [$2]
		    forward: direct
		    check: { type: none }
		    backends: [{ name: b1, address: $net4.11 }]
		EOT
	done
}

# unlike_services N SLOTS: no two pools alike, so that no two tables share a place.
unlike_services()
{
	local s

	for ((s = 1; s <= $1; s++)); do
		cat <<-EOT
		  s$s:
		    vip: [198.51.100.$s]
		    ports: [80/tcp]
		    forward: direct
		    slots: $2
		    check: { type: none }
		    backends:
		      - { name: b1, address: $net4.11, weight: $s }
		      - { name: b2, address: $net4.12, weight: 100 }
		EOT
	done
}

# reload_with: the services on stdin; it has to be taken.
reload_with()
{
	write_conf
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	say "reload: $(tail -n 2 "$work/reload" | xargs)"
}

pinned_map()
{
	bpftool -j map show pinned /sys/fs/bpf/shunt/v[0-9]*/"shunt_$1" | jq ".$2"
}

# room_for TABLES: of 1024 slots each; a line of the map holds 32 halves of slots.
room_for()
{
	local lines

	lines=$(pinned_map slots max_entries)
	say "room for $((lines / 64)) tables of 1024 slots"
	[[ $lines -ge $(($1 * 64)) ]] || die "no room was made for $1 tables: $lines lines of slots"
}

pinned_maps()
{
	local file

	for file in /sys/fs/bpf/shunt/v[0-9]*/*; do
		bpftool -j map show pinned "$file" | jq .id
	done
}

is_gone()
{
	! bpftool map show id "$1"
}

# As of the last second.
slots_are()
{
	[[ $(metric 'shunt_slots\{') == "$1" ]]
}

follows_mac()
{
	[[ $(shunt show neighbors) == *"$1"* ]]
}

# A removed backend counts as dead: a request that it has not yet answered breaks.
b3_has_no_connection()
{
	[[ -z $(in_host b3 ss -Htn state connected exclude time-wait \
		"sport = :80 and ( src $vip4 or src [$vip6] )") ]]
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"
maps=$(pinned_maps)
start_load "$vip4" "$vip6"
dropped=$(metric 'shunt_dropped_packets_total\{')

# More tables than 16, then more virtual services than 256. That tables share their
# place does not count: they may part at any time.
before=$(metric 'shunt_service_packets_total\{service="web"')
{ web_service; many_services 20 80/tcp; } | reload_with
said shuntd 'maps replaced: ' || die "no room was made for tables"
room_for 21
grep -q 'backends +20 -0' "$work/reload" || die "what was done is not told: $(<"$work/reload")"
after=$(metric 'shunt_service_packets_total\{service="web"')
[[ $after -gt $before ]] || die "counters did not go on: $before, $after"
ports=$(seq -s, -f '%g/tcp' 1001 1015)
{ web_service; many_services 20 "$ports"; } | reload_with
said shuntd 'maps replaced: .* 512 virtual services' || die "no room was made for services"
want "size of the pinned map" 512 "$(pinned_map vips max_entries)"
for map in $maps; do
	wait_for 5 is_gone "$map"
done

# A removed backend's packets still count for its service. It is drained first, as an
# operator would, with load that keeps no session.
end_load
start_load "$vip4" "$vip6" --sessions 0
shunt backend drain web/b3 >/dev/null
wait_for 5 b3_has_no_connection
before=$(metric 'shunt_service_packets_total\{service="web"')
{ web_service | grep -v 'name: b3'; many_services 60 80/tcp; } | reload_with
room_for 61
want "size of the pinned map" 512 "$(pinned_map vips max_entries)"
after=$(metric 'shunt_service_packets_total\{service="web"')
[[ $after -ge $before ]] || die "the service counts less: $before, then $after"

# What the new maps hold follows the backends: a new card, a failure.
mac=02:00:00:00:b1:02
in_host b1 sysctl -qw net.ipv4.conf.eth0.arp_notify=1 net.ipv6.conf.eth0.ndisc_notify=1
ip -n b1 link set eth0 address "$mac"
wait_for 5 follows_mac "$mac"
wait_for 5 only_answers "$vip4" "b1 b2"
end_load
want "dropped packets" "$dropped" "$(metric 'shunt_dropped_packets_total\{')"

# The next daemon takes over the new maps.
start_load "$vip4" "$vip6"
program=$(program_on lb eth0)
stop shuntd KILL
start_shuntd
said shuntd 'adopted' || die "the maps were not adopted"
[[ $program != "$(program_on lb eth0)" ]] || die "the program was not replaced"
want "answers after a restart" "b1 b2" "$(who_answers "$vip4")"
end_load

# A growth that fails half way: what was goes on, on every interface.
add_fabric other
plug lb eth1 other 10.2.0.1/24
ip -n lb link set eth1 xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
start_load "$vip4" "$vip6"
program=$(program_on lb eth1)
interfaces='eth0: { mode: native }, eth1: { mode: native }'
{ web_service; many_services 160 80/tcp; } | write_conf
! shunt reload >"$work/reload" 2>&1 || die "took an interface that is not free"
say "reload: $(tail -n 1 "$work/reload")"
want "program of eth1" "$program" "$(program_on lb eth1)"
end_load
shunt backend drain web/b1 >/dev/null
wait_for 5 only_answers "$vip4" b2
shunt backend enable web/b1 >/dev/null
wait_for 5 only_answers "$vip4" "b1 b2"

# Then it works. A table that gets more slots finds room where tables were that have
# gone, and nobody notices.
ip -n lb link set eth1 xdpdrv off
start_load "$vip4" "$vip6"
{ web_service; many_services 160 80/tcp; } | reload_with
room_for 161
shunt backend enable web/b3 >/dev/null
lines=$(log_lines shuntd)
web_service | reload_with
{ echo "dataplane: { slots: 8192 }"; web_service; } | reload_with
! said shuntd 'maps replaced: ' "$lines" || die "there was room enough"
wait_for 5 slots_are 8192
wait_for 5 every_backend_answers "$vip4"
end_load
take_off

# Fifteen tables fill the smallest map. Seven tables, six of them larger, fit in it, too,
# but not beside those that they follow: maps of the same size take their place.
interfaces='eth0: { mode: native }'
small='dataplane: { slots: 1024 }'
{ echo "$small"; web_service; unlike_services 14 1024; } | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
room=$(pinned_map slots max_entries)
start_load "$vip4" "$vip6"
{ echo "$small"; web_service; unlike_services 6 2048; } | reload_with
said shuntd 'maps replaced: ' || die "there was room after all"
want "size of the pinned map" "$room" "$(pinned_map slots max_entries)"
wait_for 5 every_backend_answers "$vip4"
end_load
stop_shuntd
