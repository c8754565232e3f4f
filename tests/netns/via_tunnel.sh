#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# Checks by `via: vip` of tunnelled services come in the outer headers that a client's
# packets have; a backend that does not take them off is down.
. "$(dirname "$0")/lib.sh"
. "$here/tunnels.bash"

all_up()
{
	[[ $(metric 'shunt_backend_up\{') == $((4 * ${#backends[@]})) ]]
}

is_down()
{
	[[ $(metric "shunt_backend_up\{service=\"$1\",backend=\"$2\"") == 0 ]]
}

# checked_service NAME VIP FAMILY FORWARD
checked_service()
{
	cat <<-EOT
	  $1:
	    vip: ["$2"]
	    ports: [80/tcp]
	    forward: $4
	    check: { $quick_check, via: vip }
	    backends:
	$(backend_list "$3")
	EOT
}

add_tunnel_hosts
for name in "${backends[@]}"; do
	take_headers_off "$name" --gue-port 6080
done
start_backends
{
	echo "services:"
	checked_service ipip4 "$vip_4in4" 4 ipip
	checked_service ipip6 "$vip_6in6" 6 ipip
	checked_service gue4 "$vip_4in6" 4 gue
	checked_service gue6 "$vip_6in4" 6 gue
} | write_conf
start_shuntd
wait_for 10 all_up
for name in "${backends[@]}"; do
	for kind in 4in4 6in6 gue; do
		[[ $(decap_count "$name" "$kind") -gt 0 ]] || die "$name saw no check in $kind"
	done
done
want "packets of the services" 0 "$(metric 'shunt_service_packets_total\{')"
for vip in "${vips[@]}"; do
	every_backend_answers "$vip" || die "clients of $vip are not served"
done

# It answers as before at its own address; but tunnelled packets end there.
decap b2 detach eth0
for service in ipip4 ipip6 gue4 gue6; do
	wait_for 5 is_down "$service" b2
done
answers lb "http://$net4.12/" || die "b2 does not answer at all"
