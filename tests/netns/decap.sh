#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The life of shunt-decap on backends: who is refused, another --from under load,
# another's program, generic mode, interfaces that come and go, and nothing left.
# limit: 120 s
. "$(dirname "$0")/lib.sh"
. "$here/tunnels.bash"

lb_sources=10.1.0.1,2001:db8:1::1
forward=ipip

# said_no CODE PATTERN COMMAND...: it has to fail so, and say why.
said_no()
{
	local code=0

	"${@:3}" >"$work/no" 2>&1 || code=$?
	want "exit status of '${*:3}' ($(<"$work/no"))" "$1" "$code"
	grep -qE -- "$2" "$work/no" || die "'${*:3}' does not say '$2': $(<"$work/no")"
}

shown()
{
	decap "$1" show eth0 | head -n 1
}

no_state_is_left()
{
	! compgen -G '/sys/fs/bpf/decap-*' || die "something is left on bpffs"
}

check_usage()
{
	said_no 2 '--from.*--from 192' decap b1 attach eth0
	said_no 2 'did you mean 10.1.0.0/16' decap b1 attach eth0 --from 10.1.0.1/16
	said_no 2 'native or generic' decap b1 attach eth0 --from 10.1.0.1 --mode auto
	said_no 2 '1 to 65535' decap b1 attach eth0 --from 10.1.0.1 --gue-port 65536
	said_no 2 'are for attach' decap b1 show eth0 --gue-port 6080
	said_no 1 'interface eth7' decap b1 attach eth7 --from 10.1.0.1
	said_no 3 'not attached' decap b1 detach eth0
	said_no 1 'not on bpffs' in_host b1 "$build/shunt-decap" attach eth0 --from 10.1.0.1 \
		--pin-dir "$work/pins"
	no_state_is_left
}

# Until a request has met b1; those who get another backend are answered.
a_request_was_refused()
{
	in_host client curl -fs -m 0.3 -o /dev/null "http://$vip4/" || true
	[[ $(decap_count b1 refused_source) -gt 0 ]]
}

# Only what the balancer sends is taken; what others send is dropped and counted.
check_refused()
{
	local taken

	decap b1 attach eth0 --from 10.9.0.0/16,2001:db8:9::/48
	taken=$(decap_count b1 4in4)
	wait_for 10 a_request_was_refused
	want "packets taken from a refused source" "$taken" "$(decap_count b1 4in4)"
	decap b1 attach eth0 --from "$lb_sources"
	wait_for 5 every_backend_answers "$vip4"
}

# A new --from under load: the program is another, the counters go on, no request fails.
check_replaced()
{
	local program counted i

	program=$(program_on b1 eth0)
	counted=$(decap_count b1 4in4)
	start_load "$vip4" "$vip6"
	for ((i = 1; i <= 20; i++)); do
		decap b1 attach eth0 --from "10.7.$i.0/24,$lb_sources"
		[[ $(shown b1) == *"10.7.$i.0/24"* ]] || die "shows another --from: $(shown b1)"
		[[ $(program_on b1 eth0) != "$program" ]] || die "the program was not replaced"
		program=$(program_on b1 eth0)
	done
	end_load
	[[ $(decap_count b1 4in4) -gt $counted ]] || die "the counters began again"
	want "folders on bpffs" eth0 "$(ls /sys/fs/bpf/decap-b1)"
	decap b1 attach eth0 --from "$lb_sources"
	said_no 1 'detach eth0 first' decap b1 attach eth0 --from "$lb_sources" --mode generic
}

# With a port for it GUE is taken, too, and no longer when none is named.
check_gue()
{
	local name taken

	for name in "${backends[@]}"; do
		decap "$name" attach eth0 --from "$lb_sources" --gue-port 6081
		[[ $(shown "$name") == *"GUE to port 6081"* ]] || die "shows: $(shown "$name")"
	done
	web_service | sed 's/forward: ipip/&\n    gue_port: 6081/; s/ipip/gue/' | write_conf
	shunt reload
	wait_for 5 every_backend_answers "$vip4"
	wait_for 5 every_backend_answers "$vip6"
	transfer "$vip6" 5
	for name in "${backends[@]}"; do
		[[ $(decap_count "$name" gue) -gt 0 ]] || die "$name took nothing out of UDP"
	done
	decap b1 attach eth0 --from "$lb_sources"
	[[ $(shown b1) != *GUE* ]] || die "shows: $(shown b1)"
	taken=$(decap_count b1 gue)
	wait_for 10 a_request_met_nobody
	want "packets taken out of UDP" "$taken" "$(decap_count b1 gue)"
	web_service | write_conf
	shunt reload
	wait_for 5 every_backend_answers "$vip4"
}

a_request_met_nobody()
{
	! in_host client curl -fs -m 0.3 -o /dev/null "http://$vip4/"
}

# One that is there stays, and so does ours when it comes second.
check_other_program()
{
	local theirs

	decap b2 detach eth0
	ip -n b2 link set eth0 xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
	theirs=$(program_on b2 eth0)
	said_no 1 'XDP program [0-9]+ \(pass\) is there' decap b2 attach eth0 --from "$lb_sources"
	said_no 3 'not attached' decap b2 detach eth0
	want "the program that was there" "$theirs" "$(program_on b2 eth0)"
	ip -n b2 link set eth0 xdpdrv off
	decap b2 attach eth0 --from "$lb_sources"
	theirs=$(program_on b2 eth0)
	! ip -n b2 link set eth0 xdpdrv off 2>/dev/null || die "ip took it off"
	want "shunt-decap's own" "$theirs" "$(program_on b2 eth0)"
}

# The state of one network namespace is not that of another.
check_other_namespace()
{
	said_no 1 'another network namespace' in_host b2 "$build/shunt-decap" attach eth0 \
		--from "$lb_sources" --pin-dir /sys/fs/bpf/decap-b1
	said_no 1 'another network namespace' in_host b2 "$build/shunt-decap" detach eth0 \
		--pin-dir /sys/fs/bpf/decap-b1
	[[ $(program_on b1 eth0) ]] || die "it went from b1"
}

check_generic()
{
	decap b3 detach eth0
	decap b3 attach eth0 --from "$lb_sources" --mode generic
	[[ $(shown b3) == "eth0: generic mode"* ]] || die "not in generic mode: $(shown b3)"
	wait_for 5 every_backend_answers "$vip4"
	wait_for 5 every_backend_answers "$vip6"
	[[ $(decap_count b3 4in4) -gt 0 ]] || die "nothing was taken out in generic mode"
}

# An interface takes its program with it; one of the same name is another. bpffs
# takes no dots in names, interfaces do.
check_interfaces()
{
	ip -n b1 link add spare.7 type veth peer name other
	decap b1 attach spare.7 --from 10.1.0.1
	ip -n b1 link del spare.7
	[[ $(decap b1 show spare.7) == "spare.7: not attached, the interface has gone"* ]] ||
		die "a lost interface is shown as: $(decap b1 show spare.7 | head -n 1)"
	ip -n b1 link add spare.7 type veth peer name other
	decap b1 attach spare.7 --from 10.1.0.1
	[[ $(decap b1 show | grep -c ' mode,') == 2 ]] || die "not both interfaces are shown"
	ip -n b1 link del spare.7
	decap b1 detach spare.7
}

check_nothing_left()
{
	local name

	for name in "${backends[@]}"; do
		decap "$name" detach eth0
		want "program on $name" "" "$(program_on "$name" eth0)"
		said_no 3 'attached nowhere' decap "$name" show
	done
	no_state_is_left
}

one_armed
for name in "${backends[@]}"; do
	serve_vip "$name" "$vip4" "$vip6"
	leave_room "$name"
done
check_usage
for name in "${backends[@]}"; do
	take_headers_off "$name"
done
start_backends
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"
transfer "$vip4" 5
transfer "$vip6" 5

check_refused
check_replaced
check_gue
check_other_program
check_other_namespace
check_generic
check_interfaces
check_nothing_left
