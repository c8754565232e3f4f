#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A service outgrows its block of ids: all its backends get others. No connection
# notices, slots in transition or not, and no packet is counted twice or forgotten.
. "$(dirname "$0")/lib.sh"

# more_backends N: they have members of the block, but no slots.
more_backends()
{
	local i

	for ((i = 1; i <= $1; i++)); do
		echo "      - { name: more$i, address: $net4.$((100 + i)), weight: 0, check: { type: none } }"
	done
}

# reload_with: the config on stdin; it has to be taken.
reload_with()
{
	write_conf
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	say "reload: $(tail -n 2 "$work/reload" | xargs)"
}

ids()
{
	shunt backend list web --json | jq -c '[.data.services[0].backends[] | select(.name | test("^b")) | .id]'
}

# With one service: every packet that was forwarded is one of the service.
check_counts()
{
	local forwarded counted

	counted=$(metric 'shunt_service_packets_total\{service="web"')
	forwarded=$(metric 'shunt_packets_total\{reason="(forwarded|redirected)"')
	say "$1: $counted packets of the service, $forwarded were forwarded"
	[[ $forwarded -gt 0 ]] || die "no packet is said to be forwarded"
	want "packets of the service, $1" "$forwarded" "$counted"
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"
start_load "$vip4" "$vip6"
before=$(ids)
lines=$(log_lines shuntd)
{ web_service; more_backends 60; } | reload_with
grep -q 'backends +60 -0' "$work/reload" || die "what was done is not told: $(<"$work/reload")"
! said shuntd 'maps replaced' "$lines" || die "the maps were replaced"
after=$(ids)
say "ids of b1 to b3: $before, then $after"
[[ $before != "$after" ]] || die "the block was not outgrown"
end_load
check_counts "after it was outgrown"

# Again, with slots in transition, and with a backend that goes at the same time.
start_load "$vip4" "$vip6"
shunt backend drain web/b1 >/dev/null
{ web_service; more_backends 140; } | reload_with
[[ $after != "$(ids)" ]] || die "the block was not outgrown"
wait_for 5 only_answers "$vip4" "b2 b3"
shunt backend enable web/b1 >/dev/null
end_load
check_counts "after another time"
start_load "$vip4" "$vip6" --sessions 0
{ web_service | grep -v 'name: b3'; more_backends 150; } | reload_with
stop load
{ web_service | grep -v 'name: b3'; more_backends 151 | sed 1d; } | reload_with
check_counts "after a backend has gone"
start_load "$vip4" "$vip6"
stop_shuntd
start_shuntd
end_load
check_counts "after a restart"
stop_shuntd
