# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Prometheus with the rules that are shipped, in time lapse: what fires when something is
# wrong, and that it clears. Part of foobar.sh.
#
# Three rules have no place here: three servers are too few for one in which less than half
# are left (ShuntServiceHalfGone), shuntd replaces a prober that hangs before anybody is
# told (ShuntChecksStopped), and `consistent` keeps no flows that could fill the cache
# (ShuntFlowCacheFull).

monitor=$net4.20:9090
minute_ms=$((500 * scale))	# what a minute of the rules lasts

# Seconds, hours and days last a minute, too; the day to compare with lasts six seconds.
start_monitoring()
{
	local lb

	perl -pe 's/\[1d\]/[6000ms]/; s/\b(\d+)m\b/($1 * '"$minute_ms"') . "ms"/ge; s/\b\d+[shd]\b/'"$minute_ms"'ms/g' \
		"$top/scripts/monitoring/shunt.rules.yml" >"$work/rules.yml"
	cat >"$work/prometheus.yml" <<-EOT
	global: { scrape_interval: ${minute_ms}ms, scrape_timeout: ${minute_ms}ms, evaluation_interval: ${minute_ms}ms }
	rule_files: [rules.yml]
	scrape_configs:
	  - job_name: shunt
	    static_configs: [{ targets: ["$(address_of lb1):9924", "$(address_of lb2):9924"] }]
	EOT
	start prometheus monitor prometheus --config.file="$work/prometheus.yml" \
		--storage.tsdb.path="$work/tsdb" --web.listen-address="$monitor"
	wait_for 20 scrapes_both
}

ask_prometheus()
{
	in_host monitor curl -fsS "http://$monitor/api/v1/$1" "${@:2}"
}

scrapes_both()
{
	[[ $(ask_prometheus query -G --data-urlencode 'query=sum(up{job="shunt"})' |
		jq -r '.data.result[0].value[1]') == 2 ]]
}

# Names of those that fire, on any balancer, on one line.
firing()
{
	ask_prometheus alerts | jq -r '[.data.alerts[] | select(.state == "firing") |
		.labels.alertname] | unique | join(" ")'
}

# follow_alerts WHAT SECONDS NAME...: each alert, until it fires, or is over; it is told with how
# long that took from $begin on.
follow_alerts()
{
	local what=$1 left=" ${*:3} " end now name is

	end=$(($(now_ms) + $2 * scale * 1000))
	while [[ $left != ' ' ]]; do
		(($(now_ms) < end)) || die "not said of these alerts that each $what:$left(fires now: $now)"
		now=" $(firing) "
		for name in $left; do
			[[ $now == *" $name "* ]] && is=fires || is='is over'
			[[ $is == "$what" ]] || continue
			printf '    %-27s %-7s %6s ms after its cause\n' "$name" "$what" "$(($(now_ms) - begin))"
			left=${left/ $name / }
		done
		sleep 0.1
	done
}

# --- what goes wrong -----------------------------------------------------------------

# vary LB SED_OPTION...: its config with these changes.
vary()
{
	write_shunt_conf "$1"
	sed -i -E "${@:2}" "$work/$1/shunt.yaml"
}

# That a neighbour is silent is noticed by the balancers' kernels in the same time lapse.
quick_neighbours()
{
	local lb family

	for lb in "${balancers[@]}"; do
		for family in ipv4 ipv6; do
			in_host "$lb" sysctl -qw "net.$family.neigh.eth0.base_reachable_time_ms=$minute_ms" \
				"net.$family.neigh.eth0.delay_first_probe_time=1" \
				"net.$family.neigh.eth0.retrans_time_ms=200"
		done
		ip -n "$lb" neigh flush dev eth0 || true	# some come back meanwhile
	done
}

# Of prefixes that lb2 denies; Prometheus has seen it.
long_list()
{
	many_prefixes | sed -n 1,100p >"$work/lb2/denied.cidr"
	shunt_on lb2 reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	wait_for 10 is_long_list
}

is_long_list()
{
	[[ $(ask_prometheus query -G --data-urlencode 'query=max(shunt_firewall_rule_prefixes{rule=~"/.*"})' |
		jq -r '.data.result[0].value[1]') == 100 ]]
}

# A config with which lb1 has too little room, and wants more servers than there are: 511
# connections, of which a hundred or so are others', and 400 ports for the greedy. lb2
# works in generic mode, and is given a config that it refuses.
bad_configs()
{
	# Maps shrink when there are none.
	kill_hard shuntd-lb1
	on lb1 "$build/shuntd" --config "$work/lb1/shunt.yaml" --detach 2>"$work/detach"
	vary lb1 -e 's/^( *)pool: .*/&\n\1connections: 60\n\1ports: 10000-10399/' \
		-e 's/^( *)scheduler: consistent/&\n\1min_healthy: 2/'
	run_balancer lb1
	wait_for 20 routed_by lb1 lb2
	: >"$work/lb2/denied.cidr"
	vary lb2 -e 's/mode: native/mode: generic/'
	shunt_on lb2 reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
	echo 'nonsense: yes' >>"$work/lb2/shunt.yaml"
	! shunt_on lb2 reload >"$work/reload" 2>&1 || die "nonsense was taken for a config"
}

# A certificate for ten days.
short_certificate()
{
	mv "$pki/site.pem" "$pki/site.pem.good"
	sign_certificate 10
	kill -HUP "${pids[nginx-web1]}"
}

long_certificate()
{
	mv "$pki/site.pem.good" "$pki/site.pem"
}

# A backend of lb2 that comes and goes.
flap()
{
	local i

	for i in 1 2 3 4; do
		shunt_on lb2 backend maint "$1" --force >/dev/null
		sleep "$(awk -v ms="$minute_ms" 'BEGIN { print ms / 800 }')"
		shunt_on lb2 backend enable "$1" >/dev/null
		sleep "$(awk -v ms="$minute_ms" 'BEGIN { print ms / 800 }')"
	done
}

# Clients that want more than there is: connections to the databases, pages with larger
# packets than go through the link behind the balancers, and one whom the firewall denies.
bad_clients()
{
	start greedy monitor "$python" -c '
import select, socket, sys, time
socks = [socket.socket() for _ in range(600)]
for s in socks:
    s.setblocking(False)
    s.connect_ex((sys.argv[1], 3306))
time.sleep(3600)
' "$vip_read"
	start large client sh -c "while :; do head -c 20000 /dev/zero |
		curl -4 -s -m 5 --cacert '$ca' --data-binary @- -H Expect: -o /dev/null $url/visit; done"
	start banned client "$python" -c '
import collections, socket, sys, time
last = collections.deque(maxlen=100)
while True:
    s = socket.socket()
    s.setblocking(False)
    s.bind((sys.argv[1], 0))
    s.connect_ex((sys.argv[2], 443))
    last.append(s)
    time.sleep(0.003)
' "$banned4" "$vip4"
}

narrow_link()
{
	local lb

	ip -n client route add "$vip4" via 198.51.100.1 mtu lock 1500
	for lb in "${balancers[@]}"; do
		ip -n "$lb" route add "$(address_of web1)" dev eth0 mtu 1000
	done
}

wide_link()
{
	local lb

	ip -n client route del "$vip4"
	for lb in "${balancers[@]}"; do
		ip -n "$lb" route del "$(address_of web1)"
	done
}

# One thing after the other goes wrong, and then it is all mended.
fault_alerts()
{
	local begin replica spare flapper

	replica=$(the_replica)
	spare=db-read/db${db_number[$replica]}-any
	say "  alerts, a minute of their patience lasting $minute_ms ms:"
	quick_neighbours
	long_list
	begin=$(now_ms)
	bad_configs
	short_certificate
	unplug web3
	kill_hard nginx-web2
	sql "$replica" "set global read_only = 0"
	shunt_on lb2 announce drain >/dev/null
	wait_for 5 routed_by lb1
	shunt_on lb1 backend drain "$spare" >/dev/null
	narrow_link
	bad_clients
	flap "$spare" &
	flapper=$!
	follow_alerts fires 20 ShuntTwoPrimaries ShuntConfigRefused ShuntGenericMode ShuntServiceTooFew \
		ShuntVipWithdrawn ShuntDrained ShuntDrainForgotten ShuntCertificateEnds \
		ShuntBackendDown ShuntBackendFlaps ShuntServiceOneLeft ShuntNoNeighbour \
		ShuntConnectionsNearlyFull ShuntPortsNearlyUsed ShuntNoRoom \
		ShuntFaultyDrops ShuntDrops ShuntFirewallRefusesMore ShuntFirewallListShrank
	wait "$flapper"

	begin=$(now_ms)
	kill_hard nginx-web1
	ip -n lb2 -force link set eth0 xdpgeneric obj "$build/tests/pass.bpf.o" sec xdp
	follow_alerts fires 20 ShuntServiceDown ShuntVipNowhere ShuntNotAttached
	begin=$(now_ms)
	kill_hard shuntd-lb1
	follow_alerts fires 20 ShuntDown ShuntPeerSilent
	begin=$(now_ms)
	restart_often lb1
	follow_alerts fires 20 ShuntRestarts

	begin=$(now_ms)
	mend_all "$replica" "$spare"
	follow_alerts 'is over' 30 ShuntTwoPrimaries ShuntConfigRefused ShuntGenericMode ShuntServiceTooFew \
		ShuntVipWithdrawn ShuntDrained ShuntDrainForgotten ShuntCertificateEnds \
		ShuntBackendDown ShuntBackendFlaps ShuntServiceOneLeft ShuntNoNeighbour \
		ShuntConnectionsNearlyFull ShuntPortsNearlyUsed ShuntNoRoom \
		ShuntFaultyDrops ShuntDrops ShuntFirewallRefusesMore ShuntFirewallListShrank ShuntServiceDown \
		ShuntVipNowhere ShuntNotAttached ShuntDown ShuntPeerSilent ShuntRestarts
}

restart_often()
{
	local i

	start_balancer "$1"
	for i in 1 2 3; do
		sleep "$(awk -v ms="$minute_ms" 'BEGIN { print ms / 800 }')"
		kill_hard "shuntd-$1"
		start_balancer "$1"
	done
}

# mend_all REPLICA SPARE
mend_all()
{
	local name

	for name in greedy large banned; do
		kill_hard "$name"
	done
	wide_link
	long_certificate
	sql "$1" "set global read_only = 1"
	ip -n lb2 link set eth0 xdpgeneric off
	shunt_on lb1 backend enable "$2" >/dev/null
	shunt_on lb2 announce resume >/dev/null
	reload_all
	start_web web1
	start_web web2
	replug web3
	say_hello web3
}

# say_hello HOST: whoever comes back speaks, and so is known again.
say_hello()
{
	local lb

	for lb in "${balancers[@]}"; do
		in_host "$1" ping -q -c 1 -W 1 "$(address_of "$lb")" >"$work/ping"
		in_host "$1" ping -q -c 1 -W 1 "$net6:${part[$lb]}" >"$work/ping"
	done
}
