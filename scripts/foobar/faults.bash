# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong under load, one thing at a time, and what may be noticed of it. Part
# of foobar.sh. Each leaves the site as it found it.

# With all that it has started. The machine has no other processes than ours.
kill_hard()
{
	local pid=${pids[$1]} children

	mapfile -t children < <(pgrep -P "$pid" || true)
	kill -KILL "$pid" "${children[@]}"
	wait_end "$1"
}

fault_nginx()
{
	start_load
	kill_hard nginx-web3
	wait_for 10 all_say web/web3 down
	sleep 1
	start_web web3
	wait_for 10 all_say web/web3 up
	end_load
	failing_below pages 2500
	failing_below writes 2500
	gap_below pages 1000
	add_rows "an nginx is killed" "failing < 2.5 s" "failing < 2.5 s"
}

# The one with the replica.
fault_server()
{
	local host db what

	host=$(the_replica)
	db=db${db_number[$host]}
	start_load
	unplug "$host"
	for what in nginx app db; do
		kill_hard "$what-$host"
	done
	wait_for 10 all_say "web/$host" down
	wait_for 10 all_say "db-read/$db" down
	sleep 2
	replug "$host"
	start_database "$host"
	start_app "$host"
	start_web "$host"
	wait_for 10 all_say "web/$host" up
	wait_for 10 all_say "db-read/$db" up
	end_load
	# Whoever was served by it waits for its answer until his patience ends.
	failing_below pages 8000
	failing_below writes 8000
	gap_below pages 1000
	add_rows "a whole server is off, and its database" "failing < 8 s" "failing < 8 s"
	wait_for 10 replicates "$host"
}

fault_shuntd()
{
	start_load
	stop shuntd-lb1 KILL
	sleep 1
	start_balancer lb1
	sleep 1
	end_load
	nothing_failed pages
	nothing_failed writes
	add_rows "kill -9 of a shuntd" "0 failed" "0 failed"
}

# power_off LB: nothing of it is left but its disk.
power_off()
{
	local what

	unplug "$1"
	for what in shuntd bird keepalived; do
		[[ -z ${pids[$what-$1]:-} ]] || kill_hard "$what-$1"
	done
	on "$1" "$build/shuntd" --config "$work/$1/shunt.yaml" --detach
	ip -n "$1" route flush table 250
	ip -n "$1" -6 route flush table 250
}

# What has left the tables is what one tells the other: connections of a server that is
# being drained, which the balancers find in their caches only.
fault_bgp()
{
	wait_for 20 all_at_rest
	begin_downloads 24
	tell_all backend drain web/web1 >/dev/null
	start_load
	wait_for 10 all_pinned
	sleep 1
	power_off lb1
	wait_for 5 routed_by lb2
	end_downloads
	downloads_of_drained
	replug lb1
	start_balancer lb1
	tell_all backend enable web/web1 >/dev/null
	start_bgp_on lb1
	wait_for 20 routed_by lb1 lb2
	sleep 0.5
	end_load
	gap_below pages 1000
	gap_below writes 1000
	add_rows "a balancer is powered off, BGP and BFD" "gap < 1 s" "gap < 1 s"
}

# Slots that change hands are where only the cache counts.
all_pinned()
{
	[[ $(metric_of_all 'shunt_slots[{]state="(migrating|pinning)"') == 0 &&
		$(metric_of_all 'shunt_slots[{]state="pinned"') -gt 0 ]]
}

downloads_of_drained()
{
	local n

	n=$(cat "$work"/download-*.head | grep -ci '^x-server: web1')
	((n > 0)) || die "no download was by the server that was drained"
	say "  $n of them by a server that was being drained, which the balancers tell each other"
}

# For maintenance: nobody notices that a balancer goes.
fault_drain()
{
	wait_for 20 all_at_rest
	start_load
	shunt_on lb1 announce drain >/dev/null
	wait_for 5 routed_by lb2
	sleep 0.5
	stop shuntd-lb1
	sleep 0.5
	start_balancer lb1
	shunt_on lb1 announce resume >/dev/null
	wait_for 15 routed_by lb1 lb2
	sleep 1
	end_load
	nothing_failed pages
	nothing_failed writes
	add_rows "a balancer is drained, and its daemon restarted" "0 failed" "0 failed"
}

# From here on the router knows one next hop.
use_vrrp()
{
	[[ -n ${pids[keepalived-lb1]:-} ]] || { stop_bgp && start_vrrp; }
}

fault_vrrp()
{
	local was

	use_vrrp
	wait_for 20 all_at_rest
	has_master || die "no master"
	was=$master
	begin_downloads 8
	start_load
	power_off "$was"
	wait_for 5 has_master
	sleep 1
	end_downloads
	replug "$was"
	start_balancer "$was"
	start_vrrp_on "$was"
	wait_for 10 holds_gateway "$was"
	sleep 1
	end_load
	gap_below pages 1000
	gap_below writes 1000
	add_rows "the active balancer is powered off, VRRP" "gap < 1 s" "gap < 1 s"
}

fault_dns()
{
	start_load
	kill_hard dnsmasq-resolver
	sleep 1
	start_resolver
	sleep 1
	end_load
	nothing_failed pages
	nothing_failed writes
	add_rows "the resolver is away, and has lost its cache" "0 failed" "0 failed"
}

# Round robin and least connections, by turns, while visitors come. What these remember of
# connections is of no use to `consistent`, so there is nobody when that comes back.
fault_scheduler()
{
	start_load
	for scheduler in round_robin least_conn round_robin least_conn; do
		reload_all
		sleep 0.7
	done
	end_load
	nothing_failed pages
	nothing_failed writes
	add_rows "round robin, least connections, by reload" "0 failed" "0 failed"
	scheduler=consistent
	reload_all
}

# --- the database --------------------------------------------------------------------

# fail_over FROM TO: what an operator does, or his tool, when the primary is lost.
fail_over()
{
	local sockets=() lb

	for lb in "${balancers[@]}"; do
		sockets+=("$work/$lb/shunt.sock")
	done
	SHUNT=$build/shunt "$top/scripts/foobar/fail_over.sh" "db-write/db${db_number[$1]}" \
		"$work/db/$2.sock" "${sockets[@]}" >"$work/fail_over" 2>&1 ||
		die "fail_over.sh: $(<"$work/fail_over")"
}

# take_back HOST PRIMARY: it was the primary once, and follows from now on. What it has of
# its own, a write that nobody was told to be safe, is lost: it begins anew.
take_back()
{
	kill_hard "db-$1"
	rm -r "$work/db/$1"
	db_age[$1]=$((db_age[$1] + 1))
	start_database "$1"
	follow "$1" "$(address_of "$2")"
	wait_for 10 replicates "$1"
	tell_all backend enable "db-write/db${db_number[$1]}" >/dev/null
}

visits_in()
{
	sql "$1" "select count(*) from foobar.visits"
}

# all_visits_in HOST N: at least; none that somebody was told of is lost.
all_visits_in()
{
	(($(visits_in "$1") >= $2))
}

# Who may be written to, all the time; one line a look.
watch_primaries()
{
	local name

	while :; do
		for name in web1 web2; do
			printf '%s ' "$(sql "$name" 'select @@read_only' 2>/dev/null || echo gone)"
		done
		printf '\n'
		sleep 0.03
	done >"$work/primaries"
}

fault_primary()
{
	local before watcher acknowledged old new

	old=$(the_primary) new=$(the_replica)
	before=$(visits_in "$old")
	watch_primaries &
	watcher=$!
	start_load
	kill_hard "db-$old"
	fail_over "$old" "$new"
	wait_for 10 all_say "db-write/db${db_number[$new]}" up
	sleep 1
	start_database "$old"	# as it was, by somebody who knows of nothing
	sleep 1
	take_back "$old" "$new"
	wait_for 10 all_say "db-read/db${db_number[$old]}" up
	sleep 1
	end_load
	kill "$watcher"
	wait "$watcher" || true
	nothing_failed pages
	gap_below pages 1000
	gap_below writes 5000
	add_rows "the primary database is killed" "0 failed" "gap < 5 s"
	want "looks that saw two primaries" 0 "$(grep -c '^0 0' "$work/primaries" || true)"
	wait_for 10 same_visits
	acknowledged=$((noticed[writes_pages] - noticed[writes_failed]))
	wait_for 10 all_visits_in "$new" "$((before + noticed[pages_pages] + acknowledged))"
	say "  $acknowledged writes were acknowledged meanwhile, $(($(visits_in "$new") - before)) visits" \
		"are in both databases; $(wc -l <"$work/primaries") looks saw no two primaries"
}

