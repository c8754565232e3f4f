# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Who may not send, who sends too much, and what others notice of it. Part of foobar.sh.

hits()
{
	metric_of_all "shunt_firewall_rule_hits_total[{].*rule=\"$1\""
}

# not_served ADDRESS: nothing comes back.
not_served()
{
	! page --interface "$1" -m 1 "$url/" >"$work/denied" 2>&1 || die "$1 was served"
	want "why $1 was not served" 1 "$(grep -c 'timed out' "$work/denied")"
}

# A client in a denied prefix gets nothing, and the others do not notice.
fault_denied()
{
	local before4 before6 address

	before4=$(hits 192.0.2.0/24) before6=$(hits 2001:db8:bad::/48)
	start_load
	for address in "$banned4" "$banned6"; do
		not_served "$address"
	done
	end_load
	nothing_failed pages
	nothing_failed writes
	before4=$(($(hits 192.0.2.0/24) - before4)) before6=$(($(hits 2001:db8:bad::/48) - before6))
	((before4 > 0 && before6 > 0)) || die "hits are not counted"
	add_rows "clients in denied prefixes ask, too" "0 failed" "0 failed"
	say "  they got nothing: $before4 packets of 192.0.2.0/24 and $before6 of 2001:db8:bad::/48 were denied"
}

# many_prefixes: 100 000 of them, none of a visitor.
many_prefixes()
{
	awk 'BEGIN {
		for (i = 0; i < 65536; i++)
			printf "11.%d.%d.0/24\n", i / 256, i % 256
		for (i = 0; i < 34464; i++)
			printf "2001:db8:%x:%x::/64\n", 4096 + i / 256, i % 256
	}'
}

fault_prefixes()
{
	local lb begin took

	start_load
	for lb in "${balancers[@]}"; do
		many_prefixes >"$work/$lb/denied.cidr"
	done
	begin=$(now_ms)
	reload_all
	took=$(($(now_ms) - begin))
	for lb in "${balancers[@]}"; do
		shunt_on "$lb" firewall test 11.255.255.7 web | grep -q denied.cidr ||
			die "$lb does not deny the last prefix"
	done
	sleep 1
	for lb in "${balancers[@]}"; do
		: >"$work/$lb/denied.cidr"
	done
	reload_all
	sleep 0.5
	end_load
	nothing_failed pages
	nothing_failed writes
	add_rows "100 000 prefixes are denied, and allowed again" "0 failed" "0 failed"
	say "  both balancers had them after $took ms"
}

# --- floods -----------------------------------------------------------------------------

state_entries()
{
	metric_of_all "(shunt_flow_cache_entries|shunt_conntrack_entries)"
}

# start_flood HOST ROUTER_IF VIP PORT [SOURCE]
start_flood()
{
	entries_before=$(state_entries)
	start flood "$1" "$build/tests/flood" syn eth0 "$(mac_of router "$2")" "${@:3}"
	wait_for 5 said flood 'under way'
}

# end_flood MAX: what was sent goes to $sent, $per_s; to $entries how many more there are,
# MAX at most.
end_flood()
{
	local words max=$1

	entries=$(($(state_entries) - entries_before))
	stop flood
	read -ra words < <(tail -n 1 "$(log_of flood)")
	sent=${words[1]} per_s=${words[3]}
	((sent > 20000 / scale)) || die "that was no flood: ${words[*]}"
	((entries <= max)) || die "the flood made $entries entries in the balancers' tables"
}

# flood_rows WHAT
flood_rows()
{
	nothing_failed pages
	nothing_failed writes
	gap_below pages 1000
	gap_below writes 1000
	add_rows "$sent SYNs $1" "0 failed" "0 failed"
}

# To the web servers, which answer past the balancer: by SYN cookies of their own.
fault_flood()
{
	local name sum=0

	start_load
	for name in "${servers[@]}"; do
		sum=$((sum - $(counted "$name" TcpExtSyncookiesSent)))
	done
	start_flood attacker net "$vip4" 443
	sleep 3
	end_flood 1000
	for name in "${servers[@]}"; do
		sum=$((sum + $(counted "$name" TcpExtSyncookiesSent)))
	done
	sleep 0.5
	end_load
	flood_rows "of made-up senders to the site"
	say "  $per_s a second; $entries entries more in the balancers' tables; web servers answered $sum by cookies"
}

# Of one sender, whom the limit stops.
fault_flood_one()
{
	local limited

	start_load
	limited=$(hits '[^"]*syns')
	start_flood attacker net "$vip4" 443 198.51.100.66
	sleep 2
	end_flood 2000
	limited=$(($(hits '[^"]*syns') - limited))
	sleep 0.5
	end_load
	((limited > sent / 2)) || die "$limited of $sent SYNs of one sender were dropped"
	flood_rows "of one sender to the site"
	say "  $per_s a second; $limited were dropped by the limit of 500 a second and sender"
}

cookies()
{
	metric_of_all 'shunt_packets_total[{].*reason="syn_cookie"'
}

# From within, to the database: shunt answers by cookies, and connections are made. Until
# then each balancer takes 1000 a second; a connection is two entries.
fault_flood_db()
{
	local before i grown

	start_load
	before=$(cookies)
	start_flood monitor lan "$vip_write" 3306
	wait_for 5 flood_is_answered
	sleep 2.5	# entries are counted in rounds a second apart
	grown=$(state_entries)
	for i in 1 2 3 4 5 6 7 8; do
		in_host "web$((i % 3 + 1))" mariadb --no-defaults -h "$vip_write" -uapp -papp --skip-ssl \
			-e 'select @@read_only' >"$work/asked" 2>&1 || die "connection $i: $(<"$work/asked")"
	done
	sleep 1.5
	grown=$(($(state_entries) - grown))
	end_flood 12000
	before=$(($(cookies) - before))
	sleep 0.5
	end_load
	((before > sent / 4)) || die "$before of $sent SYNs were answered by cookies"
	((grown < 500)) || die "$grown entries more while SYNs were answered by cookies"
	flood_rows "of made-up senders to the database"
	say "  $per_s a second; $entries entries more in the balancers' tables, all from before shunt answered by" \
		"cookies, $before of them; 8 new connections were made"
}

flood_is_answered()
{
	[[ $(metric_of_all 'shunt_syn_flood ') == 2 ]]
}
