#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# shunt explain says where a connection would go, and there it goes; asking counts nothing.
. "$(dirname "$0")/lib.sh"

# explain ARGUMENT...: the answer's data as JSON.
explain()
{
	shunt --json explain "$@" | jq -ec '.data'
}

# expect_same PORT ADDRESS VIP [PREFIX...]: who is said to get it gets it.
expect_same()
{
	local said got host vip_end source

	host=$(url_host "$3")
	vip_end=$host:80
	source=$(url_host "$2"):$1
	said=$(explain tcp "$source" "$vip_end" --syn | jq -r .backend.name)
	got=$(in_host client curl -gfsS -m 2 --local-port "$1" "http://$host/")
	want "who gets $source" "$said" "$got"
}

packets()
{
	metric 'shunt_(packets_total[{].*reason="forwarded"|backend_packets_total)'
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
client4=$(in_host client ip -j -4 addr show dev eth0 | jq -r '.[0].addr_info[0].local')
client6=$(in_host client ip -j -6 addr show dev eth0 scope global | jq -r '.[0].addr_info[0].local')

for port in 20001 20002 20003 20004; do
	expect_same "$port" "$client4" "$vip4"
	expect_same "$((port + 100))" "$client6" "$vip6"
done

shunt explain tcp "$client4:20001" "$vip4:80"
shunt explain tcp "$client4:20001" "$vip4:80" | grep -q 'owner b[123]' || die "nobody owns the slot"
want "what becomes of a packet to no service" NOT_SERVICE \
	"$(explain udp "$client4:20001" "$vip4:80" | jq -r .result.reason)"

# A slot in transition: open connections stay where they are, new ones go elsewhere.
was=$(explain tcp "$client4:20001" "$vip4:80" | jq -r .backend.name)
shunt backend drain "web/$was"
want "why an open one stays" former \
	"$(explain tcp "$client4:20001" "$vip4:80" | jq -r .backend.why)"
want "who keeps it" "$was" "$(explain tcp "$client4:20001" "$vip4:80" | jq -r .backend.name)"
now=$(explain tcp "$client4:20001" "$vip4:80" --syn | jq -r .backend.name)
[[ $now != "$was" ]] || die "a new one goes to a backend that drains"
shunt backend enable "web/$was"

# Nothing but explain, and nothing is counted. What health checks get passes, uncounted here.
before=$(packets)
for port in 1 2 3; do
	explain tcp "$client4:$port" "$vip4:80" --syn >/dev/null
done
want "packets forwarded, and those of backends" "$before" "$(packets)"

begin=$(now_ms)
explain tcp "$client4:20001" "$vip4:80" >/dev/null
say "an answer took $(($(now_ms) - begin)) ms"

for words in "tcp $client4 $vip4:80" "sctp $client4:1 $vip4:80" "tcp $client4:1 [$vip6]:80" \
	     "udp $client4:1 $vip4:80 --syn"; do
	code=0
	# shellcheck disable=SC2086 # the words are arguments
	shunt explain $words 2>"$work/words" || code=$?
	want "exit status of explain $words" 2 "$code"
done
code=0
shunt explain tcp "$client4:1" "$vip4:80" eth7 2>"$work/words" || code=$?
want "exit status for an interface without shunt" 3 "$code"

# A client that goes away takes its copy of the daemon with it.
copies()
{
	pgrep -c -P "${pids[shuntd]}"
}
usual=$(copies)
shunt explain tcp "$client4:1" "$vip4:80" >/dev/null &
client=$!
kill -KILL "$client" 2>/dev/null || true
wait "$client" 2>/dev/null || true
none_left()
{
	[[ $(copies) == "$usual" ]]
}
wait_for 10 none_left
