#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks of type mysql against real servers: a primary, a replica, and what becomes of
# them. Two services, one for those who write and one for those who read.
# limit: 120 s
. "$(dirname "$0")/lib.sh"
. "$here/databases.bash"

backends=(db1 db2)
vip_read=192.0.2.81
command -v mariadbd >/dev/null || skip "no mariadbd: install mariadb-server-core"

# Names for the servers' look at who connects: without them they keep no count of hosts.
private_names()
{
	printf '%s\n' "127.0.0.1 localhost" "10.1.0.1 lb" "10.1.0.2 client" "10.1.0.11 db1" \
		"10.1.0.12 db2" >"$work/hosts"
	mount --bind "$work/hosts" /etc/hosts
}

db_services()
{
	local check="type: mysql, user: shunt, password_file: $work/password, interval: $pace, \
fast_interval: $pace, down_interval: $pace, timeout: $pace, rise: 2, fall: 2"

	cat <<-EOT
	services:
	  write:
	    vip: $vip4
	    ports: 3306/tcp
	    scheduler: first
	    failback: no
	    check: { $check, role: primary }
	    backends:
	$(backend_list 4)
	  read:
	    vip: $vip_read
	    ports: 3306/tcp
	    check: { $check, role: replica }
	    backends:
	$(backend_list 4)
	EOT
}

# stands SERVICE/BACKEND STATE [CODE [DETAIL]]
stands()
{
	shunt backend list "${1%/*}" --json | jq -e --arg name "${1#*/}" --arg state "$2" \
		--arg code "${3:-}" --arg detail "${4:-}" '
		.data.services[0].backends[] | select(.name == $name) | .check | .state == $state and ($code == "" or .code == $code) and (.detail | startswith($detail))' >/dev/null
}

# Probes of service write that passed, and that failed.
passed()
{
	probes "$1" passed
}

failed()
{
	probes "$1" failed
}

probes()
{
	shunt backend list write --json | jq --arg name "$1" --arg how "$2" \
		'.data.services[0].backends[] | select(.name == $name) | .check[$how]'
}

# who_serves VIP: the number of the server that a client reaches.
who_serves()
{
	in_host client mariadb --no-defaults -uapp -papp -h "$1" --connect-timeout=2 -BNe 'select @@server_id'
}

serves()
{
	[[ $(who_serves "$1") == "$2" ]]
}

private_names
printf 'secret\n' >"$work/password"
chmod 600 "$work/password"
db_install
one_armed
route_to client 10.1.0.1 2001:db8:1::1 "$vip_read"
for name in "${backends[@]}"; do
	serve_vip "$name" "$vip4" "$vip_read"
done
start_db db1 1
start_db db2 2
sql db1 "create user shunt identified by 'secret'; create user app identified by 'app';
	create user repl identified by 'repl'; grant replication slave on *.* to repl"
follow db2 10.1.0.11
db_services | write_conf
start_shuntd

say "--- a primary and a replica, by an account without any right"
wait_for 15 stands write/db1 up OK primary
wait_for 15 stands write/db2 down L7ROLE "replica, not primary"
wait_for 15 stands read/db2 up OK replica
wait_for 15 stands read/db1 down L7ROLE "primary, not replica"
wait_for 5 serves "$vip4" 1
wait_for 5 serves "$vip_read" 2
say "grants: $(sql db1 "show grants for shunt" | sed 's/ IDENTIFIED.*//')"

say "--- 25 checks in a row do not have this host blocked; six that say nothing do"
before=$(passed db1)
enough() { (($(passed db1) >= before + 25)); }
wait_for 30 enough
stands write/db1 up OK primary || die "db1 went down meanwhile"
want "errors that the server counts of this host" 0 \
	"$(sql db1 "select ifnull(sum(sum_connect_errors), 0) from performance_schema.host_cache where ip = '10.1.0.1'")"
for _ in {1..6}; do
	in_host client bash -c 'exec 3<>/dev/tcp/10.1.0.11/3306; read -t 1 -rn 1 -u 3 || true' 2>/dev/null || true
done
blocked() { [[ $(who_serves 10.1.0.11 2>&1) =~ "is blocked" ]]; }
wait_for 5 blocked
sql db1 "flush hosts"

say "--- the roles are swapped"
begin=$(now_ms)
sql db1 "set global read_only = 1"
promote db2
follow db1 10.1.0.12
wait_for 10 stands write/db2 up OK primary
wait_for 10 stands write/db1 down L7ROLE
took=$(($(now_ms) - begin))
say "seen after $took ms"
((took <= 3000 * scale)) || die "the swap was seen after $took ms"
wait_for 5 serves "$vip4" 2
wait_for 15 stands read/db1 up OK replica
wait_for 5 serves "$vip_read" 1

say "--- two primaries: an alarm, and the one of before stays"
sql db1 "set global read_only = 0"
wait_for 15 stands write/db1 down L7DUAL "primary, as db2 is, which stays"
wait_for 5 said shuntd 'write/db1: TWO PRIMARIES: it says that it is one, and so does db2'
want "the metric" 1 "$(metric 'shunt_service_rival_primaries.service="write"')"
want "that of the other service" 0 "$(metric 'shunt_service_rival_primaries.service="read"')"
[[ $(shunt status) =~ "write: TWO PRIMARIES: db1 says that it is one" ]] || die "the status does not tell"
stands write/db2 up OK primary || die "db2 did not stay"
serves "$vip4" 2 || die "clients do not reach db2 any more"
sql db1 "set global read_only = 1"
wait_for 15 stands write/db1 down L7ROLE
want "the metric, afterwards" 0 "$(metric 'shunt_service_rival_primaries.service="write"')"

say "--- the primary is gone, and the other one takes over"
stop db-db2
promote db1
wait_for 15 stands write/db1 up OK primary
wait_for 15 stands write/db2 down L4CON "connection refused"
wait_for 5 serves "$vip4" 1

say "--- passwords and accounts"
sql db1 "set password for shunt = password('another')"
wait_for 15 stands write/db1 down L7AUTH "1045: Access denied for user 'shunt'"
printf 'another' >"$work/password"
shunt reload >/dev/null
wait_for 15 stands write/db1 up OK primary
sql db1 "alter user shunt account lock"
wait_for 15 stands write/db1 down L7AUTH "4151: Access denied, this account is locked"
sql db1 "alter user shunt account unlock"
wait_for 15 stands write/db1 up OK primary

say "--- a server that hangs"
kill -STOP "${pids[db-db1]}"
wait_for 15 stands write/db1 down L7TOUT "no complete answer within"
before=$(failed db1)
given_up() { (($(failed db1) >= before + 10)); }	# it blocks hosts after five errors
wait_for 15 given_up
kill -CONT "${pids[db-db1]}"
wait_for 15 stands write/db1 up OK primary

rm "$work/password"
status=0
shunt reload >"$work/reload" 2>&1 || status=$?
((status != 0)) || die "a reload went through without the password"
stands write/db1 up OK primary || die "the refused reload changed something"
sql db1 "shutdown" || true
stop_shuntd
