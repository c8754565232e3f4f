#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What /metrics says is well formed and true.
. "$(dirname "$0")/lib.sh"

scrape()
{
	in_host lb curl -fsS http://127.0.0.1:9924/metrics
}

# Frames that the driver sent back for the program.
driver_tx()
{
	in_host lb ethtool -S eth0 | awk '$1 ~ /^rx_queue_[0-9]+_xdp_tx:$/ { sum += $2 } END { print sum + 0 }'
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

scrape >"$work/metrics"
promtool check metrics <"$work/metrics" || die "promtool is not content"
say "$(grep -c '^shunt_' "$work/metrics") series in $(grep -c '^# TYPE' "$work/metrics") families"
in_host lb curl -fsSI http://127.0.0.1:9924/metrics >"$work/head"
grep -qi 'content-type: text/plain; version=0.0.4' "$work/head" ||
	die "not the content type that Prometheus expects"

before=$(metric 'shunt_service_packets_total\{')
driver_before=$(driver_tx)
forwarded_before=$(reason_count forwarded)
tally "$vip4" 200 >/dev/null
tally "$vip6" 200 >/dev/null
service=$(($(metric 'shunt_service_packets_total\{') - before))
backend=$(metric 'shunt_backend_packets_total\{')
driver=$(($(driver_tx) - driver_before))
forwarded=$(($(reason_count forwarded) - forwarded_before))
say "400 requests: $service packets of the service, $forwarded forwarded, $driver sent by the driver"
want "forwarded by reason and by the driver" "$driver" "$forwarded"
want "forwarded by reason and by service" "$forwarded" "$service"
want "packets of the backends and of the service" "$(metric 'shunt_service_packets_total\{')" "$backend"
# SYN, ACK, request, at least one ACK of the end, each way of which we see one.
[[ $service -ge 1600 && $service -le 4000 ]] || die "400 requests are not $service packets"

want "XDP attached" 1 "$(metric 'shunt_interface_xdp_attached\{.*interface="eth0".*native')"
want "backends up" 3 "$(metric 'shunt_backend_up\{')"
want "service up" 1 "$(metric 'shunt_service_up\{')"
