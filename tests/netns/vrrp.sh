#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two balancers, one of which has the VIPs by VRRP: keepalived, with the config that is
# shipped, moves them when shuntd says in its file that it is unfit, and when it is killed
# and does not come back; no request fails where the balancer says it in time.
. "$(dirname "$0")/lib.sh"
. "$here/pair.bash"

[[ -x $(type -P keepalived) ]] || skip "no keepalived: scripts/install-deps.sh installs it"

vip4=10.1.0.80			# on the link, so that neighbours ask for it
vip6=2001:db8:1::80

# keepalived LB PRIORITY
start_keepalived()
{
	sed -e "s|/run/shunt.vrrp|$work/$1.vrrp|; s/203.0.113.10/$vip4/; s/2001:db8:113::10/$vip6/" \
		-e "s/priority 150/priority $2/; s/interval 2/interval 1/; s/fall 5/fall 2/" \
		-e "s|/usr/local/bin/shunt |$build/shunt --socket $work/$1.sock |" \
		"$here/../../scripts/ha/keepalived.conf" >"$work/keepalived-$1.conf"
	chmod 600 "$work/keepalived-$1.conf"
	start "keepalived-$1" "$1" nice -n -15 keepalived --dont-fork --log-console --vrrp \
		--use-file="$work/keepalived-$1.conf" --pid="$work/keepalived-$1.pid" \
		--vrrp_pid="$work/vrrp-$1.pid"
}

holds()
{
	[[ -n $(ip -n "$1" -4 -o addr show dev eth0 to "$vip4") &&
		-n $(ip -n "$1" -6 -o addr show dev eth0 to "$vip6") ]]
}

# is_at LB: both VIPs, and none of them is at the other one.
is_at()
{
	local other=lb2

	[[ $1 == lb ]] || other=lb
	holds "$1" && [[ -z $(ip -n "$other" -o addr show dev eth0 to "$vip4") ]] &&
		[[ -z $(ip -n "$other" -o addr show dev eth0 to "$vip6") ]]
}

says()
{
	[[ $(cat "$work/$1.vrrp" 2>/dev/null) == "$2" ]]
}

add_pair
add_host client
plug client eth0 lan 10.1.0.2/24 2001:db8:1::2/64
write_pair "announce: vrrp_file, vrrp: { file: $work/@.vrrp }"

# --- nobody is fit before it has said so --------------------------------------------------
start_keepalived lb 150
start_keepalived lb2 140
wait_for 5 says lb 1
balancer lb2
wait_for 5 says lb2 0
wait_for 10 is_at lb2
balancer lb
wait_for 5 says lb 0
took 3000 is_at lb
say "the fitter one has the VIPs: $ms ms"
for vip in "$vip4" "$vip6"; do
	wait_for 5 every_backend_answers "$vip"
done
start_load "$vip4" "$vip6"

# --- drained --------------------------------------------------------------------------------
want "what is said" "this balancer: announced -> drained" "$(on lb announce drain)"
took 3000 is_at lb2
say "drained: $ms ms"
says lb 1 || die "$(<"$work/lb.vrrp")"
on lb announce resume >/dev/null
took 3000 is_at lb
say "resumed: $ms ms"

# --- somebody else writes into the file -------------------------------------------------
rm "$work/lb.vrrp"
wait_for 3 said shuntd-lb 'somebody has changed or removed it'
says lb 0 || die "it was not written again"

# --- stopped, and killed ----------------------------------------------------------------
stop shuntd-lb
says lb 1 || die "a daemon that has stopped is fit"
took 3000 is_at lb2
say "stopped: $ms ms"
balancer lb
took 5000 is_at lb
say "started: $ms ms"
stop shuntd-lb KILL
says lb 0 || die "a daemon that was killed has said something"
took 5000 is_at lb2
say "killed, and not started again: $ms ms"
balancer lb
took 5000 is_at lb
end_load

# --- below min_healthy: alone, and with the other one -----------------------------------
on lb backend drain web/b1 >/dev/null
on lb backend drain web/b2 >/dev/null
took 3000 is_at lb2
say "below min_healthy: $ms ms"
[[ $(on lb show announcements) == *"web: 1 usable, min_healthy 2"*"by keepalived: $work/lb.vrrp"* ]] ||
	die "$(on lb show announcements)"
on lb2 backend drain web/b1 >/dev/null
on lb2 backend drain web/b2 >/dev/null
wait_for 5 is_at lb
on lb2 backend enable web/b1 >/dev/null
wait_for 5 is_at lb2
