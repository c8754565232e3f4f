#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Another XDP program is on the interface first. One attached through libxdp is
# joined where the kernel allows it; any other is left alone, and shuntd says
# plainly that it cannot start.
. "$(dirname "$0")/lib.sh"

# check_refusal PATTERN: what it says.
check_refusal()
{
	local theirs

	theirs=$(program_on lb eth0)
	run_refused "$build/shuntd" --config "$conf"
	say "exit $status: $(tail -n 3 "$(log_of refused)")"
	[[ $status == 1 || $status == 3 ]] || die "exit status $status"
	said refused "$1" || die "it does not say what is in the way"
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

# What runs behind a dispatcher here: not the word of shuntd for it.
load_behind_dispatcher()
{
	in_host lb xdp-loader load -m native -s xdp eth0 "$@" >/dev/null 2>&1 &&
		[[ $(in_host lb xdp-loader status eth0) == *xdp_dispatcher* ]]
}

unload_all()
{
	in_host lb xdp-loader unload eth0 --all
}

not_joined='eth0: XDP program [0-9]+ \(pass\) is there'

one_armed_direct
web_service | write_conf

ip -n lb link set eth0 xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
check_refusal "$not_joined"
ip -n lb link set eth0 xdpdrv off

if ! load_behind_dispatcher "$build/tests/pass.bpf.o"; then
	say "this kernel cannot run two programs on one interface: no dispatcher"
	check_refusal "$not_joined"
	unload_all
elif ! load_behind_dispatcher "$build/tests/grow.bpf.o"; then
	say "this kernel lets no program that makes frames longer behind this libxdp's dispatcher"
	check_refusal "eth0: .*newer than 1\.5\.4"
	unload_all
	start_shuntd
	stop_shuntd
	in_host lb "$build/shuntd" --config "$conf" --detach
else
	say "with libxdp's dispatcher"
	unload_all
	load_behind_dispatcher "$build/tests/pass.bpf.o"
	start_shuntd
	check_joined
	unload_all
fi

start_shuntd
wait_for 5 every_backend_answers "$vip4"
