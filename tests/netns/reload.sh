#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Reload under load: no request fails and no connection moves, whatever the
# reload does; a wrong file changes nothing and says so.
# limit: 90 s
. "$(dirname "$0")/lib.sh"

extra4=192.0.2.81
extra6=2001:db8::81

# more_service NAME FORWARD
more_service()
{
	cat <<-EOT
	  $1:
	    vip: [$extra4, "$extra6"]
	    ports: [80/tcp]
	    forward: $2
	    check: { type: tcp, interval: 500ms, timeout: 500ms }
	    backends:
	$(backend_list "4 6")
	EOT
}

# reload_with: the services on stdin; it has to be taken.
reload_with()
{
	write_conf
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	say "reload: $(tail -n 1 "$work/reload")"
}

# extra_is_up NAME: every backend of it has a verdict. Who asks before that is dropped.
extra_is_up()
{
	shunt --json backend list "$1" | all_are_up
}

one_armed_direct
route_to client 10.1.0.1 2001:db8:1::1 "$extra4" "$extra6"
for name in "${backends[@]}"; do
	serve_vip "$name" "$extra4" "$extra6"
	take_headers_off "$name"
done
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"
start_load "$vip4" "$vip6"
dropped=$(metric 'shunt_dropped_packets_total\{')
start wrk client wrk -t1 -c10 -d5s "http://$vip4/"

# Nothing new: the program stays.
program=$(program_on lb eth0)
web_service | reload_with
want "program after a reload without a change" "$program" "$(program_on lb eth0)"

# A service comes, changes its check, and goes.
{ web_service; more_service more direct; } | reload_with
wait_for 5 extra_is_up more
wait_for 5 every_backend_answers "$extra4"
wait_for 5 every_backend_answers "$extra6"
{ web_service; more_service more direct; } | sed 's/500ms/900ms/' | reload_with
every_backend_answers "$extra4" || die "gone after a change of its check"
web_service | reload_with
! answers client "http://$extra4/" || die "a removed service still answers"

# The first tunnelled service needs code that is not in the loaded program.
{ web_service; more_service tunnel ipip; } | reload_with
wait_for 5 extra_is_up tunnel
wait_for 5 every_backend_answers "$extra4"
wait_for 5 every_backend_answers "$extra6"
[[ $program != "$(program_on lb eth0)" ]] || die "the program was not replaced"
web_service | reload_with

# A wrong file: by the command, and by the signal.
web_service | sed 's/forward:/froward:/' | write_conf
code=0
shunt reload >"$work/reload" 2>&1 || code=$?
[[ $code == 1 || $code == 2 ]] || die "reload of a wrong file: exit status $code"
grep -qE 'shunt.yaml:[0-9]+:[0-9]+: error: .*"froward".*"forward"' "$work/reload" ||
	die "the mistake is not shown: $(<"$work/reload")"
lines=$(log_lines shuntd)
kill -HUP "${pids[shuntd]}"
wait_for 5 said shuntd 'shunt.yaml:[0-9]+:[0-9]+: error: .*froward' "$lines"
wait_for 5 said shuntd 'nothing was changed' "$lines"
every_backend_answers "$vip4" || die "a wrong file changed what runs"

# Many in a row, by signal.
for ((i = 0; i < 10; i++)); do
	lines=$(log_lines shuntd)
	if ((i % 2)); then web_service; else web_service; more_service more direct; fi | write_conf
	kill -HUP "${pids[shuntd]}"
	wait_for 5 said shuntd 'applied' "$lines"
done

wait_end wrk
grep -E 'requests in|Socket errors|Non-2xx' "$(log_of wrk)" | xargs
! said wrk 'Socket errors|Non-2xx' || die "wrk saw errors"
end_load
want "dropped packets" "$dropped" "$(metric 'shunt_dropped_packets_total\{')"
