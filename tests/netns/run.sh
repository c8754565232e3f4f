#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Run the tests in this folder, one more at a time than there are processors, and see that
# nothing of them is left on the machine. Each lives in namespaces of its own, so they do
# not meet. Tests that measure times or rates, or keep all processors busy, say "# alone":
# they run one at a time, when the others are done.
#
#	run.sh [--vm] [NAME...]
#
# JOBS=N	so many at a time
# --vm		this is the virtual machine with every kernel feature: a test
#		that finds itself skipped there has failed
# KEEP=1	a failed test stays as it is for inspection
# SHUNT_TEST_SCALE=N	every time limit times N
set -euo pipefail
[[ -z ${BUILD:-} ]] || BUILD=$(realpath -m "$BUILD")	# relative to where we were called
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin
scale=${SHUNT_TEST_SCALE:-1}
default_limit_s=60
passed=0 failed=0 skipped=0
in_vm=
declare -A running=()	# names, by process

# A test that needs more time than most says so: "# limit: 120 s".
limit_of()
{
	local own

	own=$(sed -nE 's/^# limit: ([0-9]+) s$/\1/p' "$1.sh")
	printf '%s' "$((${own:-$default_limit_s} * scale))"
}

is_alone()
{
	grep -qx '# alone' "$1.sh"
}

tell_failure()
{
	failed=$((failed + 1))
	printf 'FAIL %s (%s s)%s\n' "$1" "$2" "$3"
	grep FAILED "$tmp/$1.log" | sed 's/^/    /' || true
	tail -n 100 "$tmp/$1.log" | sed 's/^/    /'
}

tell_skip()
{
	local why

	why=$(sed -n 's/^skip: //p' "$tmp/$1.log" | tail -n 1)
	if [[ $in_vm ]]; then
		tell_failure "$1" 0 ": skipped where it must run: $why"
	else
		skipped=$((skipped + 1))
		printf 'skip %s: %s\n' "$1" "$why"
	fi
}

# In a process of its own: what became of it is in two files.
run_one()
{
	local name=$1 limit begin=$EPOCHREALTIME status=0

	limit=$(limit_of "$name")
	if [[ ${KEEP:-} ]]; then
		SHUNT_RUN=$mark "./$name.sh" 2>&1 | tee "$tmp/$name.log" || status=$?
	else
		SHUNT_RUN=$mark timeout -k 5 "$limit" "./$name.sh" >"$tmp/$name.log" 2>&1 </dev/null || status=$?
	fi
	awk -v a="$begin" -v b="$EPOCHREALTIME" -v status="$status" \
		'BEGIN { printf "%d %.1f\n", status, b - a }' >"$tmp/$name.end"
}

tell()
{
	local name=$1 status took

	read -r status took <"$tmp/$name.end"
	case $status in
	0) passed=$((passed + 1)); printf 'ok %s (%s s)\n' "$name" "$took" ;;
	77) tell_skip "$name" ;;
	124 | 137) tell_failure "$name" "$took" ": not done after $(limit_of "$name") s" ;;
	*) tell_failure "$name" "$took" "" ;;
	esac
	[[ -z ${VERBOSE:-} || $status != 0 ]] || sed 's/^/    /' "$tmp/$name.log"
}

# Wait for one that runs to end, and tell of it.
reap()
{
	local pid

	wait -n -p pid || true
	tell "${running[$pid]}"
	unset "running[$pid]"
}

# When we are ended ourselves: what runs takes its namespaces with it.
end_running()
{
	local pid

	for pid in "${!running[@]}"; do
		pkill -P "$pid" || true
		wait "$pid" || true
	done
}

# run_all JOBS NAME...
run_all()
{
	local jobs=$1 name

	for name in "${@:2}"; do
		[[ ${#running[@]} -lt $jobs ]] || reap
		run_one "$name" &
		running[$!]=$name
	done
	while [[ ${#running[@]} -gt 0 ]]; do
		reap
	done
}

# What a test could leave behind, in an order that does not change by itself.
# Processes are ours if they carry this run's mark in their environment.
machine_state()
{
	local process

	ip -br link | awk '{ print "link", $1, $3 }'
	ip -o link | grep -o 'prog/xdp.*' || true
	ip -br addr | sed 's/^/address /'
	ip route show table all | sed 's/^/route /; s/ expires [^ ]*//'
	ip -6 route show table all | sed 's/^/route /; s/ expires [^ ]*//'
	ip rule | sed 's/^/rule /'
	awk '{ print "mount", $5, $(NF - 2) }' /proc/self/mountinfo
	[[ ! -d /run/netns ]] || printf 'namespace %s\n' /run/netns/*
	find /sys/fs/bpf -printf 'pin %p\n'
	bpftool prog list 2>/dev/null | awk '$2 == "xdp" { print "program", $1, $4 }'
	for process in /proc/[0-9]*; do
		grep -qsz "^SHUNT_RUN=$mark\$" "$process/environ" 2>/dev/null || continue
		printf 'process %s %s\n' "${process##*/}" "$(tr '\0' ' ' <"$process/cmdline")"
	done || true
}

save_state()
{
	machine_state 2>/dev/null | sort >"$tmp/$1"
}

# What came or went. A program that is gone was somebody else's.
changes()
{
	save_state after
	diff "$tmp/before" "$tmp/after" | grep '^[<>]' | grep -v '^< program'
}

# The kernel frees namespaces and programs a moment after their last user.
check_nothing_left()
{
	local tries

	for ((tries = 0; tries < 50 * scale; tries++)); do
		changes >/dev/null || return 0
		sleep 0.2
	done
	failed=$((failed + 1))
	printf 'FAIL cleanup: the machine is not as it was before (< before, > after)\n'
	changes | sed 's/^/    /' || true
}

[[ $EUID == 0 ]] || { echo "netns: needs root (network namespaces and XDP)" >&2; exit 1; }
if [[ ${1:-} == --vm ]]; then
	in_vm=1
	shift
fi
if [[ $# -gt 0 ]]; then
	tests=("$@")
else
	mapfile -t tests < <(printf '%s\n' *.sh | grep -vxE '(lib|run)\.sh' | sed 's/\.sh$//')
fi
together=() alone=()
for name in "${tests[@]}"; do
	[[ -x $name.sh ]] || { echo "netns: there is no test '$name'" >&2; exit 2; }
	if is_alone "$name"; then alone+=("$name"); else together+=("$name"); fi
done
jobs=${JOBS:-$(($(nproc) + 1))}	# they wait most of the time
[[ -z ${KEEP:-} && -z $in_vm ]] || jobs=1	# output goes to the screen; all is slow

tmp=$(mktemp -d)
trap 'end_running; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mark=$$-$RANDOM
save_state before
run_all "$jobs" "${together[@]}"
run_all 1 "${alone[@]}"
check_nothing_left
printf 'netns: %d passed, %d failed' "$passed" "$failed"
[[ $skipped == 0 ]] || printf ', %d skipped' "$skipped"
printf '\n'
[[ $failed == 0 ]]
