#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What systemd hears: that the daemon is ready, that its loop turns, that it stops; and
# nothing from a daemon that hangs, so that the watchdog bites.
. "$(dirname "$0")/lib.sh"

heard()
{
	grep -c "^$1" "$(log_of notify)" || true
}

heard_more()
{
	[[ $(heard "$1") -ge $2 ]]
}

one_armed_direct
web_service | write_conf
cat >"$work/listen.py" <<EOT
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode(), flush=True)
EOT
start notify lb "$python" "$work/listen.py" "$work/notify"
wait_for 5 test -S "$work/notify"
export NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=15000000
start_shuntd
wait_for 5 heard_more READY=1 1
wait_for 5 heard_more 'STATUS=1 services, 3 backends' 1
wait_for 10 heard_more WATCHDOG=1 3

kill -STOP "${pids[shuntd]}"
sleep 1.5	# one that was under way
before=$(heard WATCHDOG=1)
sleep 2.5
want "signs of life from a daemon that hangs" "$before" "$(heard WATCHDOG=1)"
kill -CONT "${pids[shuntd]}"
wait_for 5 heard_more WATCHDOG=1 "$((before + 1))"
stop_shuntd
wait_for 5 heard_more STOPPING=1 1
