#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# What a backend is in, and what that means to connections that are open: down with
# on_down: reset, coming back by slow start over a restart, drains with an end and those
# who wait for it, maintenance; min_healthy.
. "$(dirname "$0")/lib.sh"

connections=30

# One coprocess at a time: open, ask, close.
open_connections()
{
	coproc held { in_host client "$python" "$here/states.py" "$vip4" "$connections"; }
	# shellcheck disable=SC2154 # coproc sets it
	held_pid=$held_PID
	read -r -t 10 answered <&"${held[0]}" || die "no connections"
	say "held: $answered"
}

# ask_again: who answers goes to $answered.
ask_again()
{
	echo >&"${held[1]}"
	read -r -t 30 answered <&"${held[0]}" || die "no answer about the connections"
	say "asked again: $answered"
}

close_connections()
{
	eval "exec ${held[1]}>&-"
	wait "$held_pid" || die "the client of the connections failed"
}

# of NAME: how many of $answered.
of()
{
	awk -v name="$1" '{ for (i = 1; i < NF; i += 2) if ($i == name) n = $(i + 1) } END { print n + 0 }' <<<"$answered"
}

backend()
{
	shunt --json backend list web |
		jq -r --arg b "$1" ".data.services[0].backends[] | select(.name == \$b) | $2"
}

backend_is()
{
	[[ $(backend "$1" .state) == "$2" ]]
}

is_warm()
{
	[[ $(backend "$1" .warmth_percent) == 100 ]]
}

is_between()
{
	local warmth

	warmth=$(backend "$1" .warmth_percent)
	say "$1 is $warmth % warm"
	[[ $warmth -gt 0 && $warmth -lt 100 ]]
}

no_more_probes()
{
	local before=$1

	sleep 1
	[[ $(backend b3 '.check.passed + .check.failed') == "$before" ]]
}

one_armed_direct
write_conf <<EOT
dataplane: { flow_early: 1s, flow_idle: 3s }
services:
  web:
    vip: [$vip4, "$vip6"]
    ports: [80/tcp]
    on_down: reset
    slow_start: 5s
    min_healthy: 3
    drain: { timeout: 1h }
    check: { $quick_check }
    backends:
$(backend_list "4 6")
EOT
start_shuntd
wait_for 5 every_backend_answers "$vip4"
shunt health >/dev/null || die "all are up, and the service is not healthy"
is_warm b1 || die "at a start nobody is cold"

# --- a server that is suddenly away ----------------------------------------------------
open_connections
lost=$(of b1)
[[ $lost -gt 0 ]] || die "b1 has no connection"
in_host b1 ip link set eth0 down
wait_for 10 backend_is b1 down
ask_again
want "connections that were reset" "$lost" "$(of reset)"
want "connections that were not" $((connections - lost)) $(($(of b2) + $(of b3)))
[[ $(reason_count reset_answered) -ge $lost ]] || die "resets are not counted"
code=0
shunt health >/dev/null || code=$?
want "exit status of shunt health" 3 "$code"
[[ $(shunt service list) == *unhealthy* ]] || die "the service is not said to be unhealthy"
want "shunt_service_healthy" 0 "$(metric 'shunt_service_healthy[{]service="web"[}]')"

# --- and comes back, over a restart ------------------------------------------------------
in_host b1 ip link set eth0 up
wait_for 10 backend_is b1 up
is_between b1 || die "no slow start"
stop_shuntd
start_shuntd
is_between b1 || die "a restart ends a slow start"
wait_for 15 is_warm b1
close_connections

# --- a drain with an end -----------------------------------------------------------------
open_connections
left=$(of b2)
code=0
text=$(shunt backend drain web/b2 --timeout 2s --wait 2>&1) || code=$?
say "$text"
want "exit status of a drain that does not end by itself" 124 "$code"
[[ $text == "web/b2: up -> drain"*left* ]] || die "nothing is said of what is left"
[[ $(shunt show overrides) == *web/b2* ]] || die "the override is not listed"
[[ $(shunt status) == *"1 override"* ]] || die "status does not remind of it"
ask_again
want "connections of b2 that were reset at its end" "$left" "$(of reset)"
want "those of others" $((connections - left)) $(($(of b1) + $(of b3)))
stop shuntd KILL
start_shuntd
want "the drain after a crash" true "$(backend b2 .drain.over)"
shunt backend enable web/b2
close_connections

# --- one that ends by itself ---------------------------------------------------------------
shunt backend drain web/b3 --wait >"$work/drained" || die "b3: $(<"$work/drained")"
say "$(tail -1 "$work/drained")"
[[ $(tail -1 "$work/drained") == "web/b3: empty" ]] || die "b3 is not said to be empty"
[[ $(backend b3 .drain.until) -gt $(($(date +%s) + 3000)) ]] || die "no end of an hour"
shunt backend enable web/b3

# --- and one that goes on over a restart ------------------------------------------------------
open_connections
start waiter lb "$build/shunt" --socket "$socket" backend drain web/b2 --timeout 60s --wait
wait_for 5 said waiter left
stop_shuntd
wait_for 5 said waiter 'waiting for it'
start_shuntd
wait_end waiter
want "exit status of who waits over a restart" 0 "$status"
want "what is said last" "web/b2: empty" "$(tail -1 "$(log_of waiter)")"
close_connections
shunt backend enable web/b2

# --- maintenance ---------------------------------------------------------------------------
wait_for 5 every_backend_answers "$vip4"
open_connections
off=$(of b3)
shunt backend maint web/b3
want "state" maint "$(backend b3 .state)"
ask_again
want "connections of b3 that were reset" "$off" "$(of reset)"
no_more_probes "$(backend b3 '.check.passed + .check.failed')" || die "b3 is probed"
want "who answers" "b1 b2" "$(who_answers "$vip4" 100)"
stop_shuntd
start_shuntd
want "state after a restart" maint "$(backend b3 .state)"
shunt backend enable web/b3
wait_for 5 backend_is b3 up
is_between b3 || die "no slow start after maintenance"
close_connections
