#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Who may ask the daemon what: root everything, the group everything, the
# reading group what only looks, others nothing.
. "$(dirname "$0")/lib.sh"

# as GROUP CODE ARGUMENT...: shunt as an unprivileged user of that group.
as()
{
	local code=0 text

	text=$(setpriv --reuid nobody --regid "$1" --clear-groups \
		"$work/shunt" --socket "$socket" "${@:3}" 2>&1) || code=$?
	say "$1: shunt ${*:3}: exit $code: $(head -n 1 <<<"$text")"
	want "exit status of shunt ${*:3} as $1" "$2" "$code"
}

one_armed_direct
cp "$build/shunt" "$work/shunt"		# where everybody may go

web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
as nogroup 5 status
as adm 5 status
as adm 5 backend drain web/b1
want "who answers" "b1 b2 b3" "$(who_answers "$vip4")"
stop_shuntd

web_service | write_conf
sed -i "s|socket: $socket }|socket: $socket, group: adm, read_group: users }|" "$conf"
start_shuntd
wait_for 5 every_backend_answers "$vip4"
as nogroup 5 status
as nogroup 5 backend drain web/b1
as users 0 status
as users 0 backend list
as users 5 backend drain web/b1
as users 5 reload
want "who answers" "b1 b2 b3" "$(who_answers "$vip4")"
as adm 0 backend drain web/b1
want "who answers after a drain by the group" "b2 b3" "$(who_answers "$vip4")"
cp "$conf" "$work/new.yaml"
chmod 644 "$work/new.yaml"
as users 0 config diff "$work/new.yaml"
as users 5 config apply "$work/new.yaml"
as adm 0 config apply "$work/new.yaml"
# What the daemon reads and writes is root's to say.
sed -i 's|state_dir: .*|state_dir: /etc|' "$work/new.yaml"
as adm 5 config apply "$work/new.yaml"
printf 'include: /etc/shadow\n' | cat - "$conf" >"$work/new.yaml"
as adm 2 config apply "$work/new.yaml"		# which it cannot read itself
said shuntd 'drain' || die "the change was not logged"
as adm 0 reload

# Nor do they have a password shown to whom it is not.
printf 'of nobody\n' >"$work/password"
{
	web_service
	cat <<-EOT
	  db:
	    vip: 192.0.2.81
	    ports: 3306/tcp
	    check: { type: mysql, user: shunt, password_file: $work/password }
	    backends:
	      - { name: db1, address: $net4.11 }
	EOT
} | write_conf
sed -i "s|socket: $socket }|socket: $socket, group: adm, read_group: users }|" "$conf"
as adm 0 reload
as adm 5 backend add db/db2 "address=$net4.12"
as adm 0 backend add web/b4 "address=$net4.12"
as adm 0 backend del db/db1
as adm 5 backend add db/db3 "address=$net4.12"
as adm 0 backend add db/db1
sed "s/name: db1, address: [0-9.]*/name: db1, address: $net4.12/" "$conf" >"$work/new.yaml"
as adm 5 config apply "$work/new.yaml"
sed "s/name: db1,/name: db1, weight: 7,/" "$conf" >"$work/new.yaml"
as adm 0 config apply "$work/new.yaml"
shunt backend add db/db2 "address=$net4.12" || die "root may not either"
