#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# UDP: a datagram service on one port, and one on every port of an address.
. "$(dirname "$0")/lib.sh"

any4=192.0.2.90
any6=2001:db8::90

# asked VIP PORT: two hundred questions; all answered, by every backend.
asked()
{
	local tally

	tally=$(in_host client "$python" "$here/udp_name.py" ask "$1" "$2" 200)
	say "$1 port $2: $(xargs <<<"$tally")"
	want "backends of $1" "${backends[*]}" "$(awk '{ print $1 }' <<<"$tally" | xargs)"
}

one_armed
route_to client 10.1.0.1 2001:db8:1::1 "$any4" "$any6"
for name in "${backends[@]}"; do
	serve_vip "$name" "$vip4" "$vip6" "$any4" "$any6"
	start "udp-$name" "$name" "$python" "$here/udp_name.py" serve "$name" 53 4000
done
for name in "${backends[@]}"; do
	wait_for 5 said "udp-$name" serving
done
write_conf <<EOT
services:
  dns:
    vip: [$vip4, "$vip6"]
    ports: [53/udp]
    forward: direct
    check: { type: none }
    backends:
$(backend_list "4 6")
  any:
    vip: [$any4, "$any6"]
    ports: [any/udp]
    forward: direct
    check: { type: none }
    backends:
$(backend_list "4 6")
EOT
start_shuntd

asked "$vip4" 53
asked "$vip6" 53
asked "$any4" 4000
asked "$any6" 53

# A port that no service has is not ours: the stack of the balancer answers.
! in_host client "$python" "$here/udp_name.py" ask "$vip4" 4000 1 2>/dev/null ||
	die "a port without a service was forwarded"
