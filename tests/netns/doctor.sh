#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# shunt doctor: a host that is well has no faults; each that is made here is found, with
# the remedy, and is gone when that was done. Receive offload has a test of its own, lro.
. "$(dirname "$0")/lib.sh"

# Its answer goes to $work/doctor, its exit status to $status.
examine()
{
	status=0
	in_host lb "$build/shunt" --socket "$socket" doctor --json >"$work/doctor" || status=$?
}

# found GRADE ABOUT PATTERN
found()
{
	jq -e --arg grade "$1" --arg about "$2" --arg what "$3" \
		'.data.findings | any(.grade == $grade and .about == $about and
			(.what | test($what)))' "$work/doctor" >/dev/null
}

expect_found()
{
	found "$@" || die "not found: $*; but: $(jq -c .data.findings "$work/doctor")"
}

expect_not_found()
{
	! found "$@" || die "found: $*"
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
examine
want "exit status of a host that is well" 0 "$status"
want "faults of a host that is well" 0 \
	"$(jq '[.data.findings[] | select(.grade == "fault")] | length' "$work/doctor")"

# The slow mode; a tunnel to three hosts, of which one takes nothing out, and to one that
# is not there; and ports of the pool that are Linux's as well.
ip -n lb addr add 10.1.0.77/24 dev eth0
for name in b2 b3; do
	take_headers_off "$name"
done
interfaces="eth0: { mode: generic }"
forward=ipip
{
	echo 'nat: { pool: [10.1.0.77], ports: 30000-40000 }'
	web_service
	echo '      - { name: gone, address: 10.1.0.99 }'
} | write_conf
shunt reload
examine
want "exit status with faults" 3 "$status"
expect_found fault eth0 "generic mode"
expect_found fault web/b1 "10.1.0.11 refuses packets in ipip"
expect_found fault web/b1 "2001:db8:1::11 refuses packets in ipip"
expect_found fault web/gone "nobody says who 10.1.0.99 is"
expect_found warning web "IPv4 packets of 1500 bytes are 1520"
expect_found warning web "IPv6 packets of 1500 bytes are 1540"
expect_found warning nat "30000-40000 overlap"
expect_not_found fault web/b2 refuses
say "$(in_host lb "$build/shunt" --socket "$socket" doctor || true)"

# Of another network namespace it would tell nothing true.
! shunt doctor 2>"$work/elsewhere" || die "it judges a host that it does not see"
grep -q 'nsenter -t [0-9]* -n' "$work/elsewhere" || die "$(<"$work/elsewhere")"

# As it says.
take_headers_off b1
in_host lb sysctl -qw net.ipv4.ip_local_port_range="40001 65535"
interfaces="eth0: { mode: native }"
{
	echo 'nat: { pool: [10.1.0.77], ports: 30000-40000 }'
	web_service | sed 's/^    forward: ipip/&\n    mss: 1400/'
} | write_conf
shunt reload
examine
want "exit status when all was mended" 0 "$status"
expect_not_found warning web bytes
expect_not_found warning nat overlap

# A tunnel of the other kind.
web_service | sed 's/^    forward: ipip/    forward: gue/' | write_conf
shunt reload
examine
expect_found fault web/b1 "10.1.0.11 refuses packets in gue"
