#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two balancers that share by a multicast group over IPv6: how soon a connection is known to
# the other one; and, while more of them open than the rate lets be told, that the rate is
# kept, that memory is not used up, and that what stays is known in the end.
. "$(dirname "$0")/lib.sh"
. "$here/nat.bash"
. "$here/talks.bash"
. "$here/peers.bash"

rate=20
flood_s=5

group_of()
{
	printf 'listen: "%s", group: "[ff02::7946]:7947", interface: front, rate: %s, refresh: 2s' \
		"$1" "$rate"
}

rss_kib()
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$(ctl "$1" status --json | jq .data.daemon.pid)/status"
}

# One connection that stays, of a socket that says when it was there.
hold_one()
{
	start one client "$python" -uc '
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print(int(time.time() * 1000), flush=True)
time.sleep(100)
' "$vip4" "$talk_port"
	wait_for 10 said one '^[0-9]+$'
}

# No more than the rate, a burst, and a hello or two a second.
within_rate()
{
	local began=$1 sent=$2 allowed

	allowed=$((($(now_ms) - began) * (rate + 3) / 1000 + rate))
	say "$sent datagrams, at most $allowed were allowed"
	[[ $sent -le $allowed ]] || die "more was sent than the rate allows"
}

peers_hosts
head -c 32 /dev/urandom | base64 >"$secret"
chmod 600 "$secret"
peers_conf lb "$(group_of '[2001:db8:1::1]:7946')" >"$work/lb.yaml"
peers_conf lb2 "$(group_of '[2001:db8:1::4]:7946')" >"$work/lb2.yaml"
balancer lb
balancer lb2
wait_for 10 hears_peer lb2
wait_for 10 hears_peer lb

hold_one
wait_for 10 peer_number_is lb2 theirs -ge 1
took=$(($(now_ms) - $(<"$(log_of one)")))
say "a connection is known to the other one after $took ms, the question included"
[[ $took -lt $((1000 * scale)) ]] || die "that is too long"

start talk client "$build/tests/talk" "$talk_port" "$vip4=100/200/0"
wait_for 10 said talk 'under way'
before=$(rss_kib lb2)
sent=$(peer_number lb sent)
began=$(now_ms)
start flood client "$build/tests/talk" "$talk_port" "$vip4=350/200/400"
sleep "$flood_s"
kill "${pids[flood]}"
wait_end flood
within_rate "$began" "$(($(peer_number lb sent) - sent))"
say "opened: $(grep -oE 'connections [0-9]+' "$(log_of flood)" | tail -n 1); $(ctl lb show peers | tail -n 2 | xargs)"
peer_number_is lb held_back -gt 0 || die "the rate held nothing back"
grown=$(($(rss_kib lb2) - before))
say "the other one has grown by $grown KiB"
[[ $grown -lt 4096 ]] || die "it uses memory up"

# It forgets what was closed, and knows what stays.
wait_for 10 peer_number_is lb2 theirs -ge 101
kill "${pids[one]}"
wait_end one
