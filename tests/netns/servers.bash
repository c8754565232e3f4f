# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# Web servers, and clients that check what they get. Part of lib.sh.

# One nginx: / says the host's name, /up/NAME takes PUT, files lie in $work/HOST/www.
start_nginx()
{
	local dir=$work/$1

	mkdir -p "$dir/www/up" "$dir/tmp"
	cat >"$dir/nginx.conf" <<-EOT
	daemon off;
	user root;
	worker_processes 1;
	pid $dir/nginx.pid;
	events { worker_connections 4096; }
	http {
		access_log off;
		client_body_temp_path $dir/tmp/body;
		proxy_temp_path $dir/tmp/proxy;
		fastcgi_temp_path $dir/tmp/fastcgi;
		uwsgi_temp_path $dir/tmp/uwsgi;
		scgi_temp_path $dir/tmp/scgi;
		keepalive_requests 1000000;
		server {
			listen 80 backlog=4096;
			listen [::]:80 backlog=4096;
			root $dir/www;
			location = / { return 200 "$1\n"; }
			location /up/ { dav_methods PUT; client_max_body_size 128m; }
		}
	}
	EOT
	start "nginx-$1" "$1" nginx -p "$dir" -c "$dir/nginx.conf" -e stderr
}

answers()
{
	in_host "$1" curl -gfsS -m 2 -o /dev/null "$2"
}

start_backends()
{
	local name

	for name in "${backends[@]}"; do
		start_nginx "$name"
	done
	for name in "${backends[@]}"; do
		wait_for 5 answers "$name" http://127.0.0.1/
		wait_for 5 answers "$name" "http://[::1]/"
	done
}


# Brackets around an IPv6 address.
url_host()
{
	if [[ $1 == *:* ]]; then printf '[%s]' "$1"; else printf '%s' "$1"; fi
}

# tally VIP N: N requests, each on a connection of its own; "NAME COUNT" a line.
# False if one of them was not answered.
tally()
{
	in_host client curl -fsS -m $((2 * scale)) -H 'Connection: close' \
		"http://$(url_host "$1")/?[1-$2]" | sort | uniq -c |
		awk -v all="$2" '{ print $2, $1; sum += $1 } END { exit sum != all }'
}

# who_answers VIP [N]: their names, on one line.
who_answers()
{
	tally "$1" "${2:-60}" | awk '{ printf "%s%s", sep, $1; sep = " " }'
}

only_answers()
{
	[[ $(who_answers "$1") == "$2" ]]
}

every_backend_answers()
{
	only_answers "$1" "${backends[*]}"
}

# transfer VIP MEGABYTES: up and down again, compared by checksum; the name of
# the file tells which backend has it, since each connection may meet another.
transfer()
{
	local url sum name

	url="http://$(url_host "$1")"
	head -c "$2"M /dev/urandom >"$work/sent"
	sum=$(sha256sum <"$work/sent")
	for name in "${backends[@]}"; do
		ln -f "$work/sent" "$work/$name/www/file"
		rm -f "$work/$name/www/up/file"
	done
	in_host client curl -gfsS -m $((30 * scale)) -o "$work/got" "$url/file" ||
		die "download from $1 failed"
	want "checksum of what came down from $1" "$sum" "$(sha256sum <"$work/got")"
	in_host client curl -gfsS -m $((30 * scale)) -T "$work/sent" "$url/up/file" ||
		die "upload to $1 failed"
	want "checksum of what went up to $1" "$sum" "$(cat "$work"/*/www/up/file | sha256sum)"
}

# start_load VIP...: strict requests and long connections, until end_load.
# TCP segments that the client had to send again.
sent_again()
{
	in_host client cat /proc/net/snmp | awk '$1 == "Tcp:" { n = $13 } END { print n }'
}

# Options of strict_load.py may follow.
start_load()
{
	sent_again_before=$(sent_again)
	start load client "$python" "$here/strict_load.py" "$@"
	wait_for 10 said load 'under way'
}

# End the load; the test has failed if one request has.
end_load()
{
	stop load
	say "load: $(tail -n 1 "$(log_of load)"), $(($(sent_again) - sent_again_before)) segments sent again"
	[[ $status == 0 ]] || die "requests failed under load"
}

# hold VIP PORT N: that many connections at once, tried for two seconds; how many came
# to be. They end with this.
hold()
{
	in_host client "$python" - "$1" "$2" "$3" "$((2 * scale))" <<-EOT
	import select, socket, sys, time
	vip, port, n, wait = sys.argv[1], *map(int, sys.argv[2:])
	family = socket.AF_INET6 if ":" in vip else socket.AF_INET
	socks = [socket.socket(family) for _ in range(n)]
	waiting = select.poll()
	for s in socks:
	    s.setblocking(False)
	    s.connect_ex((vip, port))
	    waiting.register(s, select.POLLOUT)
	end, done = time.time() + wait, 0
	while time.time() < end and done < n:
	    for fd, events in waiting.poll(100):
	        done += not events & (select.POLLERR | select.POLLHUP)
	        waiting.unregister(fd)
	print(done)
	EOT
}
