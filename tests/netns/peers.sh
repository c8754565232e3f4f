#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two balancers, one of them standing by: connections of nat and fullnat, of a scheduler
# that remembers them, and of a drained backend, go on by the other one when the first is
# switched off, and by the first when it is there again and knows nothing: before it has
# been told it announces nothing. What they tell each other goes over a way that loses a
# fifth of it, and repeats some; their pools of IPv4 are each one's own.
. "$(dirname "$0")/lib.sh"
. "$here/nat.bash"
. "$here/talks.bash"
. "$here/peers.bash"

other_pool4=10.2.0.6
declare -A asked=()

# ask_talk NAME: its report, as it is now, goes to $report
ask_talk()
{
	asked[$1]=$((${asked[$1]:-0} + 1))
	kill -s USR1 "${pids[$1]}"
	wait_for 10 said "$1" "^report ${asked[$1]}:"
	report=$(sed -nE "s/^report ${asked[$1]}: //p" "$(log_of "$1")")
}

# none_broke WHAT: of both talks, all of which are answered, and nobody waits for long.
none_broke()
{
	local name end

	for name in talk talk-direct; do
		end=$(($(now_ms) + 10000 * scale))
		ask_talk "$name"
		until [[ $(reported waiting_ms) -lt 400 || $(now_ms) -gt $end ]]; do
			sleep 0.1
			ask_talk "$name"
		done
		say "$1: $name: open $(reported open) broken $(reported broken) of $(reported connections), slowest $(reported slowest_ms) ms"
		want "broken connections of $name after: $1" 0 "$(reported broken)"
		[[ $(reported waiting_ms) -lt 1000 ]] || die "$name waits for answers after: $1"
	done
}

# Connections that say something at the beginning, and when they are asked to.
start_silent()
{
	start silent client "$python" -uc '
import signal, socket, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
socks = [socket.create_connection((vip, int(sys.argv[1]))) for vip in sys.argv[2:] for _ in range(5)]
for turn in 1, 2:
    for s in socks:
        s.settimeout(5)
        s.sendall(b"question")
        assert s.recv(32, socket.MSG_WAITALL)[:8] == b"question", s
    print("asked", turn)
    signal.sigwait([signal.SIGUSR1])
' "$@"
	wait_for 10 said silent '^asked 1'
}

# Loses two of five datagrams in every other second, and says every seventh twice. What is
# told in each second so arrives within two.
start_lossy_way()
{
	start "way-$1" "$1" "$python" -c '
import random, socket, sys, time
random.seed(7)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7999))
while True:
    data = s.recv(2000)
    if int(time.time()) % 2 and random.random() < 0.4:
        continue
    for _ in range(2 if random.random() < 0.15 else 1):
        s.sendto(data, (sys.argv[1], 7946))
' "$2"
}

junk_to()
{
	in_host "$1" "$python" -c '
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(200):
    s.sendto(b"shuP\1\0\0\0" * (i % 2) + os.urandom(7 * i), (sys.argv[1], 7946))
' "$2"
}

# packets_to NUMBER FORMER NEW: clients and servers send theirs to that balancer now.
packets_to()
{
	local name address

	route_to client "10.1.0.$1" "2001:db8:1::$1" "$vip4" "$vip6" "$vip_nat"
	ip -n client2 route replace "$vip_direct" via "$net4.$1"
	ip -n client2 route replace "$vip_turn" via "$net4.$1"
	for address in "$gateway/24" "$pool4/24" "$pool6/64"; do
		ip -n "$2" address del "$address" dev back
		ip -n "$3" address add "$address" dev back
	done
	for name in "${backends[@]}"; do
		ip -n "$name" neigh flush dev eth0
	done
}

announces()
{
	[[ -n $(ip -n "$1" route show table 250 proto 233) ]]
}

peers_hosts
ip -n lb2 address add "$other_pool4/24" dev back
head -c 32 /dev/urandom | base64 >"$secret"
head -c 32 /dev/urandom | base64 >"$work/other"
chmod 600 "$work/other"
peers_conf lb 'listen: "10.1.0.1:7946", send_to: "10.1.0.4:7999", refresh: 1s' >"$work/lb.yaml"
peers_conf lb2 'listen: "10.1.0.4:7946", send_to: "10.1.0.1:7999", refresh: 1s' 0 |
	sed "s|$secret|$work/other|; s/pool: .$pool4/pool: [$other_pool4/" >"$work/lb2.yaml"
sed -i 's/^ha:/&\n  announce: routes/' "$work/lb.yaml"
start_lossy_way lb 10.1.0.1
start_lossy_way lb2 10.1.0.4

chmod 644 "$secret"
start_balancer lb
start_balancer lb2
await_balancer lb
said shuntd-lb 'chmod 600' || die "a secret that others may read was accepted"
chmod 600 "$secret"
await_balancer lb2
wait_for 10 peer_number_is lb2 datagrams.foreign -gt 0
hears_nobody lb2 || die "another secret was accepted"
sed -i "s|$work/other|$secret|" "$work/lb2.yaml"
ctl lb2 reload
wait_for 10 hears_peer lb2
wait_for 10 hears_peer lb

start_silent "$talk_port" "$vip4" "$vip6" "$vip_nat"
start talk client "$build/tests/talk" "$talk_port" "$vip4=60/100/0" "$vip6=40/100/0" "$vip_nat=60/100/0"
start churn client "$build/tests/talk" "$talk_port" "$vip4=20/50/300" "$vip_nat=20/50/300"
start talk-direct client2 "$build/tests/talk" "$talk_port" "$vip_direct=60/100/0" "$vip_turn=30/100/0"
wait_for 10 said talk 'under way'
wait_for 10 said talk-direct 'under way'

# The other one begins with a table without b1, and nothing of it in transition.
ctl lb backend drain direct/b1
junk_to client 10.1.0.4
wait_for 10 peer_number_is lb2 datagrams.foreign -ge 100
wait_for 10 peer_number_is lb2 datagrams.replayed -gt 0
wait_for 10 some_slots_are pinning
# Some fifty flows, each in four rounds at least: two may both fall into bad seconds, when a
# round begins a little later in its second than the one before.
told=$(peer_number lb told.flow)
wait_for 30 peer_number_is lb told.flow -ge "$((told + 250))"
wait_for 10 peer_number_is lb2 theirs -ge 175
wait_for 10 announces lb
none_broke "before the switch"
say "$(ctl lb2 show peers)"

# Those that begin within the second before are what cannot be saved.
kill "${pids[churn]}"
wait_end churn
say "the first one is switched off"
ip -n front link set lb down
ip -n back link set lb down
kill -s STOP "${pids[way-lb]}" "${pids[way-lb2]}"
stop shuntd-lb KILL
rm -r /sys/fs/bpf/lb
for family in -4 -6; do
	ip -n lb "$family" route flush table 250
done
packets_to 4 lb lb2
none_broke "after the switch"

say "it is there again, with empty maps, and for a while they do not hear each other"
ip -n front link set lb up
ip -n back link set lb up
balancer lb
[[ $(ctl lb show announcements) == *"waiting"*"peers have not told yet what they have, not announced"* ]] ||
	die "it does not say what it waits for: $(ctl lb show announcements)"
! announces lb || die "it announces what it does not know"
wait_for 10 hears_nobody lb2
in_host lb2 curl -fsS http://127.0.0.1:9924/metrics >"$work/metrics"
grep -qF 'shunt_peer_up{peer="10.1.0.1:7946"} 0' "$work/metrics" ||
	die "metrics do not say that the peer is silent"
kill -s CONT "${pids[way-lb]}" "${pids[way-lb2]}"
wait_for 10 announces lb
said shuntd-lb '1 peers have told what they have' || die "it did not wait for its peer"
packets_to 1 lb2 lb
none_broke "when it has taken them back"
kill -s USR1 "${pids[silent]}"
wait_for 10 said silent '^asked 2'

say "the active one gets larger maps"
wait_for 10 peer_number_is lb2 theirs -ge 175
sed -i 's/connections: 4000/connections: 9000/' "$work/lb.yaml"
ctl lb reload
said shuntd-lb 'maps replaced' || die "the maps were not replaced"
told=$(peer_number lb told.connection)
wait_for 10 peer_number_is lb told.connection -ge "$((told + 175))"
none_broke "with larger maps"
wait_for 10 peer_number_is lb2 theirs -ge 175
