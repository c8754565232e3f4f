#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Services whose pools are alike share a table: each has answers, backends and
# counters of its own. One whose backend fails leaves the others, who do not notice,
# and comes back to them when all is as it was.
. "$(dirname "$0")/lib.sh"

declare -A vips=([web]=192.0.2.80 [two]=192.0.2.81 [three]=192.0.2.82)

# service NAME: its check asks for a file of its own.
service()
{
	cat <<-EOT
	  $1:
	    vip: ${vips[$1]}
	    ports: [80/tcp]
	    forward: direct
	    check: { ${quick_check/path: \//path: /$1} }
	    backends:
	$(backend_list 4)
	EOT
}

all_services()
{
	echo "dataplane: { flow_early: 1s, flow_idle: 1s }"
	echo "services:"
	service web
	service two
	service three
}

places()
{
	shunt show maps --json | jq -r '.data.tables.places'
}

places_are()
{
	[[ $(places) == "$1" ]]
}

# shared_by NAME: how many services share its table.
shared_by()
{
	shunt service show "$1" --json | jq -r '.data.service.sharing'
}

packets_of()
{
	metric "shunt_service_packets_total[{]service=\"$1\""
}

one_armed_direct
route_to client 10.1.0.1 2001:db8:1::1 "${vips[@]}"
for name in "${backends[@]}"; do
	serve_vip "$name" "${vips[two]}" "${vips[three]}"
	touch "$work/$name/www"/{web,two,three}
done
all_services | write_conf
start_shuntd
for vip in "${vips[@]}"; do
	wait_for 5 every_backend_answers "$vip"
done
wait_for 10 places_are 1
shunt show maps | grep '^tables:'
want "services that share the table of web" 3 "$(shared_by web)"

# Answers and counters are each service's own.
before=$(packets_of three)
web=$(packets_of web)
tally "${vips[three]}" 60 >/dev/null
[[ $(packets_of three) -gt $((before + 60 * 4)) ]] || die "packets of a service are not counted"
want "packets of another service" "$web" "$(packets_of web)"

# One leaves.
start_load "${vips[web]}"
rm "$work/b1/www/two"
wait_for 5 only_answers "${vips[two]}" "b2 b3"
wait_for 5 places_are 2
want "services that share the table of two" 1 "$(shared_by two)"
want "services that share the table of web" 2 "$(shared_by web)"
for name in web three; do
	every_backend_answers "${vips[$name]}" || die "what happened to two has happened to $name"
done

# It comes back, and after its slots have been in transition the table is one again.
touch "$work/b1/www/two"
wait_for 5 every_backend_answers "${vips[two]}"
wait_for 20 places_are 1
want "services that share the table of two" 3 "$(shared_by two)"
for name in "${!vips[@]}"; do
	every_backend_answers "${vips[$name]}" || die "not every backend of $name answers"
done
end_load

# The next daemon finds one table, too.
start_load "${vips[@]}"
stop shuntd KILL
start_shuntd
said shuntd adopted || die "the maps were not adopted"
places_are 1 || die "after a restart there are $(places) places"
shunt backend drain two/b3 >/dev/null
wait_for 5 places_are 2
shunt backend enable two/b3 >/dev/null
wait_for 20 places_are 1
end_load

# A server that dies is in all pools.
stop nginx-b2
for vip in "${vips[@]}"; do
	wait_for 5 only_answers "$vip" "b1 b3"
done
wait_for 20 places_are 1
