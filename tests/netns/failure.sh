#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A backend that stops answering gets no more requests once that was noticed;
# when it answers again it is used again; nothing is left when all are gone.
. "$(dirname "$0")/lib.sh"

is_down()
{
	[[ $(metric "shunt_backend_up\{.*backend=\"$1\"") == 0 ]]
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"

begin=$(now_ms)
stop nginx-b2
wait_for 5 is_down b2
say "stopped b2: noticed after $(($(now_ms) - begin)) ms"
for vip in "$vip4" "$vip6"; do
	want "who answers for $vip without b2" "b1 b3" "$(who_answers "$vip" 200)"
done
said shuntd 'b2' || die "the change was not logged"

# While it is down nobody else notices: strict load, with long connections.
start_load "$vip4" "$vip6"
in_host client wrk -t1 -c10 -d1s "http://$vip4/" | grep 'requests in'
end_load

begin=$(now_ms)
start_nginx b2
wait_for 5 every_backend_answers "$vip4"
say "started b2: used again after $(($(now_ms) - begin)) ms"
wait_for 5 every_backend_answers "$vip6"

for name in "${backends[@]}"; do
	stop "nginx-$name"
done
for name in "${backends[@]}"; do
	wait_for 5 is_down "$name"
done
! answers client "http://$vip4/" || die "an answer without a backend"
[[ $(reason_count no_backend) -gt 0 ]] || die "packets without a backend are not counted"
code=0
shunt health >"$work/health" 2>&1 || code=$?
want "exit status of shunt health" 3 "$code"
start_nginx b1
wait_for 5 only_answers "$vip4" b1
