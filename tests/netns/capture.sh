#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# shunt capture: packets at the hook, in files that tcpdump reads; across reloads and other
# maps; and the usual program is back when the client has gone, however it goes.
. "$(dirname "$0")/lib.sh"

pins=/sys/fs/bpf/shunt/capture
file=$work/packets.pcap

# start_capture NAME ARGUMENT...: returns once packets are given away.
start_capture()
{
	start "$1" lb "$build/shunt" --socket "$socket" capture "${@:2}"
	wait_for 10 captures
}

captures()
{
	[[ -e $pins/shunt_captured ]] && said shuntd "replaced program|behind the dispatcher" "$log_from"
}

mark()
{
	log_from=$(log_lines shuntd)
}

ended()
{
	[[ ! -e $pins ]]
}

# packets_in FILE [EXPRESSION]
packets_in()
{
	tcpdump -nr "$@" 2>/dev/null | wc -l
}

more_services()
{
	local i

	web_service
	for ((i = 1; i <= 300; i++)); do
		printf '  more%d:\n    vip: [192.0.3.%d]\n    ports: [%d/tcp]\n    check: { type: none }\n' \
			"$i" "$((i % 200 + 1))" "$((1000 + i))"
		printf '    backends: [{ name: b1, address: %s.11 }]\n' "$net4"
	done
}

one_armed_direct
web_service | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
usual=$(program_on lb eth0)

# Everything of a service, in a file.
mark
start_capture all service web -w "$file"
in_host client curl -fsS --local-port 20001 "http://$vip4/" >/dev/null
in_host client curl -gfsS --local-port 20101 "http://[$vip6]/" >/dev/null
written()
{
	[[ $(packets_in "$file" "src port 20001 and tcp[tcpflags] & tcp-fin != 0") -gt 0 ]]
}
wait_for 5 written
[[ $(packets_in "$file" "src port 20101") -ge 4 ]] || die "an IPv6 connection is not in the file"
want "packets of other directions" 0 "$(packets_in "$file" "src port 80")"

# Not two at a time.
code=0
shunt capture -c 1 2>"$work/second" || code=$?
want "exit status of a second capture" 1 "$code"
grep -q "one can at a time" "$work/second" || die "it does not say why: $(<"$work/second")"

# Other constants, and then other maps: it goes on.
forward=ipip web_service | write_conf
shunt reload
web_service | write_conf
shunt reload
more_services | write_conf
shunt reload
said shuntd "maps replaced" || die "the maps did not grow"
[[ -e $pins/shunt_captured ]] || die "growing has ended the capture"
in_host client curl -fsS --local-port 20002 "http://$vip4/" >/dev/null
later()
{
	[[ $(packets_in "$file" "src port 20002") -ge 4 ]]
}
wait_for 5 later
stop all INT
want "exit status after Ctrl-C" 0 "$status"
said all '^[0-9]+ packets$' || die "it did not say how many packets"
want "packets that it counted" "$(packets_in "$file")" "$(sed -nE 's/^([0-9]+) packets$/\1/p' "$(log_of all)")"
wait_for 5 ended
[[ $(program_on lb eth0) != "$usual" ]] || die "the program was never another one"

# By host, port and reason; so many; lines.
mark
start_capture few host "$vip4" port 81 reason not_service -c 2
in_host client curl -s -m 1 "http://$vip4:82/" || true
in_host client curl -s -m 3 --local-port 20003 "http://$vip4:81/" || true
in_host client curl -s -m 3 --local-port 20003 "http://$vip4:81/" || true
has_ended_few()
{
	has_ended few
}
wait_for 10 has_ended_few
wait_end few
want "exit status after two packets" 0 "$status"
want "lines for them" 2 "$(grep -c "eth0 NOT_SERVICE .*:20003 > $vip4:81 tcp syn, [0-9]* bytes" "$(log_of few)")"
wait_for 5 ended

# A client that is killed ends it, too; and so does the daemon.
mark
start_capture killed
stop killed KILL
wait_for 5 ended
wait_for 5 every_backend_answers "$vip4"
mark
start_capture orphan
stop_shuntd
wait_for 5 has_ended orphan
[[ ! -e $pins ]] || die "the daemon left its capture behind"
every_backend_answers "$vip4" || die "packets are not forwarded"

for words in "port 0" "host nobody" "colour red" "port"; do
	start_shuntd
	code=0
	# shellcheck disable=SC2086 # the words are arguments
	shunt capture $words 2>"$work/words" || code=$?
	want "exit status of capture $words" 2 "$code"
	stop_shuntd
done
