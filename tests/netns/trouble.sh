#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong around the daemon while it runs under load: reloads that fail
# half way, a full disk, lost files, interfaces that go. It says so, no request
# fails, and it recovers by itself.
. "$(dirname "$0")/lib.sh"

# refused_reload WHY: the config must not be taken, and what runs stays.
refused_reload()
{
	local code=0

	shunt reload >"$work/reload" 2>&1 || code=$?
	[[ $code != 0 ]] || die "$1: reload was taken"
	say "$1: $(head -n 1 "$work/reload")"
	curl_metrics 9924 || die "$1: no metrics any more"
}

curl_metrics()
{
	in_host lb curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$1/metrics"
}

move_exporter()
{
	sed -i "s/127.0.0.1:[0-9]*/127.0.0.1:$1/" "$conf"
}

is_attached()
{
	[[ -n $(program_on lb "$1") ]]
}

fill_state_dir()
{
	# A little less at a time, until nothing fits.
	head -c 1M /dev/zero >"$state_dir/fill" 2>/dev/null || true
	head -c 1 /dev/zero >>"$state_dir/fill" 2>/dev/null || true
}

one_armed_direct
add_fabric other
plug lb eth1 other 10.2.0.1/24
mkdir -p "$state_dir"
mount -t tmpfs -o size=64k tmpfs "$state_dir"
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
start_load "$vip4" "$vip6"

# --- reloads that fail half way ---------------------------------------------------

start squatter lb "$python" -m http.server --bind 127.0.0.1 9925
wait_for 5 in_host lb curl -s -o /dev/null http://127.0.0.1:9925/
move_exporter 9925
refused_reload "the exporter's port is taken"
stop squatter
shunt reload >/dev/null || die "the port is free, but the reload is refused"
wait_for 5 curl_metrics 9925
move_exporter 9924
shunt reload >/dev/null || die "the exporter does not move back"
wait_for 5 curl_metrics 9924

ip -n lb link set eth1 xdpdrv obj "$build/tests/pass.bpf.o" sec xdp
add_fabric third
plug lb eth2 third 10.3.0.1/24
interfaces='eth0: { mode: native }, eth2: { mode: native }, eth1: { mode: native }'
web_service | write_conf
refused_reload "an interface is not free"
want "program of an interface that was tried in vain" "" "$(program_on lb eth2)"
interfaces='eth0: { mode: native }, eth7: { mode: native }'
web_service | write_conf
refused_reload "an interface is not there"
interfaces='eth0: { mode: native }'
rm "$conf"
refused_reload "there is no config"
mkdir "$conf"
refused_reload "the config is a directory"
rmdir "$conf"
ip -n lb link set eth1 xdpdrv off
end_load

# --- a full disk -------------------------------------------------------------------

web_service | write_conf
shunt reload >/dev/null
fill_state_dir
shunt backend drain web/b1 >/dev/null || die "a full disk keeps a backend from being drained"
wait_for 5 only_answers "$vip4" "b2 b3"
said shuntd 'error: write the state' || die "it does not say that the disk is full"
wait_for 5 only_answers "$vip4" "b2 b3"
want "lines about the full disk" 1 "$(grep -c 'error: write the state' "$(log_of shuntd)")"
rm "$state_dir/fill"
wait_for 5 said shuntd 'the state is written to .* again'
grep -q drain "$state_dir/state.json" || die "the state does not know of the drain"
shunt backend enable web/b1 >/dev/null
wait_for 5 every_backend_answers "$vip4"

# --- lost files ----------------------------------------------------------------------

start_load "$vip4" "$vip6"
rm -r /sys/fs/bpf/shunt
{ web_service; web_service | sed '1d; s/web:/more:/; s/\.80,/.81,/; s/::80"/::81"/; s/direct/ipip/'; } | write_conf
shunt reload >"$work/reload" 2>&1 || die "without pins: $(<"$work/reload")"
[[ $(echo /sys/fs/bpf/shunt/v[0-9]*/shunt_slots) == *v[0-9]/shunt_slots ]] || die "the maps were not pinned again"
for damage in 'rm' 'truncate -s 100'; do
	stop shuntd KILL
	$damage "$state_dir/state.json"
	start_shuntd
	said shuntd 'the state of a former daemon is not in' || die "after $damage it does not say what is lost"
	want "answers after $damage" "b1 b2 b3" "$(who_answers "$vip4")"
done
end_load

# --- interfaces that go ----------------------------------------------------------------

ip -n lb link set eth0 down
ip -n lb link set eth0 up
wait_for 5 every_backend_answers "$vip4"
ip -n lb link del eth0
wait_for 5 said shuntd 'eth0: the interface has gone'
want "it says it is not attached" 0 "$(metric 'shunt_interface_xdp_attached\{interface="eth0"')"
plug lb eth0 lan 10.1.0.1/24 2001:db8:1::1/64
xdp_cable lb eth0 lan
wait_for 5 is_attached eth0
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"
ip -n lb link set eth0 xdpdrv off
wait_for 5 said shuntd 'eth0: the XDP program has gone'
wait_for 5 every_backend_answers "$vip4"

# An interface that the config has lost while nobody ran.
interfaces='eth0: { mode: native }, eth1: { mode: native }'
web_service | write_conf
shunt reload >/dev/null
is_attached eth1 || die "eth1 has no program"
stop shuntd KILL
interfaces='eth0: { mode: native }'
web_service | write_conf
start_shuntd
! is_attached eth1 || die "eth1 still has the program of the former daemon"

# --- a second daemon, with all its own but the pins --------------------------------------

sed "s#$state_dir#$work/state2#; s#$socket#$work/other.sock#; s/9924/9926/" "$conf" >"$work/other.yaml"
run_refused "$build/shuntd" --config "$work/other.yaml"
want "exit status of a second daemon" 4 "$status"
said refused 'another shuntd is running: it holds /sys/fs/bpf/shunt' || die "it does not say why"
every_backend_answers "$vip4" || die "the second daemon did harm"
stop_shuntd

# A port that is taken is not a daemon that is running. Who cannot start leaves what
# a former daemon has left to go on, and leaves nothing himself.
program=$(program_on lb eth0)
start squatter lb "$python" -m http.server --bind 127.0.0.1 9924
wait_for 5 in_host lb curl -s -o /dev/null http://127.0.0.1:9924/
run_refused "$build/shuntd" --config "$conf"
want "exit status without a port" 1 "$status"
want "the program of the former daemon" "$program" "$(program_on lb eth0)"
every_backend_answers "$vip4" || die "a daemon that cannot start did harm"
in_host lb "$build/shuntd" --config "$conf" --detach
run_refused "$build/shuntd" --config "$conf"
want "exit status without a port" 1 "$status"
! is_attached eth0 || die "it left its program"
[[ ! -e /sys/fs/bpf/shunt ]] || die "it left its pins"
