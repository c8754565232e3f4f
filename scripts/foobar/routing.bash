# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# How the router finds a balancer, in two ways: BGP with BFD, and VRRP. Part of foobar.sh.

# from_template NAME LB: one of our files, for a balancer.
from_template()
{
	sed "s|@ID@|${part[$2]}|g; s|@PRIORITY@|$((200 - ${part[$2]} * 10))|g; s|@RUN@|$work/$2|g" \
		"$top/scripts/foobar/$1"
}

# Whoever has to answer within fractions of a second comes before all others.
start_bird()
{
	start "bird-$1" "$1" nice -n -15 bird -f -c "$work/bird-$1.conf" -s "$work/bird-$1.ctl"
}

# --- BGP: both balancers at once ----------------------------------------------------

start_bgp_on()
{
	from_template bird-balancer.conf "$1" >"$work/bird-$1.conf"
	start_bird "$1"
}

start_bgp()
{
	local lb

	cp "$top/scripts/foobar/bird-router.conf" "$work/bird-router.conf"
	start_bird router
	for lb in "${balancers[@]}"; do
		start_bgp_on "$lb"
	done
	wait_for 20 routed_by lb1 lb2
}

# use_bgp: again, where VRRP was shown.
use_bgp()
{
	local lb vip

	[[ -z ${pids[bird-router]:-} ]] || return 0
	for lb in "${balancers[@]}"; do
		stop "keepalived-$lb"
	done
	for vip in "$vip4" "$vip_write" "$vip_read"; do
		ip -n router route del "$vip"
	done
	ip -n router -6 route del "$vip6"
	announce=routes
	reload_all
	start_bgp
}

# routed_by LB...: these are the router's next hops to both addresses of the site, and
# nobody else is.
routed_by()
{
	local lb want4='' want6=''

	for lb in "$@"; do
		want4+="$(address_of "$lb") "
		want6+="$net6:${part[$lb]} "
	done
	[[ $(next_hops "" "$vip4/32") == "$want4" && $(next_hops -6 "$vip6/128") == "$want6" &&
		$(next_hops "" "$vip_read/32") == "$want4" ]]
}

next_hops()
{
	# shellcheck disable=SC2086 # nothing, or -6
	ip -n router $1 route show "$2" | grep -o 'via [^ ]*' | cut -d ' ' -f 2 | sort -u | tr '\n' ' '
}

stop_bgp()
{
	local name

	for name in bird-router "${balancers[@]/#/bird-}"; do
		stop "$name"
	done
}

# --- VRRP: one of them ----------------------------------------------------------------

start_vrrp_on()
{
	from_template keepalived.conf "$1" >"$work/keepalived-$1.conf"
	chmod 600 "$work/keepalived-$1.conf"
	start "keepalived-$1" "$1" nice -n -15 keepalived --dont-fork --log-console --vrrp \
		--use-file="$work/keepalived-$1.conf" --pid="$work/keepalived-$1.pid" \
		--vrrp_pid="$work/vrrp-$1.pid"
}

# The router knows the gateway only, and keepalived from shuntd whether it is fit.
start_vrrp()
{
	local lb

	announce=vrrp_file
	reload_all
	route_to router "$gateway4" "$gateway6" "$vip4" "$vip6" "$vip_write" "$vip_read"
	for lb in "${balancers[@]}"; do
		start_vrrp_on "$lb"
	done
	wait_for 10 has_master
}

holds_gateway()
{
	[[ -n $(ip -n "$1" -4 -o addr show dev eth0 to "$gateway4") &&
		-n $(ip -n "$1" -6 -o addr show dev eth0 to "$gateway6") ]]
}

# has_master: exactly one; it goes to $master.
has_master()
{
	local lb n=0

	for lb in "${balancers[@]}"; do
		holds_gateway "$lb" || continue
		n=$((n + 1))
		master=$lb
	done
	[[ $n == 1 ]]
}
