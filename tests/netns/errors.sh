#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong at the start is said plainly, has its exit code, and leaves
# nothing behind.
. "$(dirname "$0")/lib.sh"

# refuses CODE PATTERN COMMAND...
refuses()
{
	run_refused "${@:3}"
	say "exit $status: $(tail -n 3 "$(log_of refused)")"
	want "exit status of ${*:3}" "$1" "$status"
	said refused "$2" || die "it does not say '$2'"
	[[ -z $(program_on lb eth0) || -n ${pids[shuntd]:-} ]] || die "a program was left behind"
}

# without CAPABILITIES: shuntd as root that lacks them.
without()
{
	refuses 3 "$2" setpriv --bounding-set "$1" --inh-caps "$1" \
		"$build/shuntd" --config "$conf"
}

one_armed_direct

web_service | write_conf
in_host lb "$build/shuntd" --check "$conf" || die "a right config is not right"
in_host lb "$build/shuntd" --help >/dev/null || die "--help failed"
refuses 2 'usage:' "$build/shuntd" --nonsense
refuses 2 'nowhere.yaml' "$build/shuntd" --config "$work/nowhere.yaml"

web_service | sed 's/80\/tcp/80\/tpc/' | write_conf
refuses 2 'shunt.yaml:[0-9]+:[0-9]+: error:' "$build/shuntd" --config "$conf"
refuses 2 'shunt.yaml:[0-9]+:[0-9]+: error:' "$build/shuntd" --check "$conf"
code=0
shunt config check "$conf" >/dev/null 2>&1 || code=$?
want "exit status of shunt config check" 2 "$code"

interfaces='eth7: { mode: native }'
web_service | write_conf
refuses 1 'eth7' "$build/shuntd" --config "$conf"
interfaces='eth0: { mode: native }'
web_service | write_conf

without -net_admin CAP_NET_ADMIN
without -bpf,-sys_admin CAP_BPF
without -perfmon,-sys_admin CAP_PERFMON
refuses 3 'CAP_NET_ADMIN' setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$build/shuntd" --config "$conf"

mkdir "$work/no-bpffs"
run_refused "$build/shuntd" --config "$conf" --pin-dir "$work/no-bpffs/shunt"
say "exit $status: $(tail -n 3 "$(log_of refused)")"
[[ $status == 1 || $status == 3 ]] || die "pins outside of bpffs: exit status $status"
said refused 'no-bpffs' || die "it does not say where it cannot pin"

start_shuntd
wait_for 5 every_backend_answers "$vip4"
refuses 4 'running|in use' "$build/shuntd" --config "$conf"
every_backend_answers "$vip4" || die "the second daemon disturbed the first"
shunt status >/dev/null || die "the first daemon no longer answers"
stop_shuntd
code=0
shunt status >"$work/unreachable" 2>&1 || code=$?
want "exit status of shunt without a daemon" 4 "$code"
grep -q "$socket" "$work/unreachable" || die "shunt does not say where it looked"
