# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Connections that must survive whatever is done to the balancer. The servers and
# the client are talk_server.c and talk.c.

talk_port=7
slots=				# of the service; empty: as many as it gets by itself
away_s=4			# how long there is no daemon between a stop and a start
talk_pace_ms=200		# of busy connections
early_ms=$((2000 * scale))	# timers of slots in transition, short
idle_ms=$((3000 * scale))
flow_cache=4MiB
forward=direct
reports=0
most_held=1000			# a tenth of a second's

# Each connection is a descriptor of the client, and 1024 are usual.
ulimit -Sn 8192 2>/dev/null || ulimit -n 8192

[[ -x $build/tests/talk && -x $build/next/shuntd ]] || die "not built in $build: run 'make netns'"

talk_service()
{
	cat <<-EOT
	dataplane: { flow_cache: $flow_cache, flow_early: ${early_ms}ms, flow_idle: ${idle_ms}ms }
	services:
	  talk:
	    vip: [$vip4, "$vip6"]
	    ports: [$talk_port/tcp]
	    forward: $forward
	${slots:+    slots: $slots}
	    check: { type: tcp, interval: $pace, fast_interval: $pace, down_interval: $pace,
	             timeout: $pace, rise: 2, fall: 3 }
	    backends:
	$(backend_list "4 6")
	EOT
}

start_talk_servers()
{
	local name

	for name in "${backends[@]}"; do
		start "talk-$name" "$name" "$build/tests/talk_server" "$name" "$talk_port"
	done
	for name in "${backends[@]}"; do
		wait_for 5 said "talk-$name" serving
	done
}

# Hosts whose servers talk; with ipip they take the outer headers off.
add_talking_hosts()
{
	local name

	one_armed
	for name in "${backends[@]}"; do
		serve_vip "$name" "$vip4" "$vip6"
		[[ $forward != ipip ]] || take_headers_off "$name"
	done
	start_talk_servers
}

# start_talk GROUP...: see talk.c
start_talk()
{
	start talk client "$build/tests/talk" "$talk_port" "$@"
	wait_for 10 said talk 'under way'
}

# fetch_report: the last report, as it is now, goes to $report.
fetch_report()
{
	reports=$((reports + 1))
	kill -s USR1 "${pids[talk]}"
	wait_for 5 said talk "^report $reports:"
	report=$(sed -nE "s/^report $reports: //p" "$(log_of talk)")
}

# reported NAME [BACKEND]: a number of $report, of one server or of all of them.
reported()
{
	local part=${report%%;*}

	[[ -z ${2:-} ]] || part=$(tr ';' '\n' <<<"$report" | grep "^ $2 ")
	awk -v RS='[ \n]+' -v name="$1" 'was == name { print } { was = $0 }' <<<"$part"
}

# step WHAT: so far nobody has noticed a thing. Every busy connection asks meanwhile.
step()
{
	sleep "0.$((talk_pace_ms + 50))"
	fetch_report
	say "$(printf '%5d ms  %-34s open %s broken %s lost %s slowest %s ms; slots %s' \
		"$(($(now_ms) - begin))" "$1" "$(reported open)" "$(reported broken)" \
		"$(reported lost)" "$(reported slowest_ms)" "$(slot_states)")"
	want "broken connections after: $1" 0 "$(reported broken)"
}

# want_at_most WHAT LIMIT VALUE
want_at_most()
{
	[[ $3 -le $2 ]] || die "$1: $3, and at most $2 were expected"
}

# No segment was lost, and no answer took as long as one that is sent again, which
# says something only if the machine had time for the client itself. But for what was held
# back while flows were carried to other maps: the client sends it again.
want_no_stall()
{
	local held

	held=$(reason_count held)
	want_at_most "packets that were held back" "$most_held" "$held"
	say "held back: $held; waits: $(grep '^longest' "$(log_of talk)" | tail -n 1)"
	want_at_most "segments of the client that were lost" "$held" "$(reported lost)"
	if [[ $(reported pause_ms) == [5-9]?.* || $(reported pause_ms) == ???*.* ]]; then
		say "the client itself was not run for $(reported pause_ms) ms: how long answers took says nothing"
	else
		want_at_most "answers that took above 200 ms" "$held" "$(reported stalls)"
	fi
}

slots_in()
{
	metric "shunt_slots[{].*state=\"$1\""
}

# Their numbers by state, in the order of enum shunt_slot_state.
slot_states()
{
	in_host lb curl -fsS http://127.0.0.1:9924/metrics |
		awk -F '[{}" ]+' '/^shunt_slots\{/ { printf "%s%s %d", sep, $(NF - 1), $NF; sep = ", " }'
}

some_slots_are()
{
	[[ $(slots_in "$1") -gt 0 ]]
}

# Pinned slots may stay so for as long as connections of former owners are there.
transition_is_over()
{
	! some_slots_are migrating && ! some_slots_are pinning
}

all_slots_are_stable()
{
	[[ $(slots_in stable) -gt 0 ]] && ! some_slots_are migrating && ! some_slots_are pinning &&
		! some_slots_are pinned
}

# restart_as PROGRAM: kill -9, then that one.
restart_as()
{
	stop shuntd KILL
	start shuntd lb "$1" --config "$conf"
	wait_for 10 ready_or_gone
	said shuntd adopted || die "the new daemon does not say that it adopted anything"
	said shuntd ready || die "shuntd ended before it was ready"
}

# stop_for_a_while: as an operator would, and start again.
stop_for_a_while()
{
	stop_shuntd
	sleep "$away_s"
	start_shuntd
	said shuntd adopted || die "the new daemon does not say that it adopted anything"
}

# more_services N: for a config; each has ten ports, and no two have pools alike.
# Nobody asks them anything.
more_services()
{
	local s

	for ((s = 1; s <= $1; s++)); do
		cat <<-EOT
		  more$s:
		    vip: [198.51.100.$s]
		    ports: [$(seq -s, -f '%g/tcp' 1001 1010)]
		    forward: direct
		    check: { type: none }
		    backends:
		      - { name: a, address: $net4.11, weight: 1 }
		      - { name: b, address: $net4.12, weight: $((s + 1)) }
		EOT
	done
}

reload()
{
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
}
