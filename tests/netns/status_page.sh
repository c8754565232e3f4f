#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The status page in a real browser: it says what is, what was said and what happened,
# renews itself, needs no script to be read, runs none that a server sends, and breaks
# none of its own rules. SHOW=DIR keeps pictures of it, with SAMPLES=20 of a longer time.
# limit: 90 s
. "$(dirname "$0")/lib.sh"

url=http://127.0.0.1:9924/

# browse OPTION...: the page, in a browser that is as new.
browse()
{
	rm -rf "${work:?}/home"
	mkdir -p "$work/home"
	HOME=$work/home in_host lb timeout $((30 * scale)) chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --no-first-run --user-data-dir="$work/home/data" \
		--enable-logging=stderr --window-size=1280,1100 "$@" "$url" 2>"$work/browser.log"
}

# What the page says, without its markup, a line each.
words()
{
	sed 's/<[^>]*>/\n/g' "$1" | grep -v '^ *$'
}

picture()
{
	[[ -n ${SHOW:-} ]] || return 0
	browse --screenshot="$SHOW/$1.png" --virtual-time-budget=1000 "${@:2}"
}

# A browser takes all of the processor for a while, and nobody shall be down for that.
quick_check="type: http, path: /, interval: 1s, timeout: 1s, rise: 1, fall: 10"

type -P chromium >/dev/null || skip "no chromium: scripts/install-deps.sh installs it"
one_armed_direct
{
	web_service
	cat <<-EOT
	  mail:
	    vip: 192.0.2.25
	    ports: [25/tcp, 465/tcp, 587/tcp]
	    forward: ipip
	    scheduler: least_conn
	    min_healthy: 3
	    check: { $quick_check, port: 80 }
	    backends:
	      - { name: mx1, address: $net4.11, max_connections: 100 }
	      - { name: mx2, address: $net4.12, weight: 50 }
	      - { name: mx3, address: $net4.99 }
	  dns:
	    vip: [192.0.2.53]
	    ports: [53/udp, 53/tcp]
	    scheduler: maglev
	    check: { $quick_check }
	    backends:
	      - { name: ns1, address: $net4.98 }
	  odd:
	    vip: 192.0.2.54
	    ports: [53/udp]
	    check: { type: exec, command: /bin/echo, args: ["<script>document.title = 1</script>"] }
	    backends:
	      - { name: odd1, address: $net4.11 }
	EOT
} | write_conf
start_shuntd
wait_for 5 every_backend_answers "$vip4"
start_load "$vip4" "$vip6"
shunt backend drain web/b3 --timeout 5m >/dev/null
shunt backend weight web/b2 50% >/dev/null
shunt backend add mail/mx4 "address=$net4.97" >/dev/null
shunt config apply "$conf" --confirm 5m >/dev/null

# The graphs begin with the second sample.
has_graphs()
{
	[[ $(in_host lb curl -fsS "${url}status.json" | jq '.rates.forwarded_per_s | length') -ge ${1:-2} ]]
}
wait_for "$((8 * ${SAMPLES:-2}))" has_graphs "${SAMPLES:-2}"

in_host lb curl -fsS "${url}status.json" >"$work/status.json"
want "services in status.json" "web mail dns odd" "$(jq -r '[.services[].name] | join(" ")' "$work/status.json")"
want "states in status.json" "up up drain" \
	"$(jq -r '[.services[0].backends[].state] | join(" ")' "$work/status.json")"
jq -e '.services[0].rates.packets_per_s[-1] > 10 and .services[0].backends[0].rates.packets_per_s > 1' \
	"$work/status.json" >/dev/null || die "no rates in status.json"

# Time runs fast in the browser: it asks again after 5 and 10 s of it.
browse --dump-dom --virtual-time-budget=12000 --log-net-log="$work/net.json" >"$work/dom.html"
! grep CONSOLE "$work/browser.log" || die "the browser objects to the page"
words "$work/dom.html" >"$work/words"
grep -qx '4 services, 1 down, 1 unhealthy, 1 degraded' "$work/words" || die "no verdict: $(<"$work/words")"
for word in "$vip4" "$vip6" mx3 ns1 drain down unhealthy 'http 200' not_service ' 3 needed' \
	'not confirmed: the former one returns in' '3 things said at runtime' web/b2 'weight 50%' \
	mail/mx4 'up -&gt; drain' 'dns/ns1: unknown -&gt; down' '&lt;script&gt;'; do
	grep -q -- "$word" "$work/words" || die "the page does not say $word"
done
! grep -q '<title>1</title>' "$work/dom.html" || die "a server's words were run"
[[ $(grep -o '<polyline' "$work/dom.html" | wc -l) -ge 7 ]] || die "graphs are missing"
[[ $(grep -oE '"url":"http://127.0.0.1:9924/"' "$work/net.json" | wc -l) -ge 3 ]] ||
	die "the page does not renew itself"
picture light
picture dark --blink-settings=preferredColorScheme=0
picture narrow --window-size=420,900

in_host lb curl -fsS "$url" >"$work/plain.html"
words "$work/plain.html" >"$work/plain"
grep -qx 'mx3' "$work/plain" || die "without scripts there is nothing to read"
end_load
