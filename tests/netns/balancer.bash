# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# shuntd, its config, and what it says of itself. Part of lib.sh.

# Write the config; the services are read from stdin.
write_conf()
{
	{
		cat <<-EOT
		version: 1
		daemon:
		  control: { socket: $socket }
		  state_dir: $state_dir
		  metrics: { listen: "127.0.0.1:9924" }
		interfaces: { $interfaces }
		EOT
		cat
	} >"$conf.new"
	mv "$conf.new" "$conf"
}

pace=$((200 * scale))ms
quick_check="type: http, path: /, interval: $pace, fast_interval: $pace, \
down_interval: $pace, timeout: $pace, rise: 2, fall: 3"

# The service that most tests use.
web_service()
{
	cat <<-EOT
	services:
	  web:
	    vip: [$vip4, "$vip6"]
	    ports: [80/tcp]
	    forward: ${forward:-direct}
	    check: { $quick_check }
	    backends:
	$(backend_list "4 6")
	EOT
}

# all_are_up: of the one service whose `backend list --json` is on stdin.
all_are_up()
{
	jq -e '.data.services[0].backends | all(.check.state == "up")' >/dev/null
}

start_shuntd()
{
	start shuntd lb "$build/shuntd" --config "$conf"
	wait_for 10 ready_or_gone
	said shuntd ready || die "shuntd ended before it was ready"
}

# stop_shuntd: as the operator would, and it has to go in order.
stop_shuntd()
{
	stop shuntd
	want "exit status of shuntd" 0 "$status"
}

# take_off: stopped, off the interface and forgotten, so that the next one is the first.
take_off()
{
	stop_shuntd
	in_host lb "$build/shuntd" --config "$conf" --detach 2>"$work/detach" ||
		die "shuntd --detach: $(<"$work/detach")"
	rm -r "$state_dir"
}

# Run shuntd where it must refuse to: its exit status goes to $status, its words
# to the log "refused".
run_refused()
{
	start refused lb "$@"
	wait_for 10 has_ended refused
	wait_end refused
}

has_ended()
{
	! is_running "$1"
}

ready_or_gone()
{
	said shuntd ready || has_ended shuntd
}

shunt()
{
	"$build/shunt" --socket "$socket" "$@"
}

# The id of the program on an interface; nothing if there is none.
program_on()
{
	ip -n "$1" -d link show "$2" | sed -nE 's/.*prog\/xdp id ([0-9]+).*/\1/p'
}

# metric PATTERN: the sum of the values of all lines that begin like it.
metric()
{
	in_host lb curl -fsS http://127.0.0.1:9924/metrics |
		awk -v want="^$1" '$0 ~ want { sum += $NF } END { printf "%d", sum }'
}

# reason_count LABEL: packets that ended so, as /metrics counts them.
reason_count()
{
	metric "shunt_packets_total[{].*reason=\"$1\""
}
