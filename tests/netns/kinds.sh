#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Kinds of checks without a connection, each against a real server: DNS with dnsmasq, a
# datagram with an answer, and echo. Each finds out what is wrong, and says what.
. "$(dirname "$0")/lib.sh"

# probe SERVICE/BACKEND: state, code and detail of its last check.
probe()
{
	shunt --json backend list "${1%/*}" |
		jq -r --arg name "${1#*/}" '.data.services[0].backends[]
			| select(.name == $name) | "\(.check.state) \(.check.code): \(.check.detail)"'
}

# is SERVICE/BACKEND TEXT
is()
{
	[[ $(probe "$1") == "$2" ]]
}

# expect SERVICE/BACKEND TEXT: soon.
expect()
{
	poll 5 is "$@" || die "$1: expected '$2', got '$(probe "$1")'"
	say "$1: $2"
}

# serve_dns HOST: it knows one name, and refuses all others.
serve_dns()
{
	start "dns-$1" "$1" dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= \
		--user=root --no-hosts --no-resolv --port=53 \
		--host-record=health.example.com,10.9.9.9
}

timing="interval: $pace, fast_interval: $pace, down_interval: $pace, timeout: $pace, rise: 1, fall: 2"
one_armed
for name in "${backends[@]}"; do
	serve_vip "$name" "$vip4" "$vip6"
done
serve_dns b1
serve_dns b2
start udp-b1 b1 "$python" "$here/udp_name.py" serve b1 4000
wait_for 5 said udp-b1 serving
write_conf <<EOT
services:
  dns:
    vip: [$vip4, "$vip6"]
    ports: [53/tcp, 53/udp]
    check: { type: dns, name: health.example.com, $timing }
    backends:
      - { name: b1, address: $net4.11 }
      - { name: b2, address6: "$net6:12", check: { name: other.example.com } }
      - { name: b3, address: $net4.13 }
      - { name: refuses, address: $net4.12,
          check: { name: other.example.com, expect: { rcode: [REFUSED, NXDOMAIN] } } }
  udp:
    vip: [$vip4, "$vip6"]
    ports: [4000/udp]
    check: { type: udp, send: 'who?\\r\\n', expect: { payload: b1 }, $timing }
    backends:
      - { name: b1, address6: "$net6:11" }
      - { name: b2, address: $net4.12 }
      - { name: other, address: $net4.11, check: { expect: { payload: b2 } } }
  ping:
    vip: [$vip4, "$vip6"]
    ports: [any/tcp]
    check: { type: icmp, $timing }
    backends:
      - { name: b1, address: $net4.11 }
      - { name: b2, address6: "$net6:12" }
      - { name: b3, address: $net4.13 }
EOT
start_shuntd

expect dns/b1 "up OK: dns NOERROR, answers: 1"
expect dns/b2 "down L7STS: dns REFUSED, answers: 0"
expect dns/b3 "down L4CON: connection refused"
expect dns/refuses "up OK: dns REFUSED, answers: 0"
expect udp/b1 "up OK: answer of 9 bytes"
expect udp/b2 "down L4CON: connection refused"
expect udp/other "down L7RSP: another answer, of 9 bytes"
for name in "${backends[@]}"; do
	expect "ping/$name" "up OK: echo reply"
done

# Others ping, too: their replies are not ours, nor ours theirs.
in_host lb ping -qc 3 -i 0.2 "$net4.13" | grep -q '3 received' || die "foreign pings got lost"
in_host b3 sysctl -qw net.ipv4.icmp_echo_ignore_all=1
expect ping/b3 "down L3TOUT: no echo reply within ${pace%ms} ms"
stop dns-b1
expect dns/b1 "down L4CON: connection refused"
serve_dns b1
expect dns/b1 "up OK: dns NOERROR, answers: 1"
in_host b3 sysctl -qw net.ipv4.icmp_echo_ignore_all=0
expect ping/b3 "up OK: echo reply"

# A prober that is killed is replaced, sockets and all.
before=$(shunt --json status | jq .data.daemon.prober_pid)
kill -KILL "$before"
wait_for 5 said shuntd 'starting it again'
checks=$(metric 'shunt_health_checks_total\{service="ping",backend="b1".*result="passed"')
more_checks()
{
	[[ $(metric 'shunt_health_checks_total\{service="ping",backend="b1".*result="passed"') -gt $checks ]]
}
wait_for 5 more_checks
