#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The primary is lost: have the replica take its place.
#
#	fail_over.sh SERVICE/OLD NEW_SOCKET SHUNT_SOCKET...
#
# SERVICE/OLD: the lost one, as the balancers call it. NEW_SOCKET: of the replica's
# mariadbd. SHUNT_SOCKET: of every balancer's shuntd. SHUNT: the command, if not "shunt".
#
# First nobody can reach the old one any more, whatever it says of itself: if a balancer
# cannot be told, nothing is changed at the replica. Then that takes what it has still got,
# and may be written to. To be repeated if it fails on the way.
set -euo pipefail

[[ $# -ge 3 ]] || { echo "usage: ${0##*/} SERVICE/OLD NEW_SOCKET SHUNT_SOCKET..." >&2; exit 2; }
old=$1 new=$2
balancers=("${@:3}")
give_up_s=10

sql()
{
	mariadb --no-defaults -uroot --socket="$new" "${@:2}" -e "$1"
}

# Nothing is left of what it was sent.
has_applied_all()
{
	sql 'show slave status\G' | grep 'Slave_SQL_Running_State: Slave has read all relay log' >/dev/null
}

for socket in "${balancers[@]}"; do
	"${SHUNT:-shunt}" --socket "$socket" backend maint "$old" --force
done
end=$((SECONDS + give_up_s))
until has_applied_all; do
	((SECONDS < end)) || { echo "the replica has not applied all after $give_up_s s" >&2; exit 1; }
	sleep 0.05
done
sql 'stop slave; reset slave all; set global read_only = 0'
