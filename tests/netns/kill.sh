#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 of the daemon under load: traffic goes on without it, and the next one
# takes over what it finds. No request fails, no connection moves.
. "$(dirname "$0")/lib.sh"

no_shuntd_runs()
{
	! grep -qsx 'shuntd.*' /proc/[0-9]*/comm
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"
start_load "$vip4" "$vip6"

for round in 1 2 3; do
	before=$(metric 'shunt_service_packets_total\{')
	program=$(program_on lb eth0)
	stop shuntd KILL
	wait_for 5 no_shuntd_runs	# its prober goes with it
	want "program on the interface without a daemon" "$program" "$(program_on lb eth0)"
	for vip in "$vip4" "$vip6"; do
		every_backend_answers "$vip" || die "without the daemon $vip is not served"
	done
	start_shuntd
	said shuntd 'adopted' || die "the new daemon does not say that it adopted anything"
	after=$(metric 'shunt_service_packets_total\{')
	say "round $round: $before packets counted before, $after after"
	[[ $before -gt 0 && $after -gt $before ]] || die "counters did not go on: $before, $after"
done
end_load
