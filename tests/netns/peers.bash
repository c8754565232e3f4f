# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Two balancers that share connections: lb and lb2, both between client and servers.

vip_nat=192.0.2.81
vip_direct=192.0.2.82
vip_turn=192.0.2.83
gateway=10.2.0.9	# of the servers: of whichever balancer is active
secret=$work/secret

# The hosts of nat.bash, another balancer beside the first, and a client on the servers' link.
peers_hosts()
{
	local name

	nat_hosts
	ip -n lb address add "$gateway/24" dev back
	add_host lb2
	plug lb2 front front 10.1.0.4/24 2001:db8:1::4/64
	plug lb2 back back "$net4.4/24" "${net6}:4/64"
	xdp_cable lb2 front front
	xdp_cable lb2 back back
	add_host client2
	plug client2 eth0 back "$net4.2/24"
	ip -n client route add "$vip_nat" via 10.1.0.1
	ip -n client2 route add "$vip_direct" via "$net4.1"
	ip -n client2 route add "$vip_turn" via "$net4.1"
	for name in "${backends[@]}"; do
		ip -n "$name" route add 10.1.0.0/24 via "$gateway"
		serve_vip "$name" "$vip_direct" "$vip_turn"
	done
	start_talk_servers
}

# peers_conf HOST PEERS [WEIGHT]: the config of a balancer: ha.peers but for the secret, and
# what b1 of direct weighs
peers_conf()
{
	cat <<-EOT
	version: 1
	daemon:
	  control: { socket: $work/$1.sock }
	  state_dir: $work/state-$1
	  metrics: { listen: "127.0.0.1:9924" }
	interfaces: { $interfaces }
	dataplane: { flow_early: 1s, flow_idle: 10s, hash_key: 000102030405060708090a0b0c0d0e0f }
	nat: { pool: [$pool4, "$pool6"], connections: 4000 }
	ha:
	  peers: { $2, key_file: $secret }
	services:
	  talk: { $(talk_of "\"$vip4\", \"$vip6\"" fullnat) }
	  nat: { $(talk_of "$vip_nat" nat) }
	  direct: { $(talk_of "$vip_direct" direct | sed "s/name: b1/& , weight: ${3:-100}/") }
	  turn: { scheduler: round_robin, $(talk_of "$vip_turn" direct) }
	EOT
}

# talk_of VIPS FORWARD
talk_of()
{
	local name n=0

	printf 'vip: [%s], ports: [%s/tcp], forward: %s, check: { type: none }, backends: [' \
		"$1" "$talk_port" "$2"
	for name in "${backends[@]}"; do
		n=$((n + 1))
		printf '{ name: %s, id: %s, address: %s' "$name" "$n" "$net4.$((10 + n))"
		[[ $2 == nat || $2 == direct ]] || printf ', address6: "%s"' "$net6:$((10 + n))"
		printf ' }, '
	done
	printf ']'
}

# balancer HOST: start its shuntd
balancer()
{
	start_balancer "$1"
	await_balancer "$1"
}

start_balancer()
{
	start "shuntd-$1" "$1" "$build/shuntd" --config "$work/$1.yaml" --pin-dir "/sys/fs/bpf/$1"
}

await_balancer()
{
	wait_for 20 said "shuntd-$1" 'ready:'
}

ctl()
{
	"$build/shunt" --socket "$work/$1.sock" "${@:2}"
}

# peer_number HOST PATH: of show peers
peer_number()
{
	ctl "$1" show peers --json | jq -r ".data.$2"
}

peer_number_is()
{
	test "$(peer_number "$1" "$2")" "$3" "$4"
}

hears_peer()
{
	[[ $(peer_number "$1" 'peers | any(.heard)') == true ]]
}

hears_nobody()
{
	! hears_peer "$1"
}
