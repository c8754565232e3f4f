#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two balancers announce the same VIPs by routes that BIRD learns, with the config that is
# shipped, to a router that spreads packets over both by BGP with BFD: what is withdrawn,
# drained, put back and left, how soon the router knows, and that no connection breaks.
. "$(dirname "$0")/lib.sh"
. "$here/pair.bash"

[[ -x $(type -P bird) ]] || skip "no bird: scripts/install-deps.sh installs it"

# --- the router and BIRD -------------------------------------------------------------

add_router()
{
	add_host router
	add_host client
	add_fabric front
	plug client eth0 front 10.0.0.2/24 2001:db8:f::2/64
	plug router front front 10.0.0.1/24 2001:db8:f::1/64
	plug router lan lan 10.1.0.254/24 2001:db8:1::fe/64
	in_host router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1
	# What one family's packets tell of ways must not differ from the routes.
	in_host router sysctl -qw net.ipv4.conf.{all,lan}.send_redirects=0
	ip -n client route add default via 10.0.0.1
	ip -n client -6 route add default via 2001:db8:f::1
	for name in "${backends[@]}"; do
		ip -n "$name" route add default via 10.1.0.254
		ip -n "$name" -6 route add default via 2001:db8:1::fe
	done
	in_host router ethtool -K lan tx off >/dev/null
}

soon='connect delay time 1; connect retry time 1; error wait time 1, 2;'

start_bird()
{
	# Whoever has to answer within fractions of a second comes before all others.
	start "bird-$1" "$1" nice -n -15 bird -f -c "$work/bird-$1.conf" -s "$work/bird-$1.ctl"
}

bird_on_balancer()
{
	local me=${part[$1]}

	sed -E -e "s/^(define ME4 = )[^;]*/\\110.1.0.$me/; s/^(define ME6 = )[^;]*/\\12001:db8:1::$me/" \
		-e 's/^(define ROUTER4 = )[^;]*/\110.1.0.254/; s/^(define ROUTER6 = )[^;]*/\12001:db8:1::fe/' \
		-e 's|^(define VIPS4 = )[^;]*|\1[ 192.0.2.0/24{32,32} ]|' \
		-e 's|^(define VIPS6 = )[^;]*|\1[ 2001:db8::/64{128,128} ]|' \
		-e "s/^log syslog/log stderr/; s/multiplier 3/multiplier 5/; s/bfd on;/& $soon/" \
		"$here/../../scripts/ha/bird.conf" >"$work/bird-$1.conf"
	start_bird "$1"
}

bird_on_router()
{
	local family lb

	cat >"$work/bird-router.conf" <<-EOT
	log stderr all;
	router id 10.1.0.254;
	protocol device { }
	protocol bfd { interface "lan" { interval 100 ms; multiplier 5; }; }
	protocol kernel k4 { merge paths on; ipv4 { import none; export all; }; }
	protocol kernel k6 { merge paths on; ipv6 { import none; export all; }; }
	filter from_balancer { if (65535, 0) ~ bgp_community then bgp_local_pref = 0; accept; }
	EOT
	for lb in "${!part[@]}"; do
		for family in 4 6; do
			cat <<-EOT
			protocol bgp ${lb}_$family {
				local $([[ $family == 4 ]] && echo 10.1.0.254 || echo 2001:db8:1::fe) as 65000;
				neighbor $([[ $family == 4 ]] && echo 10.1.0. || echo 2001:db8:1::)${part[$lb]} as 65001;
				bfd on; graceful restart off; $soon
				ipv$family { import filter from_balancer; export none; };
			}
			EOT
		done
	done >>"$work/bird-router.conf"
	start_bird router
}

# next_hops VIP: the last parts of their addresses, in order.
next_hops()
{
	local family=-4

	[[ $1 != *:* ]] || family=-6
	ip -n router "$family" route show "$1" | sed -nE 's/.*via [0-9a-f.:]+[.:]([0-9]+) .*/\1/p' |
		sort | xargs
}

# routed_by PARTS: to these balancers the router sends packets for both VIPs.
routed_by()
{
	[[ $(next_hops "$vip4") == "$1" && $(next_hops "$vip6") == "$1" ]]
}

# known_on LB FAMILY: our table there: "192.0.2.80 0"
known_on()
{
	ip -n "$1" "-$2" route show table 250 proto 233 |
		awk '{ m = 0; for (i = 1; i < NF; i++) if ($i == "metric") m = $(i + 1); print $2, m }' |
		xargs
}

expect_known()
{
	want "IPv4 routes of $1" "$2" "$(known_on "$1" 4)"
	want "IPv6 routes of $1" "$3" "$(known_on "$1" 6)"
}

# Both families, told of by the daemon; which may have been at it between two deletions.
is_put_back()
{
	said shuntd-lb "$vip4: its route was taken away" &&
		said shuntd-lb "$vip6: its route was taken away" &&
		[[ $(known_on lb 4) == "$vip4 0" && $(known_on lb 6) == "$vip6 1024" ]]
}

# After so many lines of the monitor.
expect_no_change()
{
	want "routes that came or went over $1" 0 \
		"$(tail -n +$(($2 + 1)) "$(log_of monitor)" | grep -c 'table 250' || true)"
}

is_up()
{
	on lb --json backend list "$1" | all_are_up
}

announced_on()
{
	in_host "$1" curl -fsS http://127.0.0.1:9924/metrics |
		awk '/^shunt_vip_announced/ { sum += $NF } END { print sum + 0 }'
}

# --- here it begins ------------------------------------------------------------------

add_pair
add_router
write_pair "announce: routes"
bird_on_router
for lb in lb lb2; do
	bird_on_balancer "$lb"
	balancer "$lb"
done
expect_known lb "$vip4 0" "$vip6 1024"
want "VIPs that lb announces" 2 "$(announced_on lb)"
wait_for 15 routed_by "1 4"
for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
done
for lb in lb lb2; do
	[[ $(on "$lb" --json show drops | jq '[.data.reasons[] | select(.reason == "forwarded") | .packets] | add') -gt 20 ]] ||
		die "no packets by $lb"
done

# --- below min_healthy ------------------------------------------------------------------
on lb backend drain web/b1 >/dev/null
want "VIPs that lb announces with two backends" 2 "$(announced_on lb)"
on lb backend drain web/b2 >/dev/null
took 2000 routed_by 4
say "withdrawn below min_healthy: $ms ms"
want "VIPs that lb announces" 0 "$(announced_on lb)"
[[ $(on lb show announcements) == *"$vip4"*"withdrawn"*"web: 1 usable, min_healthy 2"* ]] ||
	die "not said why: $(on lb show announcements)"
[[ $(on lb status) == *"NOT ALL, 0 of 2 VIPs"* ]] || die "status does not say it"
said shuntd-lb "$vip4: withdrawn: web: 1 usable, min_healthy 2" || die "not logged"
on lb backend enable web/b1 >/dev/null
took 2000 routed_by "1 4"
say "announced again: $ms ms"
on lb backend enable web/b2 >/dev/null

# From here on no request may fail, whatever happens: both send each flow to the same one.
start_load "$vip4" "$vip6"

# --- drained -------------------------------------------------------------------------------
want "what is said" "this balancer: announced -> drained" "$(on lb announce drain)"
took 2000 routed_by 4
say "drained: $ms ms"
expect_known lb "$vip4 4096" "$vip6 4096"
want "said once more" "this balancer: already drained" "$(on lb announce drain)"
[[ $(on lb show overrides) == "this balancer is drained for"* ]] || die "no override is shown"
on lb reload >/dev/null
stop shuntd-lb
want "exit status of shuntd" 0 "$status"
expect_known lb "" ""
balancer lb
expect_known lb "$vip4 4096" "$vip6 4096"
on lb2 announce drain >/dev/null
took 2000 routed_by "1 4"
say "both are the last resort, and have the VIPs: $ms ms"
on lb2 announce resume >/dev/null
took 2000 routed_by 4
on lb announce resume >/dev/null
took 2000 routed_by "1 4"
say "resumed: $ms ms"
expect_known lb "$vip4 0" "$vip6 1024"

# --- taken away by others, and left by a crash ---------------------------------------------
start monitor lb ip monitor route
ip -n lb -4 route flush table 250
ip -n lb -6 route flush table 250
took 3000 is_put_back
say "put back what was taken away: $ms ms"
expect_known lb "$vip4 0" "$vip6 1024"
wait_for 3 routed_by "1 4"
lines=$(log_lines monitor)
stop shuntd-lb KILL
expect_known lb "$vip4 0" "$vip6 1024"
balancer lb
expect_known lb "$vip4 0" "$vip6 1024"
expect_no_change "a crash" "$lines"

# --- stopped ---------------------------------------------------------------------------------
stop shuntd-lb
expect_known lb "" ""
took 2000 routed_by 4
say "stopped: $ms ms"
balancer lb
took 5000 routed_by "1 4"
say "started: $ms ms"
end_load

# --- by a reload: another VIP, another way, and none ---------------------------------------
write_pair "announce: routes, routes: { table: 251, metric: 5 }" "
  more:
    vip: 192.0.2.90
    ports: 81/tcp
    check: { type: none }
    backends: [{ name: b1, address: 10.1.0.11 }]"
on lb reload >/dev/null
expect_known lb "" ""
want "routes of the other table" "blackhole $vip4 blackhole 192.0.2.90" \
	"$(ip -n lb route show table 251 proto 233 metric 5 | awk '{ print $1, $2 }' | xargs)"
write_pair "announce: none"
on lb reload >/dev/null
want "routes of the other table" "" "$(ip -n lb route show table 251)"
[[ $(on lb show announcements) == *"announces nothing"* ]] || die "something is announced"
write_pair "announce: routes"
on lb reload >/dev/null
expect_known lb "$vip4 0" "$vip6 1024"

# A service that comes later to a VIP has no verdicts yet, and takes nothing away.
lines=$(log_lines monitor)
write_pair "announce: routes" "
  green:
    vip: $vip4
    ports: 81/tcp
    check: { type: tcp, port: 80, interval: 1s }
    backends: [{ name: b1, address: 10.1.0.11 }]"
on lb reload >/dev/null
wait_for 5 is_up green
expect_no_change "a new service of a VIP" "$lines"

# --- away altogether ------------------------------------------------------------------------
stop shuntd-lb KILL
in_host lb "$build/shuntd" --config "$work/lb.yaml" --pin-dir /sys/fs/bpf/lb --detach 2>/dev/null
expect_known lb "" ""
balancer lb
wait_for 5 routed_by "1 4"
ip -n lan link set lb down
took 3000 routed_by 4
say "its link is cut: $ms ms"
