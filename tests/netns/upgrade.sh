#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# From the last release of ABI version 2 to this one: two thousand connections stay
# where they are, also those whose slots are changing hands at that moment, and thousands
# a second that begin and end in that very moment.
. "$(dirname "$0")/lib.sh"
. "$here/talks.bash"

former=$build/former/build
quiet_pace_ms=2000
pins=/sys/fs/bpf/shunt

[[ ! -e $build/former/missing ]] || skip "$(<"$build/former/missing")"
[[ -x $former/shuntd && -x $former/shunt ]] || die "not built in $former: run 'make netns'"

# start_former: no keys in its config that it does not know.
start_former()
{
	talk_service | write_conf
	start shuntd lb "$former/shuntd" --config "$conf"
	wait_for 10 ready_or_gone
	said shuntd ready || die "the former shuntd ended before it was ready"
	[[ -d $pins/v2 ]] || die "the former shuntd is not of ABI version 2"
}

# The step from one to the other, which is what this is about.
upgrade()
{
	local packets

	packets=$(metric 'shunt_service_packets_total\{')
	stop shuntd KILL
	start_shuntd
	! said shuntd '^error' || die "the new daemon has trouble"
	[[ ! -e $pins/v2 ]] || die "the maps of the former one are still pinned"
	[[ $(metric 'shunt_service_packets_total\{') -ge $packets ]] || die "counters did not go on"
}

backends=(b1 b2 b3)
add_talking_hosts
start_former
begin=$(now_ms)
start_talk "$vip4=850/$talk_pace_ms" "$vip6=850/$talk_pace_ms" \
	"$vip4=150/$quiet_pace_ms" "$vip6=150/$quiet_pace_ms" \
	"$vip4=100/$talk_pace_ms/1500" "$vip6=100/$talk_pace_ms/1500"
step "2000 connections, former release"
"$former/shunt" --socket "$socket" backend drain talk/b1 >/dev/null
wait_for 10 some_slots_are pinned
"$former/shunt" --socket "$socket" backend drain talk/b2 >/dev/null
step "b1 and b2 drained"
start brief client "$build/tests/talk" "$talk_port" "$vip4=40/5/20" "$vip6=40/5/20"
wait_for 10 said brief 'under way'
sleep 0.3
upgrade
step "upgraded"
stop brief
say "brief ones: $(grep '^report' "$(log_of brief)" | tail -n 1)"
want "brief connections that broke" 0 "$(sed -nE 's/^report .* broken ([0-9]+) moved.*/\1/p' "$(log_of brief)" | tail -n 1)"
sleep "$((quiet_pace_ms / 1000)).3"
step "all have asked"
shunt backend enable talk/b1 >/dev/null
shunt backend enable talk/b2 >/dev/null
step "b1 and b2 enabled"
wait_for 20 transition_is_over
sleep "$((quiet_pace_ms / 1000)).3"
step "no slot is migrating or pinning"
stop_for_a_while
step "stopped for $away_s s"
want_no_stall
stop talk
