#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# limit: 180 s
# Who gets a new connection: in turn, by load, by the client's address, by what a
# client had before; and nobody more than he may have.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/talks.bash"

turn=192.0.2.101
least=192.0.2.102
by_source=192.0.2.103
sticky=192.0.2.104
limited=192.0.2.105
drawn=192.0.2.106
vips=("$turn" "$least" "$by_source" "$sticky" "$limited" "$drawn")
backends=(b1 b2 b3 b4 b5 b6 b7 b8 b9 b10)

# The first N backends, with weights if they are given.
list_backends()
{
	local n=$1 i

	for ((i = 1; i <= n; i++)); do
		printf '      - { name: b%s, address: %s.%s%s }\n' "$i" "$net4" "$((10 + i))" \
			"${2:+, weight: $(cut -d: -f"$i" <<<"$2")}"
	done
}

# service NAME VIP PORT KEYS BACKENDS [WEIGHTS]
service()
{
	cat <<-EOT
	  $1:
	    vip: [$2]
	    ports: [$3/tcp]
	    forward: direct
	    $4
	    check: { type: none }
	    backends:
	$(list_backends "$5" "${6:-}")
	EOT
}

# within PERCENT WANTED ACTUAL
within()
{
	awk -v p="$1" -v w="$2" -v a="$3" 'BEGIN { exit !(a >= w * (1 - p / 100) && a <= w * (1 + p / 100)) }'
}

# Connections that a backend has at the moment, by its own count.
connections_of()
{
	in_host "$1" ss -tnH state established "sport = :$talk_port" | wc -l
}

# The greatest of all backends over the mean, in per mille.
imbalance()
{
	local name

	for name in "${backends[@]}"; do
		connections_of "$name"
	done | awk '{ sum += $1; if ($1 > most) most = $1 } END { printf "%d", most * 1000 * NR / sum }'
}

# The balancer's count of each server's connections is what the server itself counts, or
# nearly: connections end between one look and the other.
check_counts()
{
	local name count

	while read -r name count; do
		within 10 "$(connections_of "$name")" "$count" ||
			die "$name: shunt counts $count connections, the server $(connections_of "$name")"
	done < <(shunt backend list least --json |
		jq -r '.data.services[0].backends[] | "\(.name) \(.connections.now)"')
}

one_armed
for i in $(seq 3 40); do
	echo "addr add 10.1.0.$((100 + i))/24 dev eth0"
done | ip -n client -batch -
for name in "${backends[@]}"; do
	serve_vip "$name" "${vips[@]}"
	start "talk-$name" "$name" "$build/tests/talk_server" "$name" "$talk_port"
done
route_to client 10.1.0.1 2001:db8:1::1 "${vips[@]}"
start_backends
write_conf <<EOT
services:
$(service turn "$turn" 80 "scheduler: round_robin" 3 10:5:3)
$(service least "$least" "$talk_port" "scheduler: least_conn" 10)
$(service source "$by_source" 80 "scheduler: source" 3)
$(service sticky "$sticky" 80 $'scheduler: round_robin\n    affinity: 60s' 3)
$(service limited "$limited" "$talk_port" "max_connections: 5" 3)
$(service drawn "$drawn" 80 "scheduler: random" 2 3:1)
EOT
start_shuntd

# In turn: 9 000 connections by weights of 10, 5 and 3, to one in a hundred.
tally "$turn" 9000 >"$work/turn"
say "round_robin: $(xargs <"$work/turn")"
while read -r name count; do
	declare -A share=([b1]=5000 [b2]=2500 [b3]=1500)
	within 1 "${share[$name]}" "$count" || die "round_robin: $name got $count of ${share[$name]}"
done <"$work/turn"

# By chance: about three quarters.
tally "$drawn" 2000 >"$work/drawn"
say "random: $(xargs <"$work/drawn")"
within 10 1500 "$(awk '$1 == "b1" { print $2 }' "$work/drawn")" || die "random: not by weight"

# By the client's address alone: one of them has one server; many have all.
want "servers of one client" 1 "$(tally "$by_source" 100 | wc -l)"
for i in $(seq 103 140); do
	in_host client curl -fsS -m $((2 * scale)) --interface "10.1.0.$i" "http://$by_source/"
done | sort | uniq -c >"$work/source"
want "servers of 38 clients" 3 "$(wc -l <"$work/source")"

# Whoever was dealt to a server comes back to it; another client goes elsewhere.
want "servers of a client with affinity" 1 "$(tally "$sticky" 100 | wc -l)"
for i in $(seq 103 108); do
	in_host client curl -fsS -m $((2 * scale)) --interface "10.1.0.$i" "http://$sticky/"
done | sort | uniq -c >"$work/sticky"
want "servers of six clients" 3 "$(wc -l <"$work/sticky")"

# The flow cache says how many it remembers, and of whom: flows, or clients.
want "clients that are remembered" "7 clients" "$(shunt show connections sticky --json |
	jq -r '.data.flows | "\([.[].flows] | add) \(.[0].of)"')"
shunt show connections turn >"$work/kept"
grep -q '^turn/b1  *flows  *[1-9]' "$work/kept" || die "no flows are shown: $(<"$work/kept")"

# Never more than five each: of 40 connections 15 come to be, and 15 more when they end.
want "connections to three servers of five" 15 "$(hold "$limited" "$talk_port" 40)"
[[ $(reason_count over_limit) -ge 25 ]] || die "those that nobody took were not counted"
fifteen_again()
{
	[[ $(hold "$limited" "$talk_port" 15) == 15 ]]
}
wait_for 10 fifteen_again

# By load: connections of ten seconds, and none has more than a tenth above the mean.
start_talk "$least=1000/1000/10000"
sleep $((12 * scale))
for i in 1 2 3 4 5; do
	sleep 1
	now=$(imbalance)
	say "least_conn: the most of a server is $now per mille of the mean"
	[[ $now -lt 1100 ]] || die "least_conn: $now per mille"
	check_counts
done
fetch_report
want "broken connections" 0 "$(reported broken)"
