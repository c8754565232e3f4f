#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# limit: 120 s
# Floods of SYNs from addresses that are nobody's, to services of nat and fullnat: clients
# get what they ask for, connections go on, nothing of the flood is kept, and cookies begin
# with it and end behind it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nat.bash"

full4=192.0.2.46
big=20M			# at $rate a second, a connection that lasts through the flood
rate=3M
full6=2001:db8::64	# of IPv4 servers
open4=192.0.2.47	# without cookies
connections=4000

nat_hosts
through_balancer
route_to client 10.1.0.1 2001:db8:1::1 "$full4" "$full6" "$open4"
start_backends
for name in "${backends[@]}"; do
	truncate -s "$big" "$work/$name/www/big"
done
start greeter b1 "$python" -c '
import socket
s = socket.create_server(("", 25))
while True:
    s.accept()[0].sendall(b"hello\n")
'

# web_by NAME VIP FORWARD FAMILIES [MORE]
web_by()
{
	cat <<-EOT
	  $1:
	    vip: [$2]
	    ports: [80/tcp]
	    forward: $3
	    check: { $quick_check }
	    ${5:-}
	    backends:
	$(backend_list "$4")
	EOT
}

services()
{
	cat <<-EOT
	nat: { pool: [$pool4, "$pool6"], connections: $connections }
	firewall: { syn_cookies: $1, syn_cookies_above: 1000/s }
	services:
	$(web_by plain "$vip4, \"$vip6\"" nat "4 6")
	$(web_by full "$full4" fullnat 4)
	$(web_by crossed "\"$full6\"" fullnat 4)
	$(web_by open "$open4" nat 4 'firewall: { syn_cookies: never }')
	  greeting:
	    vip: [$vip4]
	    ports: [25/tcp]
	    forward: nat
	    check: { type: none }
	    backends: [{ name: b1, address: $net4.11 }]
	  refusing:
	    vip: [$vip4]
	    ports: [81/tcp]
	    forward: nat
	    check: { type: none }
	    backends: [{ name: b1, address: $net4.11 }]
	EOT
}

vips=("$vip4" "$vip6" "$full4" "$full6")

# each_asks N: requests of new connections to every service, none of which fails.
each_asks()
{
	local vip i

	for vip in "${vips[@]}"; do
		for ((i = 0; i < $1; i++)); do
			in_host client curl -gfsS -m 5 -o "$work/page" "http://$(url_host "$vip")/" ||
				die "request $i to $vip failed"
		done
	done
}

entries()
{
	metric 'shunt_conntrack_entries '
}

cookies()
{
	reason_count syn_cookie
}

# --- in the middle of a flood ----------------------------------------------------

services auto | write_conf
start_shuntd
for vip in "${vips[@]}"; do
	wait_for 5 every_backend_answers "$vip"
done
want "cookies before the flood" 0 "$(cookies)"
# A connection that is open goes on all the time.
start old client curl -fsS --limit-rate "$rate" -m 60 -o "$work/old" "http://$vip4/big"
wait_for 5 test -s "$work/old"
start flood client "$build/tests/flood" syn eth0 "$(mac_of lb front)" "$vip4" 80
wait_for 5 said flood 'under way'
wait_for 3 said shuntd 'answered by cookies'
want "cookies in the metrics" 1 "$(metric 'shunt_syn_flood ')"
each_asks 5
transfer "$vip4" 5
transfer "$full6" 5
[[ $(entries) -lt $((connections / 2)) ]] || die "the flood is kept: $(entries) connections"
shunt explain tcp 198.51.100.7:40000 "$vip4:80" >"$work/explain" || true
grep -qi 'cookie' "$work/explain" || die "explain says nothing of cookies: $(<"$work/explain")"

# One that a cookie has begun waits for what comes, and goes on then.
start spliced client "$python" -c '
import os, socket, sys, time
s = socket.create_connection((sys.argv[1], 80), 5)
s.sendall(b"GET /big HTTP/1.0\r\n\r\n")
got = len(s.recv(1000))
print("begun", flush=True)
while not os.path.exists(sys.argv[2]):
    time.sleep(0.05)
while data := s.recv(1 << 16):
    got += len(data)
assert got > int(sys.argv[3]), got
' "$full4" "$work/go" "$(stat -c %s "$work/b1/www/big")"
wait_for 5 said spliced begun

# The daemon may go meanwhile.
stop shuntd KILL
each_asks 1
start_shuntd
each_asks 1
wait_for 3 said shuntd 'answered by cookies'
stop flood
say "flood: $(tail -n 1 "$(log_of flood)"); $(cookies) cookies, $(reason_count bad_cookie) bad ones"
[[ $(cookies) -gt 10000 ]] || die "that was no flood"
wait_end old
want "the connection that was there before" 0 "$status"

# --- always; meanwhile the flood is forgotten ------------------------------------------

# In other maps, into which go the numbers that connections are translated by.
connections=9000
services always | write_conf
shunt reload >/dev/null
: >"$work/go"
wait_end spliced
want "the connection that began in the flood" 0 "$status"
check_wrk "$full6"
before=$(cookies)
in_host client curl -fsS -m 5 -o "$work/page" "http://$open4/"
want "cookies of a service without" "$before" "$(cookies)"
each_asks 1
want "cookies of services that always have them" "$((before + ${#vips[@]}))" "$(cookies)"
# A server that refuses says so, through all of that: by a reset behind the handshake, which
# curl notices sooner (7) or later (56), and does not wait for anything (28).
code=0
in_host client curl -fsS -m 5 "http://$vip4:81/" 2>"$work/refused" || code=$?
[[ $code == 7 || $code == 56 ]] || die "curl where the server refuses: $code, $(<"$work/refused")"
# A server that speaks first is heard at once.
in_host client "$python" - "$vip4" <<-EOT
	import socket, sys, time
	begin = time.monotonic()
	got = socket.create_connection((sys.argv[1], 25), 5).recv(100)
	took = time.monotonic() - begin
	assert got == b"hello\\n", got
	print(f"greeting after {took * 1000:.1f} ms")
EOT

# --- and without a flood ------------------------------------------------------------------

services auto | write_conf
shunt reload >/dev/null
wait_for 15 said shuntd 'cookies are off'
before=$(cookies)
each_asks 2
want "cookies behind the flood" "$before" "$(cookies)"
want "cookies in the metrics behind it" 0 "$(metric 'shunt_syn_flood ')"
