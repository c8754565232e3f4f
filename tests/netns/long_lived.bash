# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# The long-lived connections of long_lived_*.sh: what happens to the balancer
# while they talk, and what they must not notice. REPEAT=N reloads N times.

repeat=${REPEAT:-100}
quiet_pace_ms=2000		# less than the silence that is kept, $idle_ms
old=(b1 b2 b3)

run_config_changes()
{
	local i

	backends=("${old[@]}" b4)
	talk_service | write_conf
	reload
	step "b4 added"
	wait_for 5 somebody_talks_to_b4
	for ((i = 1; i <= repeat; i++)); do
		talk_service | sed "/name: b4/s/ }/, weight: $((1 + i % 2 * 50)) }/" | write_conf
		reload
	done
	step "$repeat reloads, b4's weight changed"
}

# The table gets four times the slots, and the maps room for more of everything.
outgrow_the_maps()
{
	local lines

	lines=$(log_lines shuntd)
	slots=4096
	{ talk_service; more_services 40; } | write_conf
	reload
	said shuntd 'maps replaced' "$lines" || die "the maps were large enough"
	step "four times the slots, 40 services more"
	shunt backend drain talk/b4 >/dev/null
}

# Connections that b4 got meanwhile end by themselves in a while.
remove_b4()
{
	wait_for 10 nobody_talks_to_b4
	backends=("${old[@]}")
	{ talk_service; more_services 40; } | write_conf
	reload
	step "b4 removed"
}

somebody_talks_to_b4()
{
	[[ -n $(in_host b4 ss -Htn state established "sport = :$talk_port") ]]
}

nobody_talks_to_b4()
{
	! somebody_talks_to_b4
}

# b1's connections stay with it, through every state of its former slots.
drain_b1()
{
	shunt backend drain talk/b1 >/dev/null
	step "b1 drained"
	wait_for 5 some_slots_are migrating
	restart_as "$build/shuntd"
	step "kill -9 and restart"
	wait_for 10 some_slots_are pinning
	shunt backend weight talk/b2 50% >/dev/null
	step "b2 at half its weight"
	wait_for 10 some_slots_are pinned
	step "the first slots are pinned"
}

undo()
{
	shunt backend enable talk/b1 >/dev/null
	shunt backend weight talk/b2 100% >/dev/null
	step "b1 enabled, b2 at its weight"
	wait_for 20 transition_is_over
	let_quiet_ones_ask
	step "no slot is migrating or pinning"
}

let_quiet_ones_ask()
{
	sleep "$((quiet_pace_ms / 1000)).3"
}

# The one event that connections feel: those of that server, no other.
kill_server()
{
	local name

	stop talk-b2 KILL
	wait_for 5 said shuntd 'talk/b2: .* -> down'
	let_quiet_ones_ask
	fetch_report
	for name in "${old[@]}"; do
		say "$name: $(reported broken "$name") broken"
	done
	[[ $(reported broken b2) -gt 100 ]] || die "b2 had next to no connections"
	for name in b1 b3 b4; do
		want "broken connections of $name after b2 was killed" 0 "$(reported broken "$name")"
	done
}

# live_through FORWARD
live_through()
{
	forward=$1
	backends=("${old[@]}" b4)
	add_talking_hosts
	backends=("${old[@]}")
	talk_service | write_conf
	start_shuntd
	begin=$(now_ms)
	dropped=$(metric 'shunt_dropped_packets_total\{')
	# Busy ones, some with long silences, and some that come and go.
	start_talk "$vip4=850/$talk_pace_ms" "$vip6=850/$talk_pace_ms" \
		"$vip4=150/$quiet_pace_ms" "$vip6=150/$quiet_pace_ms" \
		"$vip4=100/$talk_pace_ms/1500" "$vip6=100/$talk_pace_ms/1500"
	step "2000 long-lived connections"
	stop_for_a_while
	step "stopped for $away_s s"
	drain_b1
	run_config_changes
	restart_as "$build/next/shuntd"
	step "another build"
	outgrow_the_maps
	stop_for_a_while
	step "stopped for $away_s s amid that"
	remove_b4
	undo
	want_no_stall
	want "dropped packets" "$((dropped + $(reason_count held)))" \
		"$(metric 'shunt_dropped_packets_total\{')"
	kill_server
	stop talk
	wait_for 20 all_slots_are_stable
}
