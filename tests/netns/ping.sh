#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Pings of a VIP are answered by the balancer, though the VIP is on none of its
# interfaces; those of its own address by its stack. A flood gets as many answers as
# the config grants.
. "$(dirname "$0")/lib.sh"

rate=5
n=300

# config [RATE]: two services, whose backends need not be there.
config()
{
	[[ -z ${1:-} ]] || echo "dataplane: { icmp_rate: $1 }"
	cat <<-EOT
	services:
	  direct:
	    vip: [$vip4, "$vip6"]
	    ports: [80/tcp]
	    forward: direct
	    check: { type: none }
	    backends:
	$(backend_list "4 6")
	  ipip:
	    vip: [$tunnel4, "$tunnel6"]
	    ports: [80/tcp]
	    forward: ipip
	    check: { type: none }
	    backends:
	$(backend_list "4 6")
	EOT
}

# pings N INTERVAL ADDRESS [OPTION...]: how many were answered. ping does not count what
# comes from elsewhere, or differs from what it sent.
pings()
{
	{
		in_host client ping -n -q -c "$1" -i "$2" -W "$scale" "${@:4}" "$3" || true
	} | sed -nE 's/.* ([0-9]+) received.*/\1/p'
}

# Echo requests that a host's stack has answered, of both families.
stack_answers()
{
	counted "$1" IcmpOutEchoReps Icmp6OutEchoReplies
}

tunnel4=192.0.2.81
tunnel6=2001:db8::81
one_armed
route_to client 10.1.0.1 2001:db8:1::1 "$tunnel4" "$tunnel6"
config | write_conf
start_shuntd

# Echoes of every size that fits, in both families.
asked=0
for vip in "$vip4" "$vip6" "$tunnel4" "$tunnel6"; do
	for bytes in 0 56 57 1400; do
		want "answers from $vip to $bytes bytes" 5 "$(pings 5 0.02 "$vip" -s "$bytes")"
		asked=$((asked + 5))
	done
done
want "pings answered by the program" $asked "$(reason_count echo_answered)"
want "pings answered by the balancer's stack" 0 "$(stack_answers lb)"

# What is for another address is not ours: the balancer's own, small and in fragments.
want "answers from the balancer" 5 "$(pings 5 0.02 10.1.0.1)"
want "answers from the balancer" 5 "$(pings 5 0.02 2001:db8:1::1)"
want "answers from the balancer, in fragments" 5 "$(pings 5 0.02 10.1.0.1 -s 4000)"
want "answers from the balancer, in fragments" 5 "$(pings 5 0.02 2001:db8:1::1 -s 4000)"
want "pings answered by the balancer's stack" 20 "$(stack_answers lb)"
want "pings answered by the program" $asked "$(reason_count echo_answered)"

# A flood of them, and all are counted, answered or not.
config $rate | write_conf
shunt reload
for vip in "$vip4" "$tunnel6"; do
	answered_before=$(reason_count echo_answered) limited_before=$(reason_count icmp_limited)
	begin=$(now_ms)
	got=$(pings $n 0.005 "$vip")
	# The seconds of the budget that this lasted for, those at its ends included.
	most=$((((($(now_ms) - begin) / 1000) + 2) * rate * $(nproc)))
	say "$vip: $got of $n pings in $(($(now_ms) - begin)) ms answered, at most $most"
	[[ $got -ge $rate && $got -le $most ]] || die "$got answers, not within [$rate, $most]"
	want "answers that were sent" "$got" "$(($(reason_count echo_answered) - answered_before))"
	want "pings that were not answered" $((n - got)) \
		"$(($(reason_count icmp_limited) - limited_before))"
done
# And the stack's are not rationed.
want "answers from the balancer" $n "$(pings $n 0.005 10.1.0.1)"

# None at all: then they are the stack's, which knows no such address.
config 0 | write_conf
shunt reload
want "answers from $vip4 when there are to be none" 0 "$(pings 3 0.02 "$vip4")"
want "answers from the balancer" 3 "$(pings 3 0.02 10.1.0.1)"
