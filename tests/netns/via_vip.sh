#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# Checks by `via: vip` take a client's way to each backend: who has the address, but
# does not serve the VIP, is found out. The balancer has no route to the VIPs, has strict
# reverse path filters, and may have a VIP itself. Nothing is left behind.
. "$(dirname "$0")/lib.sh"
. "$here/nat.bash"
net4=10.1.0			# not those of nat
net6=2001:db8:1:
interfaces='eth0: { mode: native }'

# state_of SERVICE/BACKEND
state_of()
{
	metric "shunt_backend_up\{service=\"${1%/*}\",backend=\"${1#*/}\""
}

is_up()
{
	[[ $(state_of "$1") == 1 ]]
}

is_down()
{
	[[ $(state_of "$1") == 0 ]]
}

all_up()
{
	local name

	for name in "${backends[@]}"; do
		is_up "$1/$name" || return 1
	done
}

# Twice as many checks as bring a backend down, of everybody, and nobody is.
all_pass()
{
	local from checks

	from=$(log_lines shuntd)
	checks=$(metric 'shunt_health_checks_total\{')
	wait_for 10 has_checked "$((checks + 6 * 2 * ${#backends[@]}))"
	! said shuntd '-> down' "$from" || die "down $1"
}

has_checked()
{
	[[ $(metric 'shunt_health_checks_total\{') -ge $1 ]]
}

# What tc has on the balancer's interface.
filters()
{
	in_host lb tc filter show dev eth0 "$1" | grep -c shunt_probe || true
}

has_filters()
{
	[[ $(filters egress) == 1 && $(filters ingress) == 1 ]]
}

has_no_tc()
{
	! in_host lb tc qdisc show dev eth0 | grep -q clsact
}

# write_services VIA [MORE]
write_services()
{
	write_conf <<-EOT
	services:
	  web4:
	    vip: [$vip4]
	    ports: [80/tcp]
	    forward: direct
	    check: { $quick_check, via: $1 }
	    backends:
	$(backend_list "4 6")
	  web6:
	    vip: ["$vip6"]
	    ports: [80/tcp]
	    forward: direct
	    check: { $quick_check, via: $1 }
	    backends:
	$(backend_list "4 6")
	${2:-}
	EOT
}

# Who listens at an address of its own, and who at all.
start_listeners()
{
	start own-b1 b1 "$python" -m http.server 8080 --bind "$net4.11"
	start any-b2 b2 "$python" -m http.server 8080 --bind 0.0.0.0
	start any-b3 b3 "$python" -m http.server 8080 --bind 0.0.0.0
	for n in 1 2 3; do
		wait_for 10 answers "b$n" "http://$net4.1$n:8080/"
	done
}

no_shuntd_runs()
{
	! grep -qsx 'shuntd.*' /proc/[0-9]*/comm
}

one_armed_direct
start_listeners
start_dns b1 "$vip4"
start_dns b2 "$net4.12"
start_dns b3 "$vip4,$net4.13"
in_host lb sysctl -qw net.ipv4.conf.{all,eth0}.rp_filter=1
write_services vip "
  alt:
    vip: [$vip4]
    ports: [8080/tcp]
    check: { type: tcp, interval: $pace, fast_interval: $pace, timeout: $pace, via: vip }
    backends:
$(backend_list 4)
  dns:
    vip: [$vip4]
    ports: [53/udp]
    check: { type: dns, name: who.example, qtype: TXT, interval: $pace, timeout: $pace, via: vip }
    backends:
$(backend_list 4)"
start_shuntd

wait_for 5 all_up web4
wait_for 5 all_up web6
has_filters || die "the programs are not on the interface"
wait_for 5 is_up alt/b2
wait_for 5 is_up alt/b3
wait_for 5 is_down alt/b1
wait_for 5 is_up dns/b1
wait_for 5 is_up dns/b3
wait_for 5 is_down dns/b2
shunt backend list alt | grep -q "connection refused" || die "it does not say why b1 is down"
# What checks send is no traffic of the service.
want "packets of the services" 0 "$(metric 'shunt_service_packets_total\{')"

# To the backend's address all is well with b1.
write_services backend "
  alt:
    vip: [$vip4]
    ports: [8080/tcp]
    check: { type: tcp, interval: $pace, fast_interval: $pace, down_interval: $pace, timeout: $pace }
    backends:
$(backend_list 4)"
shunt reload
wait_for 5 is_up alt/b1
has_no_tc || die "a reload has left something on the interface: $(in_host lb tc qdisc show dev eth0)"

write_services vip
shunt reload
wait_for 5 all_up web4
wait_for 5 has_filters
all_pass "by the VIP"

# A backend that loses the VIP, and nothing else.
ip -n b3 addr del "$vip4/32" dev lo
wait_for 5 is_down web4/b3
is_up web6/b3 || die "b3 is down for IPv6, too"
ip -n b3 addr add "$vip4/32" dev lo
wait_for 5 is_up web4/b3
ip -n b2 addr del "$vip6/128" dev lo
wait_for 5 is_down web6/b2
is_up web4/b2 || die "b2 is down for IPv4, too"
ip -n b2 addr add "$vip6/128" dev lo nodad noprefixroute
wait_for 5 all_up web6

# The balancer has the VIPs itself.
serve_vip lb "$vip4" "$vip6"
all_pass "while the balancer has the VIPs"
ip -n lb addr del "$vip4/32" dev lo
ip -n lb addr del "$vip6/128" dev lo

# Somebody takes the programs off.
in_host lb tc filter del dev eth0 egress
wait_for 5 said shuntd 'eth0: the program of checks .* attaching it again'
wait_for 5 has_filters
all_pass "after the programs were put back"

! said shuntd 'starting it again' || die "the prober died"

# A crash leaves them, the next daemon takes them over, and takes them off when it ends.
stop shuntd KILL
wait_for 5 no_shuntd_runs
has_filters || die "a crash took the programs off"
start_shuntd
wait_for 5 all_up web4
wait_for 5 has_filters
stop_shuntd
has_no_tc || die "a stop has left something on the interface: $(in_host lb tc qdisc show dev eth0)"

start_shuntd
wait_for 5 has_filters
stop shuntd KILL
wait_for 5 no_shuntd_runs
in_host lb "$build/shuntd" --config "$conf" --detach 2>"$work/detach" ||
	die "shuntd --detach: $(<"$work/detach")"
has_no_tc || die "--detach has left something on the interface"
! said shuntd 'starting it again' || die "the prober died"
