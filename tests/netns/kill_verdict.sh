#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A daemon that is killed just after it saw a backend go or come leaves that word to the
# next one: what has failed gets no new connections, what is back keeps those it has.
. "$(dirname "$0")/lib.sh"

# killed_after CHANGE STATE: as soon as b2 has changed, and what the next daemon begins with.
killed_after()
{
	wait_for 5 said shuntd "web/b2: $1 "
	stop shuntd KILL
	start_shuntd
	want "b2 after a crash, which was $1" "$2" "$(shunt --json backend list web |
		jq -r '.data.services[0].backends[] | select(.name == "b2") | .check.state')"
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

# At other moments of a second each time.
for ((round = 0; round < 4; round++)); do
	stop nginx-b2
	killed_after 'up -> down' down
	want "who answers" "b1 b3" "$(who_answers "$vip4")"
	sleep "0.$((round * 2))"
	start_nginx b2
	killed_after 'down -> up' up
	every_backend_answers "$vip4" || die "what is back gets no connections after a crash"
done
