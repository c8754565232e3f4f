#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The firewall: who is denied gets nothing, and is counted by the rule; what is said at
# runtime counts at once, ends by itself and survives a restart; files are watched; and a
# hundred thousand prefixes come and go under load.
# limit: 90 s
. "$(dirname "$0")/lib.sh"

bad4=10.1.0.66
bad6=2001:db8:1::66
lists=$work/deny.d
named=$work/named.cidr
many=100000

# asks ADDRESS VIP: a request from there, answered or not.
asks()
{
	in_host client curl -gfsS -m 1 --interface "$1" -o /dev/null "http://$(url_host "$2")/" \
		2>/dev/null
}

nothing_for()
{
	! asks "$1" "$2"
}

firewall()
{
	cat <<-EOT
	firewall:
	  deny: [198.18.0.0/15, { file: "$lists/*.cidr" }, { file: "$named" }]
	EOT
}

hits()
{
	metric "shunt_firewall_rule_hits_total[{].*rule=\"$1"
}

# says PATTERN ARGUMENT...: what shunt says.
says()
{
	local text

	text=$(shunt "${@:2}" 2>&1) || true
	[[ $text =~ $1 ]] || die "shunt ${*:2}: no \"$1\" in: $text"
}

# tells ADDRESS TEXT: whether it may send.
tells()
{
	shunt firewall test "$1" | grep -q "$2"
}

# put_list NAME: the file, from stdin, in one step.
put_list()
{
	cat >"$lists/.$1"
	mv "$lists/.$1" "$lists/$1.cidr"
}

reload()
{
	shunt reload >"$work/reload" 2>&1 || die "reload refused: $(<"$work/reload")"
}

one_armed_direct
ip -n client addr add "$bad4/24" dev eth0
# Deprecated, so that it is nobody's choice.
ip -n client addr add "$bad6/64" dev eth0 nodad preferred_lft 0
mkdir -p "$lists"
echo 198.51.100.0/24 >"$named"
printf '# who was bad\n\n%s\n  %s/128   ; and by IPv6\n' "$bad4" "$bad6" | put_list bad
{ web_service; firewall; } | write_conf
sed -i 's/^daemon:/daemon:\n  watch: true/' "$conf"
start_shuntd
wait_for 5 every_backend_answers "$vip4"
wait_for 5 every_backend_answers "$vip6"

# Denied, and nobody else is.
nothing_for "$bad4" "$vip4" || die "$bad4 is let through"
nothing_for "$bad6" "$vip6" || die "$bad6 is let through"
! in_host client ping -c 1 -W 1 -I "$bad4" "$vip4" >/dev/null || die "a ping of $bad4 is answered"
in_host client ping -c 1 -W 1 -I 10.1.0.2 "$vip4" >/dev/null || die "no ping is answered"
in_host client ping -c 1 -W 1 -I "$bad4" 10.1.0.1 >/dev/null ||
	die "the balancer itself is out of reach"
every_backend_answers "$vip4" || die "others are not let through"
(($(hits "$lists/bad.cidr") > 2)) || die "hits are not counted: $(hits "$lists/bad.cidr")"
want "hits of another rule" 0 "$(hits 198.18)"
want "packets denied" "$(reason_count denied)" "$(hits "$lists/bad.cidr")"
says "denied.*bad.cidr, line 3: $bad4/32" firewall test "$bad4"
says 'may pass.*no rule' firewall test 10.1.0.2 web
says "deny .*bad.cidr +enforce +2" firewall list
says 'denied' explain tcp "$bad4:40000" "$vip4:80"

# A file that goes is noticed; one that is wrong changes nothing, and says where.
rm "$lists/bad.cidr"
wait_for 6 asks "$bad4" "$vip4"
printf '%s\n10.1.0.300\n' "$bad4" | put_list wrong
says 'wrong.cidr:2:1: error: "10.1.0.300" is not a prefix' reload
asks "$bad4" "$vip4" || die "a file that is wrong was taken"
rm "$lists/wrong.cidr"

# Of one that the config names, and that is gone, all counts until there is another.
mv "$named" "$work/gone"
wait_for 6 said shuntd "cannot read $named"
tells 198.51.100.7 denied || die "what a file said is lost with it"
echo 203.0.113.0/24 >"$work/next"
mv "$work/next" "$named"
wait_for 6 tells 203.0.113.7 denied
tells 198.51.100.7 'may pass' || die "the former file still counts"

# At runtime: for a while, and until it is taken back, whatever becomes of the daemon.
says "$bad4/32: denied" firewall add "$bad4" --for 2s
nothing_for "$bad4" "$vip4" || die "what was added does not count"
says "firewall: $bad4/32 denied, [12]s left" show overrides
wait_for 5 asks "$bad4" "$vip4"
shunt firewall add "$bad4"
stop_shuntd
nothing_for "$bad4" "$vip4" || die "let through without a daemon"
start_shuntd
nothing_for "$bad4" "$vip4" || die "what was added is forgotten"
(($(hits runtime) > 1)) || die "hits do not outlast the daemon: $(hits runtime)"
shunt firewall add 10.1.0.64/26 --allow --service web
asks "$bad4" "$vip4" || die "who is allowed is not let through"
shunt firewall del 10.1.0.64/26 --allow --service web
shunt firewall del "$bad4"
asks "$bad4" "$vip4" || die "what was taken back still counts"
says 'was not denied at runtime' firewall del "$bad4"

# A rule that comes, together with other maps, has hit nothing, whoever had its id before.
{ web_service; firewall; echo '  rate_limit_memory: 8MiB'; } | sed "s,deny: \[,&203.0.113.0/24\, 203.0.113.7\, ," |
	write_conf
reload
for rule in 203.0.113.0/24 203.0.113.7/32; do
	want "hits of $rule, which is new" 0 "$(hits "$rule")"
done

# Who denies somebody who is allowed is told that it does not do.
shunt firewall add "$bad4" --allow --for 1m
says "note: who is allowed is let through all the same: allow runtime: $bad4/32" firewall add "$bad4"
shunt firewall del "$bad4"
shunt firewall del "$bad4" --allow

# A hundred thousand, and as many others, while packets flow.
start_load "$vip4" "$vip6"
for half in 1 2; do
	{
		awk -v half="$half" -v n="$many" 'BEGIN { for (i = 0; i < n; i++)
			printf "%d.%d.%d.%d/32\n", 11 + half * 10 + i % 37, i / 37 % 256, i % 251, i % 241 }'
		echo "$bad4"
	} | put_list many
	began=$(date +%s%N)
	reload
	say "$many prefixes: reloaded in $((($(date +%s%N) - began) / 1000000)) ms"
	nothing_for "$bad4" "$vip4" || die "$bad4 is not found among $many"
done
rm "$lists/many.cidr"
reload
asks "$bad4" "$vip4" || die "$bad4 is denied by a file that is gone"
end_load
