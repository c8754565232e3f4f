#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 of the daemon under load: traffic goes on without it, and the next one
# takes over what it finds. No request fails, no connection moves.
. "$(dirname "$0")/lib.sh"

# wrk_is_content VIP: one second of load without an error.
wrk_is_content()
{
	in_host client wrk -t1 -c10 -d1s "http://$(url_host "$1")/" >"$work/wrk"
	! grep -E 'Socket errors|Non-2xx' "$work/wrk"
}

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
dropped=$(metric 'shunt_dropped_packets_total\{')

for round in 1 2 3; do
	before=$(metric 'shunt_service_packets_total\{')
	program=$(program_on lb eth0)
	stop shuntd KILL
	wait_for 5 no_shuntd_runs	# its prober goes with it
	want "program on the interface without a daemon" "$program" "$(program_on lb eth0)"
	for vip in "$vip4" "$vip6"; do
		every_backend_answers "$vip" || die "without the daemon $vip is not served"
		wrk_is_content "$vip" || die "without the daemon requests to $vip fail"
	done
	start_shuntd
	said shuntd 'adopted' || die "the new daemon does not say that it adopted anything"
	after=$(metric 'shunt_service_packets_total\{')
	say "round $round: $before packets counted before, $after after"
	[[ $before -gt 0 && $after -gt $before ]] || die "counters did not go on: $before, $after"
done
end_load
want "dropped packets" "$dropped" "$(metric 'shunt_dropped_packets_total\{')"
