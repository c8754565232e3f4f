#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Reloads, drains and failures by the hundred leave the daemon no larger than it
# was: memory, descriptors, state file. TIMES=300 for a longer run.
# limit: 120 s
. "$(dirname "$0")/lib.sh"

times=${TIMES:-100}
max_growth_kb=2048	# malloc keeps up to a megabyte more or less

rss_kb()
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/${pids[shuntd]}/status"
}

# The least of ten looks: the daemon hangs up on who asked last when it comes to it.
fds()
{
	local list n='' _

	for _ in {1..10}; do
		list=("/proc/${pids[shuntd]}/fd/"*)
		[[ -n $n && $n -le ${#list[@]} ]] || n=${#list[@]}
		sleep 0.05
	done
	printf '%s' "$n"
}

extra_service()
{
	cat <<-EOT
	  extra:
	    vip: [192.0.2.90, "2001:db8::90"]
	    ports: [80/tcp, 443/tcp]
	    forward: ipip
	    check: { type: tcp, port: 80 }
	    backends:
	$(backend_list "4 6")
	EOT
}

# The longer one needs another program: each reload swaps it.
reloads()
{
	local i

	{ web_service; extra_service; } | write_conf
	cp "$conf" "$work/long.yaml"
	web_service | write_conf
	cp "$conf" "$work/short.yaml"
	for ((i = 0; i < $1; i++)); do
		cp "$work/long.yaml" "$conf"
		shunt reload >/dev/null
		cp "$work/short.yaml" "$conf"
		shunt reload >/dev/null
	done
}

drains()
{
	local i

	for ((i = 0; i < $1; i++)); do
		shunt backend drain web/b1 >/dev/null
		shunt backend enable web/b1 >/dev/null
	done
}

# b3 comes and goes, ten times a second.
flaps()
{
	local i

	for ((i = 0; i < $1; i++)); do
		ip -n lb route add unreachable 10.1.0.13/32
		sleep 0.1
		ip -n lb route del unreachable 10.1.0.13/32
		sleep 0.1
	done
}

# measure WHAT N: a fifth of it to warm up, then all of it.
measure()
{
	local rss before after begin took changes

	"$1" "$(($2 / 5))"
	rss=$(rss_kb) before=$(fds)
	begin=$(now_ms) changes=$(log_lines shuntd)
	"$1" "$2"
	took=$(($(now_ms) - begin)) after=$(fds)
	say "$2 $1 in $took ms: $rss -> $(rss_kb) KiB, $before -> $after descriptors," \
	    "$(stat -c %s "$state_dir/state.json") bytes of state," \
	    "$(($(log_lines shuntd) - changes)) lines logged"
	[[ $(rss_kb) -lt $((rss + max_growth_kb)) ]] || die "memory grows"
	want "descriptors after $1" "$before" "$after"
}

one_armed_direct
web_service | sed 's/check:.*/check: { type: tcp, port: 80, interval: 100ms, fast_interval: 100ms, down_interval: 100ms, timeout: 100ms, rise: 1, fall: 1 }/' >"$work/flapping"
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
start_load "$vip4" "$vip6"
measure reloads "$times"
end_load
measure drains "$times"
write_conf <"$work/flapping"
shunt reload >/dev/null
measure flaps "$((times / 5))"
want "ids in use" 3 "$(shunt --json backend list | jq '[.. | .id? // empty] | max')"
stop_shuntd
