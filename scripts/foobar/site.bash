# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# What runs where: names, certificates, databases, applications, web servers,
# balancers. Part of foobar.sh. Each process is called WHAT-HOST, as start() knows it.

pki=$work/pki
ca=$pki/ca.pem

# --- names ------------------------------------------------------------------------

# Everybody asks the resolver, and where that is silent the server of the zone itself.
start_names()
{
	printf 'nameserver 198.51.100.%s\n' 54 53 >"$work/resolv.conf"
	printf 'options timeout:1 attempts:3\n' >>"$work/resolv.conf"
	mount --bind "$work/resolv.conf" /etc/resolv.conf
	start_dnsmasq dns --local-ttl=3600 --local=/foobar.com/ \
		--host-record="www.foobar.com,foobar.com,$vip4,$vip6"
	start_resolver
}

start_resolver()
{
	start_dnsmasq resolver --server=198.51.100.53 --cache-size=1000
}

start_dnsmasq()
{
	start "dnsmasq-$1" "$1" dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= \
		--user=root --no-hosts --no-resolv --log-facility=- "${@:2}"
}

# --- certificates -----------------------------------------------------------------

# A CA of our own, and what it says of the site; nobody else trusts it.
make_certificates()
{
	local ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

	mkdir "$pki"
	openssl req -x509 "${ec[@]}" -days 30 -subj "/CN=demo CA of foobar.com" \
		-addext keyUsage=critical,keyCertSign -keyout "$pki/ca.key" -out "$ca" 2>/dev/null
	openssl req "${ec[@]}" -subj "/CN=www.foobar.com" -keyout "$pki/site.key" -out "$pki/site.csr" \
		2>/dev/null
	sign_certificate 20
}

# sign_certificate DAYS: that of the site, for so long.
sign_certificate()
{
	openssl x509 -req -in "$pki/site.csr" -CA "$ca" -CAkey "$pki/ca.key" -days "$1" \
		-extfile <(echo "subjectAltName = DNS:www.foobar.com, DNS:foobar.com") \
		-out "$pki/site.pem" 2>/dev/null
}

# --- databases --------------------------------------------------------------------

declare -A db_number=([web1]=1 [web2]=2)
declare -A db_age=([web1]=0 [web2]=0)	# how often it has begun anew

# Whoever is started may not be written to: to be the primary somebody has to say so.
# A commit is answered when the replica has it, if there is one that answers in time. Each
# has the whole history, for one that begins anew; that one has another server id, or it
# would take what it did in its former life for its own, and leave it out.
start_database()
{
	start_db "$1" "$((db_age[$1] * 10 + db_number[$1]))" --skip-name-resolve --max-connections=1000 \
		--max-connect-errors=1000000 --read-only=1 --binlog-format=ROW --relay-log=relay --log-slave-updates \
		--innodb-flush-log-at-trx-commit=1 --sync-binlog=1 \
		--rpl-semi-sync-master-enabled=1 --rpl-semi-sync-slave-enabled=1 \
		--rpl-semi-sync-master-wait-point=AFTER_SYNC \
		--rpl-semi-sync-master-timeout=500 --slave-net-timeout=4
}

# Sums are kept by a trigger, so that a page reads few rows however many visits; one for
# each server, so that none waits for another's transaction.
start_databases()
{
	printf 'secret\n' >"$work/password"
	chmod 600 "$work/password"
	start_database web1
	start_database web2
	promote web1
	sql web1 "create user shunt identified by 'secret';
		create user repl identified by 'repl'; grant replication slave on *.* to repl;
		create database foobar; use foobar;
		create table visits (id binary(16) primary key, server varchar(16) not null,
			db int not null, at timestamp(3) default current_timestamp(3));
		create table visits_sum (server varchar(16) primary key, n bigint not null);
		insert into visits_sum values ('web1', 0), ('web2', 0), ('web3', 0);
		create trigger counted after insert on visits for each row
			update visits_sum set n = n + 1 where server = new.server;
		create user app identified by 'app'; grant select, insert, update on foobar.* to app"
	follow web2 "$(address_of web1)"
	wait_for 10 replicates web2
	wait_for 10 same_visits
}

# the_primary, the_replica: its host, as things stand.
the_primary()
{
	if [[ $(sql web1 'select @@read_only') == 0 ]]; then echo web1; else echo web2; fi
}

the_replica()
{
	if [[ $(the_primary) == web1 ]]; then echo web2; else echo web1; fi
}

# Both have the same, to the byte.
same_visits()
{
	[[ $(sql web1 "checksum table foobar.visits") == "$(sql web2 "checksum table foobar.visits")" ]]
}

# replica_says HOST FIELD VALUE: in the status of its replication.
replica_says()
{
	mariadb --no-defaults -uroot --socket="$work/db/$1.sock" -e 'show slave status\G' |
		grep -E "^ *$2: $3" >/dev/null
}

# replicates HOST: it follows somebody.
replicates()
{
	replica_says "$1" Slave_IO_Running Yes && replica_says "$1" Slave_SQL_Running Yes
}

# --- web servers ------------------------------------------------------------------

start_app()
{
	start "app-$1" "$1" "$python" "$top/scripts/foobar/app.py" "$1" 8000 "$vip_read" "$vip_write"
}

start_web()
{
	local dir=$work/$1

	mkdir -p "$dir/www" "$dir/tmp"
	sed -e "s|@NAME@|$1|g; s|@DIR@|$dir|g; s|@PKI@|$pki|g" "$top/scripts/foobar/nginx.conf" \
		>"$dir/nginx.conf"
	start "nginx-$1" "$1" nginx -p "$dir" -c "$dir/nginx.conf" -e stderr
}

start_servers()
{
	local name

	head -c 8M /dev/urandom >"$work/file"
	for name in "${servers[@]}"; do
		start_app "$name"
		start_web "$name"
		ln "$work/file" "$work/$name/www/file"
	done
}

# --- balancers --------------------------------------------------------------------

scheduler=consistent
announce=routes
declare -A peer=([lb1]=lb2 [lb2]=lb1)

make_secret()
{
	(umask 077 && head -c 32 /dev/urandom | base64 >"$work/peers.key")
}

# write_shunt_conf LB
write_shunt_conf()
{
	mkdir -p "$work/$1"
	: >>"$work/$1/denied.cidr"
	sed -e "s|@RUN@|$work/$1|; s|@ADDRESS@|$(address_of "$1")|; s|@PEER@|$(address_of "${peer[$1]}")|" \
		-e "s|@POOL@|$net4.10${part[$1]}|; s|@KEY@|$work/peers.key|; s|@ANNOUNCE@|$announce|" \
		-e "s|@VIP4@|$vip4|; s|@VIP6@|$vip6|; s|@VIP_WRITE@|$vip_write|; s|@VIP_READ@|$vip_read|" \
		-e "s|@SCHEDULER@|$scheduler|; s|@CA@|$ca|; s|@PASSWORD@|$work/password|" \
		"$top/scripts/foobar/shunt.yaml" >"$work/$1/shunt.yaml.new"
	mv "$work/$1/shunt.yaml.new" "$work/$1/shunt.yaml"
}

start_balancer()
{
	write_shunt_conf "$1"
	run_balancer "$1"
}

# run_balancer LB: with the config that is there.
run_balancer()
{
	start "shuntd-$1" "$1" nsenter --mount="/proc/${pids[bpffs-$1]}/ns/mnt" \
		"$build/shuntd" --config "$work/$1/shunt.yaml"
	poll 10 said "shuntd-$1" ready || die "shuntd on $1 is not ready"
}

# shunt_on LB ARGUMENT...
shunt_on()
{
	"$build/shunt" --socket "$work/$1/shunt.sock" "${@:2}"
}

# reload_all: each balancer takes its config anew, which is written first.
reload_all()
{
	local lb

	for lb in "${balancers[@]}"; do
		write_shunt_conf "$lb"
		shunt_on "$lb" reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	done
}

# tell_all ARGUMENT...: the same to each balancer that is there.
tell_all()
{
	local lb

	for lb in "${balancers[@]}"; do
		[[ -z ${pids[shuntd-$lb]:-} ]] || shunt_on "$lb" "$@"
	done
}

# state_is LB SERVICE/BACKEND up|down: what its check says.
state_is()
{
	[[ $(shunt_on "$1" backend list "${2%/*}" --json | jq -r --arg name "${2#*/}" \
		'.data.services[0].backends[] | select(.name == $name) | .check.state') == "$3" ]]
}

# all_say SERVICE/BACKEND up|down: each balancer that is there.
all_say()
{
	local lb

	for lb in "${balancers[@]}"; do
		[[ -z ${pids[shuntd-$lb]:-} ]] || state_is "$lb" "$1" "$2" || return 1
	done
}

# No slot of any balancer changes hands: a connection may meet either of them.
all_at_rest()
{
	[[ $(metric_of_all 'shunt_slots[{]state="(migrating|pinning|pinned)"') == 0 ]]
}

# metric_of_all PATTERN: the sum, over both balancers, of the lines that begin like it.
metric_of_all()
{
	local lb

	for lb in "${balancers[@]}"; do
		in_host "$lb" curl -fsS "http://$(address_of "$lb"):9924/metrics"
	done | awk -v want="^$1" '$0 ~ want { sum += $NF } END { printf "%d", sum }'
}
