#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# Five thousand backends, each asked for a page every two seconds: processor time and
# memory of the daemon and its children, and beside it what as many questions cost whoever
# asks them, which is the kernel's work.
# limit: 120 s
. "$(dirname "$0")/lib.sh"

services=500
seconds=4
max_cpu_percent=25
max_rss_kb=$((200 * 1024))

# All backends are one host, which has a whole network of addresses.
many_checks()
{
	local s b

	echo "services:"
	for ((s = 0; s < services; s++)); do
		cat <<-EOT
		  service$s:
		    vip: 198.18.$((s / 250)).$((s % 250 + 1))
		    ports: [80/tcp]
		    forward: ipip
		    check: { type: $1, interval: 2s }
		    backends:
		EOT
		for ((b = 0; b < 10; b++)); do
			printf '      - { name: b%d, address: 10.64.%d.%d }\n' "$b" $((s / 20)) \
				$((s % 20 * 10 + b + 1))
		done
	done
}

# The daemon and its children, one a line.
processes()
{
	local process

	for process in /proc/[0-9]*; do
		[[ $(cat "$process/comm" 2>/dev/null) != shuntd* ]] || echo "${process##*/}"
	done
}

# Processor time so far, in clock ticks.
ticks()
{
	local pid

	for pid in $(processes); do
		cat "/proc/$pid/stat"
	done | awk '{ sum += $14 + $15 } END { print sum }'
}

rss_kb()
{
	local pid

	for pid in $(processes); do
		cat "/proc/$pid/status"
	done | awk '$1 == "VmRSS:" { sum += $2 } END { print sum }'
}

all_are_up()
{
	[[ $(metric shunt_backend_up) == $((services * 10)) ]]
}

# probes RESULT: that have ended so since the start.
probes()
{
	metric "shunt_health_checks_total[{].*result=\"$1\""
}

# The least that so many questions a second take, from here, with nothing else done.
floor_percent()
{
	in_host lb "$build/tests/knock" $((services * 5)) "$seconds" 10.64.0.1 $((services * 10)) 80
}

# window TYPE: as much as is wanted was probed for a while, and took no more than it may.
window()
{
	local begin before passed percent

	begin=$(now_ms)
	passed=$(probes passed)
	before=$(ticks)
	sleep "$seconds"
	percent=$((($(ticks) - before) * 100 / (seconds * $(getconf CLK_TCK))))
	passed=$((($(probes passed) - passed) * 1000 / ($(now_ms) - begin)))
	say "$1: $passed probes a second, $percent % of a core"
	[[ $passed -ge $((services * 4)) && $percent -le $max_cpu_percent ]]
}

# measure TYPE: tcp takes about two thirds of what http does. It is enough if one time in
# some is as it should be: somebody else may be at work.
measure()
{
	local good='' rss

	many_checks "$1" | write_conf
	start_shuntd
	wait_for 20 all_are_up
	sleep 3	# until checks are spread
	for _ in {1..6}; do
		! window "$1" || good=yes
		[[ -z $good ]] || break
	done
	rss=$(rss_kb)
	say "$1: $(floor_percent) % of a core at the least, $((rss / 1024)) MiB resident, $(probes failed) failed"
	[[ -n $good ]] || die "fewer than $((services * 4)) probes a second, or more than $max_cpu_percent %"
	[[ $rss -le $max_rss_kb ]] || die "$rss KiB resident"
	take_off
}

one_armed
# A lan that shows every frame to iptables is not what is measured.
in_host lan sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
ip -n b1 route add local 10.64.0.0/16 dev lo
ip -n lb route add 10.64.0.0/16 via 10.1.0.11
start_nginx b1
wait_for 5 answers b1 http://127.0.0.1/
measure http
