#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Agents on the backends say how much each wants, in a line of words: the balancer does as
# they say, unless the operator has said something else, and goes on so after a restart.
. "$(dirname "$0")/lib.sh"

# tell HOST LINE: the agent says so from now on.
tell()
{
	printf '%s\n' "$2" >"$work/$1.agent.new"
	mv "$work/$1.agent.new" "$work/$1.agent"
}

# now HOST: state, effective weight and code of the backend.
now()
{
	shunt --json backend list web | jq -r --arg name "$1" '.data.services[0].backends[]
		| select(.name == $name) | "\(.state) \(.effective_weight) \(.check.code)"'
}

is()
{
	[[ $(now "$1") == "$2" ]]
}

# expect HOST TEXT: soon.
expect()
{
	poll 5 is "$@" || die "$1: expected '$2', got '$(now "$1")'"
	say "$1: $2"
}

# Whoever connects gets what the file says at the moment.
cat >"$work/agent.py" <<-'EOT'
	import socket, sys
	s = socket.create_server(("", 9000), family=socket.AF_INET6, dualstack_ipv6=True)
	while True:
	    c, _ = s.accept()
	    with c, open(sys.argv[1], "rb") as line:
	        try:
	            c.sendall(line.read())
	        except OSError:
	            pass
EOT
one_armed_direct
for name in "${backends[@]}"; do
	tell "$name" "up 100%"
	start "agent-$name" "$name" "$python" "$work/agent.py" "$work/$name.agent"
done
write_conf <<EOT
services:
  web:
    vip: [$vip4, "$vip6"]
    ports: [80/tcp]
    check: { type: agent, port: 9000, interval: $pace, fast_interval: $pace,
      down_interval: $pace, timeout: $pace, rise: 1, fall: 2 }
    backends:
$(backend_list "4 6")
EOT
start_shuntd
for name in "${backends[@]}"; do
	expect "$name" "up 100 OK"
done

tell b1 "ready 25%"
tell b2 "drain"
tell b3 "down#disk full"
expect b1 "up 25 OK"
expect b2 "drain 0 OK"
expect b3 "down 0 AGENT"
want "who answers" b1 "$(who_answers "$vip4")"
said shuntd 'disk full' || die "the reason was not logged"

# A restart does not forget: nobody who is drained gets a flow before his agent speaks.
stop agent-b2
stop_shuntd
start_shuntd
want "what b2 wants after a restart" drain "$(shunt --json backend list web |
	jq -r '.data.services[0].backends[] | select(.name == "b2") | .check.agent')"
start agent-b2 b2 "$python" "$work/agent.py" "$work/b2.agent"

# The operator's word is the last one.
tell b2 "up 50%"
tell b3 "up"
expect b2 "up 50 OK"
expect b3 "up 100 OK"
shunt backend weight web/b2 80
expect b2 "up 80 OK"
shunt backend drain web/b3
expect b3 "drain 0 OK"
tell b1 "maint"
expect b1 "maint 0 OK"
want "who answers" b2 "$(who_answers "$vip4")"
shunt backend enable web/b3
tell b1 "up ready"
wait_for 5 every_backend_answers "$vip4"
