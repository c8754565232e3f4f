# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Hosts, links and servers for tests with real traffic.
#
# Whoever sources this runs in mount, network and process namespaces of its own,
# as process 1 of them. /run and bpffs are its own too. So whatever it makes is
# invisible to the machine, and when it ends, however it ends, the kernel kills
# every process that is left and takes the rest away with the last of them.
#
# A host is a network namespace; a fabric is one with nothing but a bridge.
#
#	add_fabric lan
#	add_host client
#	plug client eth0 lan 10.1.0.2/24 2001:db8:1::2/64
#
# Rule: wait for what shall happen, with a deadline (wait_for); never sleep and
# hope. SHUNT_TEST_SCALE stretches every deadline on slow machines.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath -m "${BUILD:-$here/../../build}")
scale=${SHUNT_TEST_SCALE:-1}
PATH=$PATH:/usr/sbin:/sbin
# Debian's own, even where something else comes first.
python=$(PATH=/usr/bin:$PATH type -P python3 || true)

if [[ ${SHUNT_SANDBOX:-} != 1 || $$ != 1 ]]; then
	[[ $EUID == 0 ]] || { echo "needs root: network namespaces and XDP" >&2; exit 1; }
	SHUNT_SANDBOX=1 SHUNT_OUTER_PID=$$ exec unshare --mount --net --pid --fork --kill-child --mount-proc \
		--propagation private bash "$0" "$@"
fi

work=/run/work			# everything a test writes
conf=$work/shunt.yaml
socket=$work/shunt.sock
state_dir=$work/state
interfaces='eth0: { mode: native }'	# for write_conf
declare -A pids=()		# of what start() started, by name
status=0			# exit status of what stop() or wait_end() ended last

# --- saying and waiting -----------------------------------------------------

say()
{
	printf '%s\n' "$*"
}

# Log of a process that start() started.
log_of()
{
	printf '%s/%s.log' "$work" "$1"
}

# In a subshell too; what went wrong is told in full once.
die()
{
	local log

	printf 'FAILED: %s\n' "$*" >&2
	if mkdir "$work/died" 2>/dev/null; then
		for log in "$work"/*.log; do
			[[ -s $log ]] || continue
			printf -- '--- %s (last lines)\n' "${log##*/}"
			tail -n "${SHUNT_TEST_LINES:-15}" "$log"
		done >&2
	fi
	[[ $BASHPID != 1 ]] || keep_for_inspection
	exit 1
}

# With KEEP=1 a failed test stays as it is until it is stopped.
keep_for_inspection()
{
	[[ -n ${KEEP:-} ]] || return 0
	say "kept; to look around: nsenter -t $SHUNT_OUTER_PID -m -n bash   (ip netns list; ls $work)"
	say "to end it: Ctrl-C, or kill -KILL $SHUNT_OUTER_PID"
	sleep infinity
}

skip()
{
	printf 'skip: %s\n' "$*"
	exit 77
}

now_ms()
{
	local us=${EPOCHREALTIME/[.,]/}

	printf '%s' "$((us / 1000))"
}

# poll SECONDS COMMAND...: until it succeeds; false if it does not in time.
poll()
{
	local end=$(($(now_ms) + $1 * scale * 1000))

	shift
	until "$@" >/dev/null 2>&1; do
		[[ $(now_ms) -lt $end ]] || return 1
		sleep 0.05
	done
}

# As poll, and the test has failed if it does not.
wait_for()
{
	poll "$@" || die "waited $(($1 * scale)) s for: ${*:2}"
}

# said NAME PATTERN [LINE]: in its log, after that line.
said()
{
	tail -n +"$((${3:-0} + 1))" "$(log_of "$1")" | grep -qE -- "$2"
}

log_lines()
{
	wc -l <"$(log_of "$1")"
}

# want NAME EXPECTED ACTUAL
want()
{
	[[ $2 == "$3" ]] || die "$1: expected '$2', got '$3'"
}

# --- hosts and links --------------------------------------------------------

in_host()
{
	nsenter --net="/run/netns/$1" -- "${@:2}"
}

# Settings that a test must not inherit from the machine; addresses usable at once.
settle_host()
{
	local key

	ip -n "$1" link set lo up
	for key in ipv6.conf.{all,default}.accept_dad=0 \
		   ipv6.conf.{all,default}.router_solicitations=0 \
		   ipv6.conf.{all,default}.accept_ra=0 \
		   ipv6.conf.{all,default}.disable_ipv6=0 \
		   ipv4.conf.{all,default}.rp_filter=0 ipv4.ip_forward=0; do
		in_host "$1" sysctl -qw "net.$key"
	done
}

add_host()
{
	ip netns add "$1"
	settle_host "$1"
}

add_fabric()
{
	add_host "$1"
	ip -n "$1" link add bridge type bridge stp_state 0 forward_delay 0 mcast_snooping 0
	ip -n "$1" link set bridge up
}

# plug HOST IF FABRIC ADDRESS...: a cable; its end in the fabric is called HOST.
plug()
{
	local host=$1 if=$2 fabric=$3 address

	ip -n "$fabric" link add "$host" type veth peer name "$if" netns "$host"
	ip -n "$fabric" link set "$host" master bridge up
	ip -n "$host" link set "$if" up
	for address in "${@:4}"; do
		if [[ $address == *:* ]]; then
			ip -n "$host" addr add "$address" dev "$if" nodad
		else
			ip -n "$host" addr add "$address" dev "$if"
		fi
	done
}

# xdp_cable HOST IF FABRIC: make that cable fit for native XDP at the host's end.
# The fabric's end gets a program, or it would not take frames that XDP sends;
# neither end leaves checksums to the other: XDP would see unfinished ones.
xdp_cable()
{
	in_host "$3" ethtool -K "$1" tx off >/dev/null
	in_host "$1" ethtool -K "$2" tx off >/dev/null
	ip -n "$3" link set "$1" xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
}

# serve_vip HOST VIP...: the addresses are the host's, but it tells nobody.
serve_vip()
{
	local vip

	in_host "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	for vip in "${@:2}"; do
		if [[ $vip == *:* ]]; then
			ip -n "$1" addr add "$vip/128" dev lo nodad noprefixroute
		else
			ip -n "$1" addr add "$vip/32" dev lo
		fi
	done
}

# route_to HOST VIA4 VIA6 VIP...
route_to()
{
	local host=$1 via4=$2 via6=$3 vip

	for vip in "${@:4}"; do
		if [[ $vip == *:* ]]; then
			ip -n "$host" -6 route replace "$vip/128" via "$via6"
		else
			ip -n "$host" route replace "$vip/32" via "$via4"
		fi
	done
}

# The address of an interface that is set at the moment.
mac_of()
{
	ip -n "$1" -o link show dev "$2" | sed -E 's/.*link\/ether ([0-9a-f:]+).*/\1/'
}

vip4=192.0.2.80
vip6=2001:db8::80
backends=(b1 b2 b3)
net4=10.1.0			# of the backends
net6=2001:db8:1:

add_backends()
{
	local name n=10

	for name in "${backends[@]}"; do
		n=$((n + 1))
		add_host "$name"
		plug "$name" eth0 "$1" "$net4.$n/24" "$net6:$n/64"
	done
}

# A lan with a client, a balancer with one arm and the backends.
#	client .2    lb .1    b1 .11    b2 .12    b3 .13
one_armed()
{
	add_fabric lan
	add_host client
	plug client eth0 lan 10.1.0.2/24 2001:db8:1::2/64
	add_host lb
	plug lb eth0 lan 10.1.0.1/24 2001:db8:1::1/64
	xdp_cable lb eth0 lan
	add_backends lan
	route_to client 10.1.0.1 2001:db8:1::1 "$vip4" "$vip6"
}

# One lan as above, its backends ready to answer for the VIPs themselves.
one_armed_direct()
{
	local name

	one_armed
	for name in "${backends[@]}"; do
		serve_vip "$name" "$vip4" "$vip6"
	done
	start_backends
}

# backend_list FAMILIES: the backends as the config lists them, with their
# addresses of these families ("4", "6", "4 6").
backend_list()
{
	local name n=10 keys=$1 text

	for name in "${backends[@]}"; do
		n=$((n + 1))
		text="name: $name"
		[[ $keys != *4* ]] || text+=", address: $net4.$n"
		[[ $keys != *6* ]] || text+=", address6: \"$net6:$n\""
		printf '      - { %s }\n' "$text"
	done
}

# --- processes ----------------------------------------------------------------

# start NAME HOST COMMAND...: in the background, its output in its log.
start()
{
	local log

	log=$(log_of "$1")
	[[ ! -e $log ]] || cat "$log" >>"$log.old"
	nsenter --net="/run/netns/$2" -- "${@:3}" >"$log" 2>&1 </dev/null &
	pids[$1]=$!
}

is_running()
{
	kill -0 "${pids[$1]}" 2>/dev/null
}

# wait_end NAME: its exit status goes to $status.
wait_end()
{
	status=0
	wait "${pids[$1]}" 2>/dev/null || status=$?
	unset "pids[$1]"
}

# stop NAME [SIGNAL]
stop()
{
	kill -s "${2:-TERM}" "${pids[$1]}"
	wait_end "$1"
}

# One nginx: / says the host's name, /up/NAME takes PUT, files lie in $work/HOST/www.
start_nginx()
{
	local dir=$work/$1

	mkdir -p "$dir/www/up" "$dir/tmp"
	cat >"$dir/nginx.conf" <<-EOT
	daemon off;
	user root;
	worker_processes 1;
	pid $dir/nginx.pid;
	events { worker_connections 4096; }
	http {
		access_log off;
		client_body_temp_path $dir/tmp/body;
		proxy_temp_path $dir/tmp/proxy;
		fastcgi_temp_path $dir/tmp/fastcgi;
		uwsgi_temp_path $dir/tmp/uwsgi;
		scgi_temp_path $dir/tmp/scgi;
		keepalive_requests 1000000;
		server {
			listen 80 backlog=4096;
			listen [::]:80 backlog=4096;
			root $dir/www;
			location = / { return 200 "$1\n"; }
			location /up/ { dav_methods PUT; client_max_body_size 64m; }
		}
	}
	EOT
	start "nginx-$1" "$1" nginx -p "$dir" -c "$dir/nginx.conf" -e stderr
}

answers()
{
	in_host "$1" curl -gfsS -m 2 -o /dev/null "$2"
}

start_backends()
{
	local name

	for name in "${backends[@]}"; do
		start_nginx "$name"
	done
	for name in "${backends[@]}"; do
		wait_for 5 answers "$name" http://127.0.0.1/
		wait_for 5 answers "$name" "http://[::1]/"
	done
}

# --- the balancer -------------------------------------------------------------

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

quick_check="type: http, path: /, interval: 200ms, fast_interval: 100ms, \
down_interval: 200ms, timeout: 1s, rise: 2, fall: 3"

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
	ip -n "$1" -d link show "$2" | sed -nE 's/.*prog\/xdp id ([0-9]+).*/\1/p' | head -n 1
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
	metric "shunt_[a-z_]*packets_total\\{.*reason=\"$1\""
}

# --- clients --------------------------------------------------------------------

# Brackets around an IPv6 address.
url_host()
{
	if [[ $1 == *:* ]]; then printf '[%s]' "$1"; else printf '%s' "$1"; fi
}

# tally VIP N: N requests, each on a connection of its own; "NAME COUNT" a line.
tally()
{
	in_host client curl -fsS -m $((2 * scale)) -H 'Connection: close' \
		"http://$(url_host "$1")/?[1-$2]" | sort | uniq -c |
		awk '{ print $2, $1 }'
}

# who_answers VIP [N]: their names, on one line.
who_answers()
{
	tally "$1" "${2:-60}" | awk '{ printf "%s%s", sep, $1; sep = " " }'
}

only_answers()
{
	[[ $(who_answers "$1") == "$2" ]]
}

every_backend_answers()
{
	only_answers "$1" "${backends[*]}"
}

# transfer VIP MEGABYTES: up and down again, compared by checksum; the name of
# the file tells which backend has it, since each connection may meet another.
transfer()
{
	local url sum name

	url="http://$(url_host "$1")"
	head -c "$2"M /dev/urandom >"$work/sent"
	sum=$(sha256sum <"$work/sent")
	for name in "${backends[@]}"; do
		ln -f "$work/sent" "$work/$name/www/file"
		rm -f "$work/$name/www/up/file"
	done
	in_host client curl -gfsS -m $((30 * scale)) -o "$work/got" "$url/file" ||
		die "download from $1 failed"
	want "checksum of what came down from $1" "$sum" "$(sha256sum <"$work/got")"
	in_host client curl -gfsS -m $((30 * scale)) -T "$work/sent" "$url/up/file" ||
		die "upload to $1 failed"
	want "checksum of what went up to $1" "$sum" "$(cat "$work"/*/www/up/file | sha256sum)"
}

# start_load VIP...: strict requests and long connections, until end_load.
# Options of strict_load.py may follow.
start_load()
{
	start load client "$python" "$here/strict_load.py" "$@"
	wait_for 10 said load 'under way'
}

# End the load; the test has failed if one request has.
end_load()
{
	stop load
	say "load: $(tail -n 1 "$(log_of load)")"
	[[ $status == 0 ]] || die "requests failed under load"
}

# --- here it begins -----------------------------------------------------------

open_sandbox()
{
	mount -t tmpfs -o mode=755 tmpfs /run
	mount -t bpf bpf /sys/fs/bpf
	mkdir -p /run/netns "$work"
	[[ -e /var/run ]] || ln -s /run /var/run
	ip link set lo up
}

trap 'die "${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR
set -o errtrace
trap 'exit 130' INT TERM
open_sandbox
