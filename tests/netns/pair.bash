# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# A pair of balancers, lb and lb2, with the same config, beside the backends on one lan.

declare -A part=([lb]=1 [lb2]=4)	# of their addresses

add_pair()
{
	local lb

	add_fabric lan
	for lb in lb lb2; do
		add_host "$lb"
		plug "$lb" eth0 lan "10.1.0.${part[$lb]}/24" "2001:db8:1::${part[$lb]}/64"
		xdp_cable "$lb" eth0 lan
	done
	add_backends lan
	for name in "${backends[@]}"; do
		serve_vip "$name" "$vip4" "$vip6"
	done
	start_backends
}

# write_pair HA [SERVICES]: the config of both, with that ha; web wants two backends.
write_pair()
{
	local lb

	for lb in lb lb2; do
		cat >"$work/$lb.yaml.new" <<-EOT
		version: 1
		daemon:
		  control: { socket: $work/$lb.sock }
		  state_dir: $work/state-$lb
		  metrics: { listen: "127.0.0.1:9924" }
		interfaces: { eth0: { mode: native } }
		dataplane: { hash_key: 000102030405060708090a0b0c0d0e0f }
		ha: { ${1//@/$lb} }
		services:
		  web:
		    vip: [$vip4, "$vip6"]
		    ports: [80/tcp]
		    min_healthy: 2
		    check: { type: http, path: /, interval: 1s, fast_interval: 500ms, timeout: 1s, fall: 5 }
		    backends:
		$(backend_list "4 6" | awk '{ sub(/{ /, "{ id: " NR ", "); print }')
		${2:-}
		EOT
		mv "$work/$lb.yaml.new" "$work/$lb.yaml"
	done
}

# balancer LB: start its shuntd
balancer()
{
	start "shuntd-$1" "$1" "$build/shuntd" --config "$work/$1.yaml" --pin-dir "/sys/fs/bpf/$1"
	wait_for 10 said "shuntd-$1" 'ready:'
}

# on LB ARGUMENT...: shunt
on()
{
	"$build/shunt" --socket "$work/$1.sock" "${@:2}"
}

# took MAX_MS COMMAND...: until it succeeds, in $ms, which is not more than that.
took()
{
	local max=$(($1 * scale)) begin

	begin=$(now_ms)
	until "${@:2}"; do
		ms=$(($(now_ms) - begin))
		[[ $ms -le $max ]] || die "not within $max ms: ${*:2}"
	done
	ms=$(($(now_ms) - begin))
}
