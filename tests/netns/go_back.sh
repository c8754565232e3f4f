#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A reload that fails half way, when the former config cannot be had back either: traffic
# goes on meanwhile, and the former one returns as soon as it can.
. "$(dirname "$0")/lib.sh"

# What the daemon has freed it shall not read: that would be said, and be found here.
export MALLOC_PERTURB_=85

db_service()
{
	cat <<-EOT
	  db:
	    vip: 192.0.2.81
	    ports: 3306/tcp
	    check: { type: mysql, user: shunt, password_file: $work/password }
	    backends:
	$(backend_list 4)
	EOT
}

has_service()
{
	shunt service show "$1"
}

one_armed_direct
printf 'of nobody\n' >"$work/password"
# A bridge has no native XDP: what wants that cannot be had.
ip -n lb link add plain type bridge
{ web_service; db_service; } | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

rm "$work/password"
interfaces+=', plain: { mode: native }'
web_service | write_conf
code=0
shunt reload >"$work/reload" 2>&1 || code=$?
want "exit status of a reload that fails" 1 "$code"
grep -q 'cannot apply' "$work/reload" || die "it does not say why: $(<"$work/reload")"
said shuntd 'the config that ran before cannot return now' || die "no word of that"
every_backend_answers "$vip4" || die "traffic does not go on"
shunt backend list >"$work/list" || die "no answer"
! has_service db >"$work/list" || die "a service is shown that nobody looks at"
code=0
shunt config confirm 2>"$work/confirm" || code=$?
want "exit status of a confirmation of what is not to stay" 3 "$code"

printf 'of nobody\n' >"$work/password"
wait_for 10 has_service db
every_backend_answers "$vip4" || die "traffic does not go on when the former one is back"
want "programs on the other interface" "" "$(program_on lb plain)"
stop_shuntd
