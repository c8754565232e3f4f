#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# www.foobar.com on three servers, and all that is before and behind them, each machine
# in a network namespace of its own: names, a router, two balancers, web servers with
# HTTPS, applications, a database with a replica, Prometheus, and visitors. Then one
# thing after the other fails under load, and a table says who noticed.
#
#	foobar.sh [FAULT...]	all of them without a name
#
# Everything lives in namespaces that this script makes (tests/netns/lib.sh) and
# goes with it, also after Ctrl-C.
#	KEEP=1	leave it running, and print where to look
#	STOP=1	end one that was left running
# shellcheck disable=SC2034,SC2154 # variables shared with what is sourced
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
play=foobar

print_commands()
{
	local init=$1 in at run old replica

	in="sudo nsenter -t $init -m -p"
	at="$in --net=/proc/$init/root/run/netns"
	run=$(realpath "${BUILD:-$top/build}/shunt")
	read -r old replica <"/proc/$init/root/run/work/roles"
	cat <<-EOT

	It is still running. Where to look:

	  the site                 $at/client curl --cacert /run/work/pki/ca.pem https://www.foobar.com/
	  over IPv6                $at/client curl -6 --cacert /run/work/pki/ca.pem https://www.foobar.com/
	  its name                 $at/client dig +short www.foobar.com AAAA
	  the balancers            $in $run --socket /run/work/lb1/shunt.sock status
	                           $in $run --socket /run/work/lb2/shunt.sock status
	  their backends           $in $run --socket /run/work/lb1/shunt.sock backend list
	  the status page          $at/monitor curl http://10.1.0.2:9924/
	  what Prometheus sees     $at/monitor curl http://10.1.0.20:9090/api/v1/targets
	  which alerts fire        $at/monitor curl http://10.1.0.20:9090/api/v1/alerts
	  the router's ways        $at/router ip route
	  its BGP sessions         $in birdc -s /run/work/bird-router.ctl show protocols
	  the databases            $in mariadb -uroot --socket=/run/work/db/web1.sock foobar
	  the replica takes over   $in env SHUNT=$run $top/scripts/foobar/fail_over.sh \\
	                             db-write/$old /run/work/db/$replica.sock /run/work/lb{1,2}/shunt.sock
	  the balancers' logs      $in tail -f /run/work/shuntd-lb1.log /run/work/shuntd-lb2.log
	  all configs and logs     $in ls /run/work
	  a shell on a machine     $at/lb1 bash

	  end it                   sudo make foobar STOP=1
	EOT
}

# shellcheck source=../demo/keep.bash
. "$top/scripts/demo/keep.bash"
# shellcheck source=../../tests/netns/lib.sh
. "$top/tests/netns/lib.sh"
# shellcheck source=../../tests/netns/databases.bash
. "$top/tests/netns/databases.bash"
for file in topology site routing load faults firewall alerts; do
	# shellcheck disable=SC1090
	. "$top/scripts/foobar/$file.bash"
done

check_tools()
{
	local tool

	for tool in bird keepalived dnsmasq nginx mariadbd prometheus; do
		type -P "$tool" >/dev/null || skip "no $tool: run scripts/install-deps.sh"
	done
	"$python" -c 'import pymysql' 2>/dev/null || skip "no pymysql: run scripts/install-deps.sh"
	[[ -x $build/tests/visitors ]] || die "not built in $build: run 'make foobar'"
}

page()
{
	in_host client curl -fsS -m 10 --cacert "$ca" "$@"
}

is_served()
{
	page -4 "$url/" && page -6 "$url/"
}

start_site()
{
	build_network
	start_names
	make_certificates
	db_install
	start_databases
	start_servers
	make_secret
	for lb in "${balancers[@]}"; do
		start_balancer "$lb"
	done
	start_bgp
	start_monitoring
	wait_for 20 is_served
}

show_site()
{
	say '  $ dig +short www.foobar.com A; dig +short www.foobar.com AAAA'
	in_host client dig +short www.foobar.com A | indent
	in_host client dig +short www.foobar.com AAAA | indent
	say '  $ curl --cacert ca.pem https://www.foobar.com/'
	page "$url/" | indent
	want "where http://www.foobar.com/ leads" https://www.foobar.com/ \
		"$(page -o /dev/null -w '%{redirect_url}' http://www.foobar.com/)"
	! in_host client "$python" -c "import socket; socket.create_connection(('$vip_read', 3306), 1)" \
		2>/dev/null || die "somebody outside reaches the databases"
	! in_host client curl -sS "$url/" >"$work/untrusted" 2>&1 || die "a CA of ours is trusted by all"
	want "why others do not trust it" 1 "$(grep -c 'unable to get local issuer certificate' "$work/untrusted")"
}

run_faults()
{
	local fault

	begin_table
	head -n 1 "$work/table"
	for fault in "$@"; do
		"fault_$fault"
	done
}

# Both choose alike, whatever each of them has gone through by now. Of 100 000 flows, and of
# other histories, tests/unit/plan/test_agree.c sees it.
show_agreement()
{
	local flows=() flow i

	for ((i = 0; i < 6; i++)); do
		flows+=("198.51.100.$((RANDOM % 256)):$((1024 + RANDOM)) $vip4"
			"[2001:db8:c::$((RANDOM % 10000))]:$((1024 + RANDOM)) [$vip6]")
	done
	wait_for 20 all_at_rest
	for flow in "${flows[@]}"; do
		server_of lb1 "$flow" >"$work/choice1" &
		server_of lb2 "$flow" >"$work/choice2"
		wait $!
		want "the server of $flow at lb2" "$(<"$work/choice1")" "$(<"$work/choice2")"
	done
	say "  both balancers send ${#flows[@]} random flows to the same servers; of 100 000, and of other" \
		"histories, tests/unit/plan/test_agree.c sees it"
}

# server_of LB "SOURCE VIP"
server_of()
{
	shunt_on "$1" explain tcp "${2% *}" "${2#* }:443" --json | jq -er .data.backend.name
}

all_faults=(nginx server shuntd bgp drain primary dns scheduler denied prefixes flood flood_one
	flood_db alerts vrrp)

begin_all=$(now_ms)
check_tools
heading "www.foobar.com on three servers"
start_site
show_site
say "  after $((($(now_ms) - begin_all) / 1000)) s"
heading "What visitors notice, at $page_rate pages a second"
if [[ $# -gt 0 ]]; then
	run_faults "$@"
else
	run_faults "${all_faults[@]}"
fi
show_agreement
heading "All of it, after $((($(now_ms) - begin_all) / 1000)) s"
cat "$work/table"
if [[ $SHUNT_PLAY == keep ]]; then
	use_bgp
	echo "db${db_number[$(the_primary)]} $(the_replica)" >"$work/roles"
fi
let_go
