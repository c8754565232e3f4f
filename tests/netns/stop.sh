#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A stop leaves traffic to the program, and the next daemon takes it over. With
# --detach or on_stop: detach the interface and bpffs are as they were.
. "$(dirname "$0")/lib.sh"

# libxdp keeps an empty folder of its own on bpffs, for its lock.
lb_state()
{
	ip -n lb -d link show eth0
	ip -n lb addr show dev eth0
	ip -n lb route show table all
	ip -n lb -6 route show table all
	find /sys/fs/bpf ! -path /sys/fs/bpf/xdp | sort
}

is_gone()
{
	! bpftool "$1" show id "$2"
}

# What has to be gone later: the program and its maps.
note_objects()
{
	program=$(program_on lb eth0)
	[[ -n $program ]] || die "no program on the interface"
	[[ -n $(find /sys/fs/bpf -path "*/shunt/*" -type f) ]] || die "nothing is pinned"
	maps=$(bpftool -j prog show id "$program" | jq '.map_ids[]')
}

# check_off WHAT: nothing of shunt is left.
check_off()
{
	local map

	lb_state >"$work/after"
	diff "$work/before" "$work/after" || die "$1: the interface or bpffs is not as it was"
	wait_for 5 is_gone prog "$program"
	for map in $maps; do
		wait_for 5 is_gone map "$map"
	done
	! answers client "http://$vip4/" || die "$1: the VIP still answers"
}

# detach_exits CODE [PATTERN]: run shuntd --detach; its words are in the log "refused".
detach_exits()
{
	run_refused "$build/shuntd" --config "$conf" --detach
	say "shuntd --detach: exit $status: $(tail -n 1 "$(log_of refused)")"
	want "exit status of shuntd --detach" "$1" "$status"
	[[ -z ${2:-} ]] || said refused "$2" || die "it does not say '$2'"
}

one_armed_direct
web_service | write_conf
lb_state >"$work/before"
detach_exits 0
lb_state | diff "$work/before" - || die "--detach with nothing there changed something"

start_shuntd
for signal in TERM INT; do
	wait_for 5 every_backend_answers "$vip4"
	note_objects
	start_load "$vip4" "$vip6"
	stop shuntd "$signal"
	want "exit status after $signal" 0 "$status"
	said shuntd stopped || die "it does not say that it stopped"
	[[ ! -e $socket ]] || die "the socket is still there"
	want "program after $signal" "$program" "$(program_on lb eth0)"
	for vip in "$vip4" "$vip6"; do
		every_backend_answers "$vip" || die "after $signal $vip is not served"
	done
	start_shuntd
	said shuntd adopted || die "the maps were not adopted after $signal"
	end_load
done

note_objects
detach_exits 4 'running'
want "program while it runs" "$program" "$(program_on lb eth0)"
every_backend_answers "$vip4" || die "--detach did harm to a daemon that runs"
shunt status >/dev/null || die "the daemon does not answer any more"
stop_shuntd
detach_exits 0
check_off "--detach"

start_shuntd
wait_for 5 every_backend_answers "$vip4"
stop shuntd KILL
start_shuntd
note_objects
stop shuntd KILL
detach_exits 0
check_off "--detach after kill -9"

web_service | write_conf
sed -i 's/^daemon:/&\n  on_stop: detach/' "$conf"
start_shuntd
for signal in TERM INT; do
	wait_for 5 every_backend_answers "$vip4"
	note_objects
	stop shuntd "$signal"
	want "exit status after $signal" 0 "$status"
	check_off "on_stop: detach, $signal"
	start_shuntd
done
note_objects
stop shuntd KILL
[[ $(program_on lb eth0) == "$program" ]] || die "kill -9 withdrew from the interface"
every_backend_answers "$vip4" || die "after kill -9 the VIP is not served"
