#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# shunt doctor finds a card that merges packets before shunt sees them. No device of a
# namespace does, so the virtual machine has one: preset is on, a program takes it off, and
# in generic mode an operator may put it on again.
. "$(dirname "$0")/lib.sh"

[[ ${SHUNT_VM_NET:-} ]] || skip "no card with receive offload: tests/vm/run.sh --kernel 6.12 lro"

found()
{
	in_host lb "$build/shunt" --socket "$socket" doctor --json >"$work/doctor" || true
	jq -e '.data.findings | any(.grade == "fault" and .about == "card" and
		(.what | test("large receive offload is on")))' "$work/doctor" >/dev/null
}

one_armed_direct
card=$(nsenter --net="$SHUNT_VM_NET" ip -br link | awk '$1 != "lo" && $1 !~ /@/ { print $1; exit }')
nsenter --net="$SHUNT_VM_NET" ip link set "$card" netns lb name card
interfaces="eth0: { mode: native }, card: { mode: generic }"
web_service | write_conf
start_shuntd
! found || die "a program is on the card, and it merges packets all the same"
in_host lb ethtool -K card lro on
found || die "not found: $(jq -c .data.findings "$work/doctor")"
in_host lb ethtool -K card lro off
! found || die "found, but it is off"
stop_shuntd
