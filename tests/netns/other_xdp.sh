#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Another XDP program is on the interface first. One attached through libxdp is
# joined where the kernel allows it; any other is left alone, and shuntd says
# plainly that it cannot start.
. "$(dirname "$0")/lib.sh"

check_refusal()
{
	local theirs

	theirs=$(program_on lb eth0)
	run_refused "$build/shuntd" --config "$conf"
	say "exit $status: $(tail -n 3 "$(log_of refused)")"
	[[ $status == 1 || $status == 3 ]] || die "exit status $status"
	said refused 'eth0: XDP program [0-9]+ \(pass\) is there' ||
		die "it does not say what is in the way"
	want "the program that was there" "$theirs" "$(program_on lb eth0)"
}

check_joined()
{
	wait_for 5 every_backend_answers "$vip4"
	wait_for 5 every_backend_answers "$vip6"
	both_are_there || die "not both are there"
	stop_shuntd
	both_are_there || die "not both are there after a stop"
	every_backend_answers "$vip4" || die "after a stop the VIP is not served"
	in_host lb "$build/shuntd" --config "$conf" --detach
	[[ $(in_host lb xdp-loader status eth0) == *pass* ]] || die "the other program went, too"
	[[ $(in_host lb xdp-loader status eth0) != *shunt* ]] || die "shunt's is still there"
}

both_are_there()
{
	[[ $(in_host lb xdp-loader status eth0) == *pass*shunt* ||
	   $(in_host lb xdp-loader status eth0) == *shunt*pass* ]]
}

one_armed_direct
web_service | write_conf

ip -n lb link set eth0 xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
check_refusal
ip -n lb link set eth0 xdpdrv off

in_host lb xdp-loader load -m native -s xdp eth0 "$build/tests/pass.bpf.o"
if [[ $(in_host lb xdp-loader status eth0) == *xdp_dispatcher* ]]; then
	say "with libxdp's dispatcher"
	start_shuntd
	check_joined
else
	say "this kernel cannot run two programs on one interface: no dispatcher"
	check_refusal
fi
in_host lb xdp-loader unload eth0 --all

start_shuntd
wait_for 5 every_backend_answers "$vip4"
