# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: BSD-2-Clause
# How something is played in namespaces of its own, and left running. For a script that
# sets $play, its name, and has print_commands PID, which says what to try: PID is the
# first process in the namespaces. Between sourcing this and the end of the play comes
# tests/netns/lib.sh.
#	KEEP=1	leave it running
#	STOP=1	end one that was left running

# --- outside of the namespaces ------------------------------------------------

pid_file=/run/shunt-$play.pid		# of one that was left running

left_running()
{
	local pid

	pid=$(cat "$pid_file" 2>/dev/null) || return 1
	grep -qsz "$play\.sh$" "/proc/$pid/cmdline" || return 1
	printf '%s' "$pid"
}

stop_play()
{
	local pid

	if ! pid=$(left_running); then
		rm -f "$pid_file"
		echo "$play: none is running"
		return
	fi
	kill -KILL "$pid"	# and the kernel kills all that is in its namespaces
	rm -f "$pid_file"
	echo "$play: stopped"
}

# Play it in the background, in a session of its own, and let go of it at the end.
# What is left running must not hold our output open, or whoever reads that waits
# for it: so it has a pipe instead, whose lines are passed on from here.
play_and_keep()
{
	local pid line pipe

	if left_running >/dev/null; then
		echo "$play: one is running already; end it with: sudo make $play STOP=1" >&2
		exit 1
	fi
	[[ ! -t 1 ]] || export SHUNT_PLAY_TTY=1
	exec {pipe}< <(SHUNT_PLAY=keep exec setsid bash "$0" "$@" 2>&1)
	read -r -u "$pipe" pid
	trap 'kill -KILL "$pid" 2>/dev/null; exit 130' INT TERM
	while IFS= read -r -u "$pipe" line; do
		if [[ $line == played ]]; then
			echo "$pid" >"$pid_file"
			print_commands "$(pgrep -P "$pid")"
			return
		fi
		printf '%s\n' "$line"
	done
	exit 1
}

if [[ -z ${SHUNT_PLAY:-} ]]; then
	[[ $EUID == 0 ]] || { echo "$play: needs root (network namespaces and XDP): sudo make $play" >&2; exit 1; }
	[[ -z ${STOP:-} ]] || { stop_play; exit; }
	[[ -z ${KEEP:-} ]] || { play_and_keep "$@"; exit; }
	export SHUNT_PLAY=once
elif [[ $SHUNT_PLAY == keep && ${SHUNT_SANDBOX:-} != 1 ]]; then
	echo "$$"
fi

# --- inside ---------------------------------------------------------------------

bold='' plain=''
if [[ -t 1 || -n ${SHUNT_PLAY_TTY:-} ]]; then
	bold=$'\e[1m' plain=$'\e[0m'
fi

heading()
{
	printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

indent()
{
	sed 's/^/    /'
}

# let_go: with KEEP=1 the play is over here, and what runs runs on.
let_go()
{
	[[ $SHUNT_PLAY == keep ]] || return 0
	trap - ERR INT TERM
	echo played
	exec >/dev/null 2>&1
	sleep infinity
}
