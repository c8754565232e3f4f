# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# MariaDB servers, each with its data in a folder of its own. Part of tests that need one.

# Of mariadbd nothing is small by itself; tests have no use for speed on disk.
db_options=(--no-defaults --user=root --skip-log-error
	--innodb-buffer-pool-size=8M --innodb-log-file-size=4M --innodb-flush-log-at-trx-commit=0
	--innodb-use-native-aio=0 --key-buffer-size=1M --aria-pagecache-buffer-size=1M
	--performance-schema=ON --plugin-maturity=unknown --max-connect-errors=5)

# db_install: the files of a server that has never run, once for all.
db_install()
{
	mkdir -p "$work/db"
	mariadb-install-db --no-defaults --user=root --datadir="$work/db/blank" \
		--auth-root-authentication-method=normal --skip-test-db \
		--innodb-log-file-size=4M >"$work/db/install.log" 2>&1 ||
		die "mariadb-install-db: $(tail -n 3 "$work/db/install.log")"
}

# start_db HOST NUMBER [OPTION...]
start_db()
{
	local dir=$work/db/$1

	[[ -d $dir ]] || cp -r --reflink=auto "$work/db/blank" "$dir"
	start "db-$1" "$1" mariadbd "${db_options[@]}" --datadir="$dir" --server-id="$2" \
		--log-bin="$dir/binlog" --socket="$dir.sock" --pid-file="$dir.pid" \
		--bind-address="*" --port=3306 "${@:3}"
	wait_for 20 sql "$1" "select 1"
}

# sql HOST STATEMENT: as root; columns apart by tabs, no names.
sql()
{
	mariadb --no-defaults -uroot --socket="$work/db/$1.sock" -BN -e "$2"
}

# follow HOST PRIMARY_ADDRESS: HOST is a replica from now on.
follow()
{
	sql "$1" "set global read_only = 1;
		change master to master_host='$2', master_user='repl', master_password='repl',
			master_use_gtid=slave_pos, master_connect_retry=1;
		start slave"
}

# promote HOST: it is written to from now on.
promote()
{
	sql "$1" "stop slave; reset slave all; set global read_only = 0"
}
