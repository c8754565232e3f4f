#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# alone
# The control socket in bad company: whoever asks in an orderly way is answered within
# 100 ms meanwhile, packets flow, and what the operator has said stays.
. "$(dirname "$0")/lib.sh"

# word KEY: from the report of abuse.py.
word()
{
	grep -oP "(?<=$1 )[0-9]+" "$work/report"
}

ulimit -n 4096
one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
shunt backend drain web/b1
start_load "$vip4"
in_host lb "$here/abuse.py" "$socket" 6 >"$work/report" 2>"$work/in_vain" || die "$(<"$work/in_vain")"
end_load
say "$(<"$work/report")"
want "questions in vain" 0 "$(word lost)"
[[ $(word asked) -ge 100 ]] || die "it was asked $(word asked) times only"
[[ $(word slowest_ms) -le $((100 * scale)) ]] || die "an answer took $(word slowest_ms) ms"
[[ $(shunt backend list) =~ b1.*drain ]] || die "the drain was lost"
want "who answers" "b2 b3" "$(who_answers "$vip4")"
