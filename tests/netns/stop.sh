#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Start and stop leave the interface and bpffs as they were.
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

one_armed_direct
web_service | write_conf
lb_state >"$work/before"

for signal in TERM INT; do
	start_shuntd
	wait_for 5 every_backend_answers "$vip4"
	program=$(program_on lb eth0)
	[[ -n $program ]] || die "no program on the interface"
	[[ -n $(find /sys/fs/bpf -path "*/shunt/*" -type f) ]] || die "nothing is pinned"
	maps=$(bpftool -j prog show id "$program" | jq '.map_ids[]')
	stop shuntd "$signal"
	want "exit status after $signal" 0 "$status"
	said shuntd stopped || die "it does not say that it stopped"
	lb_state >"$work/after"
	diff "$work/before" "$work/after" || die "the interface or bpffs is not as it was"
	[[ ! -e $socket ]] || die "the socket is still there"
	wait_for 5 is_gone prog "$program"
	for map in $maps; do
		wait_for 5 is_gone map "$map"
	done
	! answers client "http://$vip4/" || die "the VIP still answers"
done
