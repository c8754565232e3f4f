#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A config is compared, tried for a while, confirmed, or taken back; backends come and go
# at runtime, and stay so; files are included, and watched.
# limit: 90 s
. "$(dirname "$0")/lib.sh"

# What the daemon has freed it shall not read: that would be said, and be found here.
export MALLOC_PERTURB_=85
next=$work/next.yaml
included=$work/conf.d

# expect CODE PATTERN ARGUMENT...: what shunt says, and how it ends.
expect()
{
	local code=0 text

	text=$(shunt "${@:3}" 2>&1) || code=$?
	say "shunt ${*:3}: exit $code: $text"
	want "exit status of shunt ${*:3}" "$1" "$code"
	[[ $text =~ $2 ]] || die "shunt ${*:3}: no \"$2\""
}

# services_of BACKEND...: the service with these.
service_of()
{
	web_service | grep -vE "name: ($1)\b"
}

# shows PATTERN: the operator's word, still.
shows()
{
	[[ $(shunt show overrides) =~ $1 ]]
}

one_armed_direct
service_of b3 | write_conf
start_shuntd
wait_for 5 only_answers "$vip4" "b1 b2"
expect 0 'no difference' config diff

# Tried: after its time the former one is back, and the file is as it was.
{ cat "$conf"; printf '      - { name: b3, address: %s.13 }\n' "$net4"; } |
	sed 's/name: b1,/name: b1, weight: 0,/' >"$next"
expect 0 'backends.b1.weight: 100 -> 0.*\+ services.web.backends.b3.*none -> 10.1.0.13' \
	config diff "$next"
before=$(<"$conf")
expect 0 'former config returns in 4s' config apply "$next" --confirm 4s
wait_for 3 only_answers "$vip4" "b2 b3"
expect 0 'to be confirmed' status
want "the config file" "$before" "$(<"$conf")"
wait_for 8 only_answers "$vip4" "b1 b2"
said shuntd 'not confirmed' || die "no word about it"
expect 3 'no config waits' config confirm
[[ ! -e $conf.next ]] || die "$conf.next is left"

# A daemon that dies meanwhile comes back with the former one.
expect 0 'former config returns' config apply "$next" --confirm 60s
wait_for 3 only_answers "$vip4" "b2 b3"
stop shuntd KILL
printf 'half of one' >"$conf.draft"
start_shuntd
wait_for 5 only_answers "$vip4" "b1 b2"
[[ ! -e $conf.next && ! -e $conf.draft ]] || die "a draft of the former daemon is left"
said shuntd "$conf.next is gone" || die "no word about it"

# What somebody writes into the file meanwhile is not overwritten.
expect 0 'former config returns' config apply "$next" --confirm 60s
printf '# by hand\n' >>"$conf"
expect 1 "$conf was changed since" config confirm
want "the config file" "$before"$'\n# by hand' "$(<"$conf")"
expect 0 'to be confirmed' status
expect 0 "it is $conf now" config confirm --force
want "the config file" "$(<"$next")" "$(<"$conf")"
printf '%s\n' "$before" >"$conf"
expect 0 'applied' reload

# One that is refused meanwhile does not come in the place of what waits.
expect 0 'former config returns' config apply "$next" --confirm 60s
sed 's/127.0.0.1:9924/192.0.2.1:9924/' "$next" >"$work/refused.yaml"
expect 1 'cannot apply' config apply "$work/refused.yaml"
expect 0 'to be confirmed' status
expect 0 "it is $conf now" config confirm
want "the config file" "$(<"$next")" "$(<"$conf")"
[[ ! -e $conf.next && ! -e $conf.draft ]] || die "a draft is left"
printf '%s\n' "$before" >"$conf"
expect 0 'applied' reload

# Nor does what came and went at runtime end with one that is not confirmed.
expect 0 'web/b2: deleted' backend del web/b2
grep -v 'name: b2' "$next" >"$work/without.yaml"
expect 0 'former config returns' config apply "$work/without.yaml" --confirm 2s
expect 0 'web/b4: added' backend add web/b4 "address=$net4.14"
wait_for 8 said shuntd 'not confirmed'
wait_for 5 shows 'web/b2 deleted'
expect 0 'web/b2: added' backend add web/b2
expect 0 'web/b4: deleted' backend del web/b4

# Confirmed, and applied for good.
expect 0 'former config returns' config apply "$next" --confirm 60s
expect 0 "it is $conf now" config confirm
want "the config file" "$(<"$next")" "$(<"$conf")"
expect 0 'no difference' config diff
service_of b3 >"$work/services"
cp "$conf" "$work/three"
write_conf <"$work/services"
mv "$conf" "$next"
cp "$work/three" "$conf"
expect 0 "it is $conf now" config apply "$next"
wait_for 3 only_answers "$vip4" "b1 b2"
want "the config file" "$(<"$next")" "$(<"$conf")"

# A wrong one changes nothing.
sed 's/forward:/froward:/' "$conf" >"$next"
expect 2 'next.yaml:[0-9]+:[0-9]+: error: .*froward' config apply "$next"
want "who answers" "b1 b2" "$(who_answers "$vip4")"

# Backends come and go at runtime, and stay so over a reload and a restart.
expect 2 'say where it is' backend add web/b3
expect 2 'backend web/b3:1:[0-9]+: error: .*did you mean "address"' backend add web/b3 adress=1
expect 0 'added' backend add web/b3 "address=$net4.13" "address6=$net6:13" weight=100
wait_for 3 every_backend_answers "$vip4"
expect 1 'already' backend add web/b3 "address=$net4.13"
expect 0 'deleted' backend del web/b1
want "who answers" "b2 b3" "$(who_answers "$vip4")"
expect 0 'b3 added: .*b1 deleted' show overrides
expect 0 '2 overrides: shunt show overrides' status
expect 0 'applied' reload
want "who answers after a reload" "b2 b3" "$(who_answers "$vip4")"
stop_shuntd
start_shuntd
wait_for 5 only_answers "$vip4" "b2 b3"
# What was added does not fit to the file any more: what was deleted stays so.
stop_shuntd
cp "$conf" "$work/fit.yaml"
sed "s/name: b\([0-9]\),/name: b\1, id: \1,/" "$work/fit.yaml" >"$conf"
start_shuntd
said shuntd 'without the backends that were added at runtime' || die "no word about it"
expect 0 'b1 deleted' show overrides
wait_for 5 only_answers "$vip4" "b2"
mv "$work/fit.yaml" "$conf"
expect 0 'applied' reload
expect 0 'added' backend add web/b3 "address=$net4.13"
wait_for 5 only_answers "$vip4" "b2 b3"
expect 1 'without settings' backend add web/b1 "address=$net4.99"
expect 0 'added' backend add web/b1
wait_for 3 every_backend_answers "$vip4"
# The config says the same now.
web_service | write_conf
expect 0 'applied' reload
expect 0 'nothing is said' show overrides
service_of b1 | write_conf
expect 0 'applied' reload
want "who answers" "b2 b3" "$(who_answers "$vip4")"

# Included, and watched.
mkdir "$included"
{ web_service; } | sed '1d' >"$work/services"
{ printf 'include: %s/*.yaml\n' "$included"; } | write_conf
sed -i 's|^daemon:|daemon:\n  watch: true|' "$conf"
web_service >"$included/web.yaml"
expect 0 'applied' reload
wait_for 3 every_backend_answers "$vip4"
service_of b2 >"$included/web.yaml"
wait_for 5 only_answers "$vip4" "b1 b3"
printf 'services: [\n' >"$included/wrong.yaml"
wait_for 5 said shuntd 'wrong.yaml:[0-9]+:[0-9]+: error'
rm "$included/wrong.yaml"
web_service >"$included/web.yaml"
wait_for 5 every_backend_answers "$vip4"

# What changes while the last change is being applied is not taken for read: at some
# moments of it, which so many services make a long one.
many_services()
{
	local i

	echo 'services:'
	for ((i = 0; i < 200; i++)); do
		say "  many$i: { vip: 198.18.0.$i, ports: [80/tcp], forward: direct," \
		    "check: { type: none }, backends: [{ name: b1, address: $net4.11, weight: $1 }, { name: b2, address: $net4.12 }] }"
	done
}

for ((round = 1; round <= 2; round++)); do
	lines=$(log_lines shuntd)
	many_services "$round" >"$included/many.yaml"
	wait_for 5 said shuntd 'yaml has changed' "$lines"
	sleep "0.0$((round * 2 - 1))"
	printf 'services: [\n' >"$included/wrong.yaml"
	wait_for 5 said shuntd 'wrong.yaml:[0-9]+:[0-9]+: error' "$lines"
	lines=$(log_lines shuntd)
	rm "$included/wrong.yaml"
	wait_for 5 said shuntd 'applied: ' "$lines"
done
lines=$(log_lines shuntd)
rm "$included/many.yaml"
wait_for 5 said shuntd 'applied: backends [+]0 -400' "$lines"

# While one is tried that includes other files the former one's are watched.
sed "s|^include: .*|include: [$included/*.yaml, $included/*.yml]|" "$conf" >"$next"
expect 0 'former config returns' config apply "$next" --confirm 60s
cp /dev/null "$included/other.yml"
sleep 3
expect 0 'to be confirmed' status
expect 0 "it is $conf now" config confirm

# A file that nothing can be put in place of: then nothing else runs, either.
stop_shuntd
mount --bind "$conf" "$conf"
start_shuntd
wait_for 5 every_backend_answers "$vip4"
before=$(<"$conf")
grep -v '^include:' "$conf" >"$next"
expect 1 "cannot write $conf: .*busy" config apply "$next"
wait_for 5 every_backend_answers "$vip4"
want "the config file" "$before" "$(<"$conf")"
expect 0 'no difference' config diff
[[ ! -e $conf.draft ]] || die "a draft is left"
umount "$conf"
