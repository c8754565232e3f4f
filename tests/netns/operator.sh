#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the operator says with the CLI takes effect at once, and drains and
# weights survive reload, kill and restart.
. "$(dirname "$0")/lib.sh"

# expect CODE ARGUMENT...: what shunt printed goes to $said_text.
expect()
{
	local code=0

	said_text=$(shunt "${@:2}" 2>&1) || code=$?
	say "shunt ${*:2}: $said_text"
	want "exit status of shunt ${*:2}" "$1" "$code"
}

share_of()
{
	tally "$vip4" 300 | awk -v name="$1" '$1 == name { print $2 }'
}

# What the first daemon said, all of what the next one did, and that it is another.
heard_of_another()
{
	said events 'adopted the maps' && said events 'another daemon answers' &&
		[[ $(grep -c 'ready: 1 services' "$(log_of events)") -eq 2 ]] &&
		[[ $(grep -c 'reload: done' "$(log_of events)") -ge 30 ]]
}

looked_more_often_than()
{
	[[ $(grep -c packets_per_s "$(log_of top)") -gt $1 ]]
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

expect 0 backend drain web/b1
want "who answers with b1 drained" "b2 b3" "$(who_answers "$vip4" 200)"
want "who answers over IPv6" "b2 b3" "$(who_answers "$vip6" 200)"
start events lb "$build/shunt" --socket "$socket" events --follow
expect 0 backend drain web/b1
[[ $(shunt backend list) =~ b1.*drain ]] || die "the list does not show the drain"

expect 0 reload
want "who answers after a reload" "b2 b3" "$(who_answers "$vip4")"

# Who follows the events looks again only when another daemon has said more than this one.
wait_for 3 said events 'web/b1: up -> drain'
kill -s STOP "${pids[events]}"
stop shuntd KILL
start_shuntd
want "who answers after kill -9" "b2 b3" "$(who_answers "$vip4")"
for _ in {1..30}; do
	shunt reload >/dev/null || die "a reload failed"
done
kill -s CONT "${pids[events]}"
wait_for 3 heard_of_another

start top lb "$build/shunt" --socket "$socket" --json top --delay 0.1
wait_for 3 said top packets_per_s
stop_shuntd
wait_for 3 said top 'waiting for it'
start_shuntd
looks=$(grep -c packets_per_s "$(log_of top)")
wait_for 3 looked_more_often_than "$looks"
stop top
wait_for 5 only_answers "$vip4" "b2 b3"
[[ $(shunt backend list) =~ b1.*drain ]] || die "the drain did not survive"

expect 0 backend enable web/b1
every_backend_answers "$vip4" || die "an enabled backend is not used"

expect 0 backend weight web/b1 10
n=$(share_of b1)
say "b1 at a tenth of the others' weight: $n of 300"
[[ ${n:-0} -lt 40 ]] || die "a lowered weight is not felt"
expect 0 backend weight web/b1 50%
n=$(share_of b1)
say "b1 at half weight: $n of 300"
[[ $n -gt 35 && $n -lt 90 ]] || die "half the weight is not half the share"
expect 0 backend weight web/b1 0
want "who answers with b1 at 0" "b2 b3" "$(who_answers "$vip4" 200)"
expect 0 backend weight web/b1 100%
every_backend_answers "$vip4" || die "back at its weight, b1 is not used"

expect 3 backend drain web/b9
expect 3 backend drain nothing/b1
expect 2 backend drian web/b1
expect 0 backend drain web/b1
expect 0 backend drain web/b2
expect 1 backend drain web/b3
want "who answers for the last one" b3 "$(who_answers "$vip4")"
expect 0 backend drain web/b3 --force
! answers client "http://$vip4/" || die "an answer without a backend"
expect 0 backend enable web/b3
want "who answers after enable" b3 "$(who_answers "$vip4")"
for what in status "service list" "service show web" "backend list" "show stats" "show drops" \
	    "show config" "show neighbors" version; do
	# shellcheck disable=SC2086 # the words are arguments
	expect 0 $what
	[[ -n $said_text ]] || die "shunt $what printed nothing"
	# shellcheck disable=SC2086
	shunt --json $what | jq -e '.schema == 1' >/dev/null || die "shunt --json $what: no schema 1"
done

stop events
[[ $(shunt top --delay 0.2 --count 2) =~ web.*b3.*packets/s.*web ]] || die "shunt top shows no rates"
