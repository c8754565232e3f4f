#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Run the tests in this folder, one at a time, and see that nothing of them is
# left on the machine.
#
#	run.sh [--vm] [NAME...]
#
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

# A test that needs more time than most says so: "# limit: 120 s".
limit_of()
{
	local own

	own=$(sed -nE 's/^# limit: ([0-9]+) s$/\1/p' "$1.sh")
	printf '%s' "$((${own:-$default_limit_s} * scale))"
}

tell_failure()
{
	failed=$((failed + 1))
	printf 'FAIL %s (%s s)%s\n' "$1" "$2" "$3"
	tail -n 100 "$tmp/log" | sed 's/^/    /'
}

tell_skip()
{
	local why

	why=$(sed -n 's/^skip: //p' "$tmp/log" | tail -n 1)
	if [[ $in_vm ]]; then
		tell_failure "$1" 0 ": skipped where it must run: $why"
	else
		skipped=$((skipped + 1))
		printf 'skip %s: %s\n' "$1" "$why"
	fi
}

run_one()
{
	local name=$1 limit begin=$EPOCHREALTIME took status=0

	limit=$(limit_of "$name")
	if [[ ${KEEP:-} ]]; then
		SHUNT_RUN=$mark "./$name.sh" 2>&1 | tee "$tmp/log" || status=$?
	else
		SHUNT_RUN=$mark timeout -k 5 "$limit" "./$name.sh" >"$tmp/log" 2>&1 </dev/null || status=$?
	fi
	took=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
	case $status in
	0) passed=$((passed + 1)); printf 'ok %s (%s s)\n' "$name" "$took" ;;
	77) tell_skip "$name" ;;
	124 | 137) tell_failure "$name" "$took" ": not done after $limit s" ;;
	*) tell_failure "$name" "$took" "" ;;
	esac
	[[ -z ${VERBOSE:-} || $status != 0 ]] || sed 's/^/    /' "$tmp/log"
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
for name in "${tests[@]}"; do
	[[ -x $name.sh ]] || { echo "netns: there is no test '$name'" >&2; exit 2; }
done

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mark=$$-$RANDOM
save_state before
for name in "${tests[@]}"; do
	run_one "$name"
done
check_nothing_left
printf 'netns: %d passed, %d failed' "$passed" "$failed"
[[ $skipped == 0 ]] || printf ', %d skipped' "$skipped"
printf '\n'
[[ $failed == 0 ]]
