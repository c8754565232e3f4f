#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The main job on real traffic, in under half a minute: a client, a balancer and
# three web servers, each in a network namespace of its own.
#
# Everything lives in namespaces that this script makes (tests/netns/lib.sh) and
# goes with it, also after Ctrl-C.
#	KEEP=1	leave it running, and print commands to play with
#	STOP=1	end one that was left running
# shellcheck disable=SC2034,SC2154 # variables shared with lib.sh
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
play=demo

# --- outside of the namespaces ------------------------------------------------

print_commands()
{
	local init=$1 in shunt

	in="sudo nsenter -t $init -m -p"
	shunt=$(realpath "${BUILD:-$top/build}/shunt")
	cat <<-EOT

	It is still running. Things to try:

	  ask through the VIP        $in --net=/proc/$init/root/run/netns/client curl -s http://192.0.2.80/
	  the same over IPv6         $in --net=/proc/$init/root/run/netns/client curl -gs 'http://[2001:db8::80]/'
	  who is used                $in $shunt backend list
	  maintenance                $in $shunt backend drain web/nginx1
	  and back                   $in $shunt backend enable web/nginx1
	  stop a server              $in bash -c 'kill \$(cat /run/work/nginx1/nginx.pid)'
	  why packets drop           $in $shunt show drops
	  metrics                    $in --net=/proc/$init/root/run/netns/lb curl -s http://127.0.0.1:9924/metrics
	  the daemon's log           $in tail -f /run/work/shuntd.log
	  a shell on the balancer    $in --net=/proc/$init/root/run/netns/lb bash

	  end it                     sudo make demo STOP=1
	EOT
}

# shellcheck source=keep.bash
. "$top/scripts/demo/keep.bash"

# --- inside ---------------------------------------------------------------------

# shellcheck source=../../tests/netns/lib.sh
. "$top/tests/netns/lib.sh"

backends=(nginx1 nginx2 nginx3)
conf=$top/scripts/demo/shunt.yaml
socket=/run/shunt/shunt.sock

# Show a command of shunt as it is typed, and what it prints.
show()
{
	printf '  $ shunt %s\n' "$*"
	shunt "$@" | indent
}

# ask NAME VIP N: a row of the table of answers; the demo ends if one is missing.
ask()
{
	local -A n=()
	local name count answers

	answers=$(tally "$2" "$3")
	while read -r name count; do
		n[$name]=$count
	done <<<"$answers"
	printf '    %-6s %-16s' "$1" "$2"
	for name in "${backends[@]}"; do
		printf ' %7s' "${n[$name]:-0}"
	done
	printf '\n'
}

table()
{
	printf '    %-6s %-16s' "" "VIP"
	printf ' %7s' "${backends[@]}"
	printf '\n'
	ask IPv4 "$vip4" "$1"
	ask IPv6 "$vip6" "$1"
}

is_down()
{
	[[ $(metric "shunt_backend_up\{.*backend=\"$1\"") == 0 ]]
}

build_network()
{
	one_armed_direct
	mkdir -p /run/shunt
	cat <<-EOT
	  client   10.1.0.2    2001:db8:1::2       route to the VIPs by the balancer
	  lb       10.1.0.1    2001:db8:1::1       shuntd and its XDP program
	  nginx1   10.1.0.11   2001:db8:1::11      the VIPs on the loopback: answers go
	  nginx2   10.1.0.12   2001:db8:1::12      straight to the client
	  nginx3   10.1.0.13   2001:db8:1::13
	  VIPs     $vip4  $vip6
	EOT
}

start_balancer()
{
	local begin

	printf '  $ shuntd --config scripts/demo/shunt.yaml\n'
	begin=$(now_ms)
	start_shuntd
	indent <"$(log_of shuntd)"
	wait_for 5 every_backend_answers "$vip4"
	wait_for 5 every_backend_answers "$vip6"
	[[ $(ip -n lb -d link show eth0) == *' xdp '* ]] || die "the program is not in native mode"
	say "  Native XDP on eth0; every server answered $(($(now_ms) - begin)) ms after the start."
}

stop_one()
{
	local begin

	say "  nginx2 is stopped (kill $(cat "$work/nginx2/nginx.pid")): three failed checks make it down."
	begin=$(now_ms)
	stop nginx-nginx2
	wait_for 10 is_down nginx2
	say "  Noticed after $(($(now_ms) - begin)) ms. From here on every request is answered:"
	table 100
}

# Downloads through the VIP that a server serves at the moment.
downloads_of()
{
	in_host "$1" ss -Htn state established "src $vip4" | wc -l
}

# Downloads of some seconds, of nginx3 too: they are on $downloads.
begin_downloads()
{
	local name

	head -c 32M /dev/urandom >"$work/file"
	for name in "${backends[@]}"; do
		ln "$work/file" "$work/$name/www/file"
	done
	downloads=()
	until [[ ${#downloads[@]} -ge 6 && $(downloads_of nginx3) -gt 0 ]]; do
		name=download-${#downloads[@]}
		start "$name" client curl -fsS --limit-rate 8M -o "$work/$name.got" "http://$vip4/file"
		wait_for 5 test -s "$work/$name.got"
		downloads+=("$name")
	done
	say "  ${#downloads[@]} downloads begin, $(downloads_of nginx3) of them from nginx3."
}

end_downloads()
{
	local name

	say "  New connections go elsewhere; $(downloads_of nginx3) downloads from nginx3 go on."
	for name in "${downloads[@]}"; do
		wait_end "$name"
		want "exit status of $name" 0 "$status"
		cmp "$work/file" "$work/$name.got"
	done
	say "  All ${#downloads[@]} have arrived in full."
}

# Bits of what is shown to Prometheus.
show_metrics()
{
	in_host lb curl -fsS http://127.0.0.1:9924/metrics >"$work/metrics"
	say '  $ curl http://127.0.0.1:9924/metrics'
	grep -E '^shunt_(backend_up|backend_packets_total|service_packets_total)\{' "$work/metrics" | indent
	say "    ... $(grep -vc '^#' "$work/metrics") series in all"
}

show_speed()
{
	in_host client wrk -t1 -c50 -d2s "http://$vip4/" >"$work/wrk"
	sed -nE 's|^Requests/sec: +([0-9]+).*|  \1 requests a second|p' "$work/wrk"
	if grep -E 'Socket errors|Non-2xx' "$work/wrk"; then
		die "requests failed"
	fi
	say "  (wrk, 50 connections for 2 s. This measures virtual cables, nginx and wrk on"
	say "  one host; it is no benchmark of the balancer.)"
}

crash_daemon()
{
	say "  kill -9 of shuntd: the kernel goes on forwarding."
	stop shuntd KILL
	table 100
	start_shuntd
	say "  A new shuntd:"
	indent <"$(log_of shuntd)"
	table 100
}

# A stop leaves traffic to the program; what takes it off is --detach.
take_it_off()
{
	printf '  $ kill %s\n' "${pids[shuntd]}"
	stop_shuntd
	table 100
	printf '  $ shuntd --config scripts/demo/shunt.yaml --detach\n'
	in_host lb "$build/shuntd" --config "$conf" --detach 2>&1 | indent
	[[ -z $(program_on lb eth0) ]] || die "the program is still on eth0"
	[[ ! -e /sys/fs/bpf/shunt ]] || die "something is still pinned"
}

begin_all=$(now_ms)
heading "A client, a balancer and three web servers, each in a network namespace"
build_network
heading "The balancer starts"
start_balancer
heading "Requests through the VIPs, each on a new connection: who answered how often"
table 300
heading "A server fails"
stop_one
heading "Another is taken out for maintenance"
begin_downloads
show backend drain web/nginx3
table 100
end_downloads
heading "What the operator sees"
show status
show backend list
show show drops
heading "What Prometheus sees"
show_metrics
heading "Back to normal"
start_nginx nginx2
show backend enable web/nginx3
wait_for 10 every_backend_answers "$vip4"
table 300
heading "The daemon crashes"
crash_daemon
heading "Speed"
show_speed

let_go
heading "The daemon stops, and the balancer is taken off the interface"
take_it_off
heading "Done in $((($(now_ms) - begin_all) / 1000)) s; nothing is left behind. KEEP=1 leaves it running."
