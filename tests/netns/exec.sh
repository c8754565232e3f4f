#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks of type exec: a script of the operator's asks each backend for what nothing
# else asks; it is told whom by its environment.
. "$(dirname "$0")/lib.sh"

backends=(b1 b2)

stands()
{
	shunt backend list web --json | jq -e --arg name "$1" --arg state "$2" --arg code "$3" --arg detail "$4" '
		.data.services[0].backends[] | select(.name == $name) | .check | .state == $state and
		.code == $code and (.detail | startswith($detail))' >/dev/null
}

one_armed_direct
chmod 755 "$work"
cat >"$work/check" <<'EOT'
#!/bin/bash
# Fit is who says its own name; the file is what the test changes.
said=$(curl -fsS -m 5 "http://$SHUNT_ADDRESS:$SHUNT_PORT/$1" 2>&1) || { echo "$said"; exit 7; }
[[ $said != slow ]] || sleep 1000
[[ $said == "$SHUNT_BACKEND of $SHUNT_SERVICE" ]] && echo "it is $said"
EOT
chmod 755 "$work/check"
for name in "${backends[@]}"; do
	echo "$name of web" >"$work/$name/www/who"
done
write_conf <<EOT
services:
  web:
    vip: $vip4
    ports: 80/tcp
    check: { type: exec, command: $work/check, args: [who], interval: $pace, fast_interval: $pace,
             down_interval: $pace, timeout: $pace, rise: 2, fall: 2 }
    backends:
$(backend_list 4)
EOT
start_shuntd
wait_for 5 stands b1 up OK "it is b1 of web"
wait_for 5 stands b2 up OK "it is b2 of web"
wait_for 5 only_answers "$vip4" "b1 b2"

rm "$work/b1/www/who"
wait_for 5 stands b1 down PROCERR "exit 7: curl: (22) "
wait_for 5 only_answers "$vip4" b2
echo "slow" >"$work/b1/www/who"
wait_for 5 stands b1 down PROCTOUT "not done within"
stands b2 up OK "it is b2 of web" || die "b2 does not stand as it did"
echo "b1 of web" >"$work/b1/www/who"
wait_for 5 stands b1 up OK "it is b1 of web"

say "the one who runs them: $(ps -C shuntd-exec -o user=,comm=)"
kill -KILL "$(pgrep -x shuntd-exec)"
wait_for 5 said shuntd 'shuntd-exec ended by signal 9; starting it again'
wait_for 5 pgrep -x shuntd-exec
sed -i 's/ }$/ }/; s/args: \[who\]/args: [nobody]/' "$conf"
shunt reload >/dev/null
wait_for 5 stands b2 down PROCERR "exit 7: curl: (22) "
stop_shuntd
[[ -z $(pgrep -x 'sleep') ]] || die "a command goes on without the daemon"
