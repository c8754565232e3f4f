#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A first start knows all its backends before it takes packets, whatever time their checks
# have been given in the first round; but it does not wait for one that is silent for ever.
. "$(dirname "$0")/lib.sh"

# crowd N [silent]: so many backends, of which the last one is asked half a second after the
# first; and one that nobody is.
crowd()
{
	local i

	cat <<-EOT
	services:
	  crowd:
	    vip: $vip4
	    ports: [80/tcp]
	    forward: nat
	    check: { type: tcp, port: 80, interval: 2s, timeout: 2s }
	    backends:
	EOT
	for ((i = 0; i < $1; i++)); do
		say "      - { name: x$i, address: $net4.11, port: $((8000 + i)) }"
	done
	[[ -z ${2:-} ]] || say "      - { name: silent, address: $net4.99 }"
}

one_armed_direct
crowd 400 | write_conf
start_shuntd
want "backends that are up" 400 "$(shunt --json backend list crowd |
	jq '[.data.services[0].backends[] | select(.check.state == "up")] | length')"
[[ ! $(shunt) =~ transition ]] || die "slots are in transition at rest: $(shunt)"

take_off
crowd 3 silent | write_conf
begin=$(now_ms)
start_shuntd
took=$(($(now_ms) - begin))
say "ready with a silent one after $took ms"
[[ $took -lt $((2000 * scale)) ]] || die "a silent backend keeps the others from service"
[[ $(shunt) =~ 3/4 ]] || die "the others are not up: $(shunt)"
