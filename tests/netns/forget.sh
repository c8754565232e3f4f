#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Connections that were dealt out stay where they are when what deals them out, and so
# remembers them, gives way to what remembers none: by reload, with larger maps, and when
# a daemon finds another config than the last one had.
. "$(dirname "$0")/lib.sh"
. "$here/talks.bash"

scheduled()
{
	talk_service | sed "s/^    forward:.*/&\n    scheduler: $1/"
}

# reschedule SCHEDULER
reschedule()
{
	scheduled "$1" | write_conf
	reload
	step "$1"
}

# Those that come and go: some begin.
let_some_begin()
{
	sleep 0.5
}

# Slots without a connection elsewhere are ordinary again, and only these.
wait_for_a_sweep()
{
	wait_for 15 some_slots_are stable
	step "some slots are at rest again"
	some_slots_are pinned || die "no connection is elsewhere than its slot says"
}

backends=(b1 b2 b3)
add_talking_hosts
scheduled round_robin | write_conf
start_shuntd
begin=$(now_ms)
start_talk "$vip4=300/$talk_pace_ms" "$vip6=300/$talk_pace_ms" "$vip4=50/$talk_pace_ms/1500"
step "round_robin"
reschedule consistent
wait_for_a_sweep
reschedule least_conn
let_some_begin
reschedule consistent
reschedule least_conn
let_some_begin
stop_shuntd
scheduled consistent | write_conf
start_shuntd
step "consistent, by another daemon"
reschedule round_robin
let_some_begin
reschedule consistent
restart_as "$build/shuntd"
step "kill -9 and restart"
reschedule round_robin
let_some_begin
slots=4096
lines=$(log_lines shuntd)
{ scheduled consistent; more_services 40; } | write_conf
reload
said shuntd 'maps replaced' "$lines" || die "the maps were large enough"
step "consistent, in larger maps"
wait_for 15 transition_is_over
step "no slot is migrating or pinning"
stop talk
wait_for 20 all_slots_are_stable
