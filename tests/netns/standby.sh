#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Who takes over for whom: scheduler first with and without failback, backups, and
# what is done when all are down. Servers fail their checks and answer all the same,
# so it shows who gets what.
# limit: 120 s
. "$(dirname "$0")/lib.sh"

# standby_service KEYS BACKUP: a service that is fit where /ok is there.
standby_service()
{
	cat <<-EOT
	services:
	  web:
	    vip: [$vip4, "$vip6"]
	    ports: [80/tcp]
	    check: { ${quick_check/path: \//path: \/ok} }
	EOT
	[[ -z $1 ]] || printf '    %s\n' "$1"
	printf '    backends:\n'
	backend_list "4 6" | sed "s/{ name: ${2:-none},/& backup: true,/"
}

# use KEYS [BACKUP]: reload with that.
use()
{
	standby_service "$1" "${2:-}" | write_conf
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	say "with ${1:-the presets}${2:+, $2 as a backup}"
}

fit()
{
	local name

	for name in "$@"; do
		: >"$work/$name/www/ok"
	done
	for name in "$@"; do
		wait_for 5 is_up "$name" 1
	done
}

unfit()
{
	local name

	for name in "$@"; do
		rm -f "$work/$name/www/ok"
	done
	for name in "$@"; do
		wait_for 5 is_up "$name" 0
	done
}

is_up()
{
	[[ $(metric "shunt_backend_up\{.*backend=\"$1\"") == "$2" ]]
}

# serves WHAT NAMES: these answer, and nobody else, over both families. What the metrics
# say of a backend reaches the tables a moment later.
serves()
{
	poll 2 only_answers "$vip4" "$2" || true
	want "who answers: $1" "$2" "$(who_answers "$vip4")"
	want "who answers over IPv6: $1" "$2" "$(who_answers "$vip6")"
	say "$1: $2"
}

lists()
{
	[[ $(shunt backend list) =~ $1 ]] || die "the list does not say: $1"
}

restart_shuntd()
{
	stop shuntd KILL
	start_shuntd
}

one_armed_direct
for name in "${backends[@]}"; do
	: >"$work/$name/www/ok"
done
standby_service "scheduler: first" | write_conf
start_shuntd
wait_for 5 only_answers "$vip4" b1
serves "the first" b1
lists 'b2 .*up, standby'

unfit b1
serves "the first has failed" b2
unfit b2
serves "the second too" b3
fit b2
serves "the second is back" b2
# It gives back what is new, and keeps what is open.
start_load "$vip4" "$vip6"
fit b1
serves "the first is back" b1
end_load
shunt backend drain web/b1 >/dev/null
serves "the first is drained" b2
shunt backend enable web/b1 >/dev/null
serves "the first is enabled" b1

use $'scheduler: first\n    failback: no'
serves "the first" b1
unfit b1
serves "the first has failed" b2
fit b1
serves "the first is back" b2
restart_shuntd
serves "after kill -9" b2
use $'scheduler: first\n    failback: no'
serves "after a reload" b2
unfit b2
serves "the second has failed" b1
fit b2
serves "the second is back" b1

for scheduler in consistent maglev; do
	use "scheduler: $scheduler" b1
	serves "a backup" "b2 b3"
	unfit b2
	serves "one has failed" b3
	unfit b3
	serves "all but the backup" b1
	start_load "$vip4" "$vip6"
	fit b2
	serves "one is back" b2
	end_load
	fit b3
	serves "all are back" "b2 b3"
done

use ""
unfit b1 b2 b3
! answers client "http://$vip4/" || die "an answer without a backend"
[[ $(reason_count no_backend) -gt 0 ]] || die "packets without a backend are not counted"
use "when_all_down: all"
serves "all are down" "b1 b2 b3"
lists 'b1 .*down, in use'
code=0
shunt health >"$work/health" 2>&1 || code=$?
want "exit status of shunt health" 3 "$code"
fit b2
serves "one is back" b2
use "when_all_down: last"
start_load "$vip4" "$vip6"
unfit b2
serves "the last one has failed" b2
end_load
restart_shuntd
serves "after kill -9" b2
fit b1
serves "another one is back" b1
fit b2 b3
serves "all are back" "b1 b2 b3"
