#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the CLI and /metrics say of slots in transition, of the flow cache and of
# the maps is true, and a reload gives the flow cache another size.
. "$(dirname "$0")/lib.sh"

flow_cache=4MiB

service_and_times()
{
	web_service
	say "dataplane: { slots: 1024, flow_cache: $flow_cache, flow_early: 3s, flow_idle: 1s }"
}

# maps_json FILTER: of the data of show maps.
maps_json()
{
	shunt show maps --json | jq -r ".data | $1"
}

slots_are_stable()
{
	[[ $(metric 'shunt_slots\{state="stable"') == 1024 ]]
}

# pinned_bytes MAP: its memory as bpftool has it.
pinned_bytes()
{
	bpftool -j map show pinned "$(maps_json .pin_dir)/$1" | jq .bytes_memlock
}

one_armed_direct
service_and_times | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

want "slots in transition at rest" 0 "$(metric 'shunt_service_slots_moving\{')"
slots_are_stable || die "not all slots are stable at rest"
[[ ! $(shunt) =~ transition ]] || die "the status speaks of transitions at rest"

shunt backend drain web/b1
moving=$(maps_json '.slots | .migrating + .pinning + .pinned')
say "draining one backend of three moves $moving of 1024 slots"
[[ $moving -ge 341 && $moving -le 342 ]] || die "that is not a third"
want "slots in transition by service" "$moving" "$(metric 'shunt_service_slots_moving\{')"
want "slots of all states" 1024 "$(metric 'shunt_slots\{')"
[[ $(shunt) =~ $moving\ slots\ in\ transition ]] || die "the status does not say so"
[[ $(shunt service show web) =~ 1024\ slots,\ $moving\ in\ transition ]] ||
	die "the service does not say so"
wait_for 20 slots_are_stable

shunt show maps
for map in shunt_flows shunt_slots shunt_services; do
	want "bytes of $map" "$(pinned_bytes "$map")" "$(metric "shunt_map_bytes[{]map=\"$map\"")"
done
want "bytes of the flow cache" $((4 << 20)) "$(metric shunt_flow_cache_bytes)"
want "entries of the flow cache" $((4 << 17)) "$(metric shunt_flow_cache_capacity)"

flow_cache=1MiB
service_and_times | write_conf
shunt reload
want "bytes of the flow cache after a reload" $((1 << 20)) "$(metric shunt_flow_cache_bytes)"
want "who answers after it" "b2 b3" "$(who_answers "$vip4" 100)"
[[ $(pinned_bytes shunt_flows) -lt $((2 << 20)) ]] || die "the map is as large as before"
