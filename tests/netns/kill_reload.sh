#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at any moment of a reload, again and again, under load: no request
# fails, no answer comes from a backend of another service, and each daemon
# carries on from whatever the last one left. ROUNDS=30 for a longer run.
# limit: 120 s
. "$(dirname "$0")/lib.sh"

other4=192.0.2.81
other6=2001:db8::81

# The VIP "other" is served by b3 alone: an answer of b1 or b2 is a wrong one.
other_service()
{
	cat <<-EOT
	  other:
	    vip: [$other4, "$other6"]
	    ports: [80/tcp]
	    forward: direct
	    check: { $quick_check }
	    backends:
	$(backend_list "4 6" | grep "name: b3")
	EOT
}

# Services that come and go, with more tables than the maps have room for at
# first, so that some of the reloads make larger maps.
passing_services()
{
	local s

	for ((s = 0; s < $1; s++)); do
		cat <<-EOT
		  $2$s:
		    vip: [198.51.100.$((s + 1))]
		    ports: [80/tcp]
		    forward: $3
		    check: { type: none }
		    backends: [{ name: a, address: $net4.11 }, { name: b, address: $net4.12 }]
		EOT
	done
}

# Another config each round: others' ids and tables, another program.
round_conf()
{
	local how=direct

	[[ $(($1 % 3)) != 1 ]] || how=ipip
	web_service
	other_service
	passing_services $((1 + $1 * 7 % 23)) "r$(($1 % 5))x" "$how"
}

one_armed_direct
route_to client 10.1.0.1 2001:db8:1::1 "$other4" "$other6"
serve_vip b3 "$other4" "$other6"
{ web_service; other_service; } | write_conf
start_shuntd
for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
done
wait_for 5 only_answers "$other4" b3
start_load "$vip4" "$vip6"
start other client "$python" "$here/strict_load.py" "$other4" "$other6" --rate 150 --sessions 10
wait_for 10 said other 'under way'

adopted=0
for ((round = 0; round < ${ROUNDS:-12}; round++)); do
	round_conf "$round" | write_conf
	{ shunt reload || true; } >"$work/reload" 2>&1 &
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
	stop shuntd KILL
	wait $!
	start_shuntd
	said shuntd 'adopted' && adopted=$((adopted + 1))
	! said shuntd '^error' || die "the new daemon has trouble"
done
say "$round daemons killed, $adopted took over the maps"
[[ $adopted -gt 0 ]] || die "none took over the maps"
wait_for 5 every_backend_answers "$vip4"
shunt show config >/dev/null
stop other
say "other: $(tail -n 1 "$(log_of other)")"
want "exit status of the other load" 0 "$status"
[[ $(tail -n 1 "$(log_of other)") == *"(b3 "* ]] || die "answers of a wrong backend"
end_load
stop_shuntd
