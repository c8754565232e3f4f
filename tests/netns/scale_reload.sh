#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# A thousand services of ten backends: time from start to ready, and what a reload that
# changes one of them costs the daemon: the least of some, because they are about the
# program, and not about what the machine does besides. Of a reload it is time on a
# processor.
# limit: 60 s
. "$(dirname "$0")/lib.sh"

max_ready_ms=$((3000 * scale))
max_reload_ms=$((50 * scale))

thousand_services()
{
	local s b

	echo "defaults: { check: { type: none }, forward: ipip }"
	echo "services:"
	for ((s = 0; s < 1000; s++)); do
		printf '  service%d:\n    vip: 198.18.%d.%d\n    ports: [80/tcp]\n    backends:\n' \
			"$s" $((s / 250)) $((s % 250 + 1))
		for ((b = 0; b < 10; b++)); do
			printf '      - { name: b%d, address: 10.%d.%d.%d }\n' \
				"$b" $((2 + s / 250)) $((s % 250)) $((b + 1))
		done
	done
}

# Of the daemon, in microseconds.
on_processor_us()
{
	awk '{ print int($1 / 1000) }' "/proc/${pids[shuntd]}/schedstat"
}

one_armed_direct
thousand_services | write_conf
for try in 1 2 3; do
	began=$(now_ms)
	start_shuntd
	took=$(($(now_ms) - began))
	say "ready after $took ms"
	[[ $took -ge $max_ready_ms && $try -lt 3 ]] || break
	take_off
done
[[ $took -lt $max_ready_ms ]] || die "a start takes $took ms, at most $max_ready_ms"

# Five, and where somebody else is at work as many more as it takes, up to thirty.
least=
for ((i = 1; i <= 30; i++)); do
	sed -i "s/address: 10.3.$i.1 }/address: 10.9.9.$i }/" "$conf"
	began=$(on_processor_us)
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	took=$(($(on_processor_us) - began))
	grep -q 'backends +1 -1' "$work/reload" || die "not one backend: $(<"$work/reload")"
	say "reload: $took us"
	[[ -n $least && $least -le $took ]] || least=$took
	[[ $i -lt 5 || $least -ge $((max_reload_ms * 1000)) ]] || break
done
[[ $least -lt $((max_reload_ms * 1000)) ]] || die "a reload takes $least us, at most ${max_reload_ms}000"
stop_shuntd
