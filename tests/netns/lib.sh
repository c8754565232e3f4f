# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Hosts, links and servers for tests with real traffic.
#
# Whoever sources this runs in mount, network and process namespaces of its own,
# as process 1 of them. /run and bpffs are its own too. So whatever it makes is
# invisible to the machine, and when it ends, however it ends, the kernel kills
# every process that is left and takes the rest away with the last of them.
#
# A host is a network namespace; a fabric is one with nothing but a bridge.
#
#	add_fabric lan
#	add_host client
#	plug client eth0 lan 10.1.0.2/24 2001:db8:1::2/64
#
# Rule: wait for what shall happen, with a deadline (wait_for); never sleep and
# hope. SHUNT_TEST_SCALE stretches every deadline on slow machines.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(realpath -m "${BUILD:-$here/../../build}")
scale=${SHUNT_TEST_SCALE:-1}
PATH=$PATH:/usr/sbin:/sbin
# Debian's own, even where something else comes first.
python=$(PATH=/usr/bin:$PATH type -P python3 || true)

if [[ ${SHUNT_SANDBOX:-} != 1 || $$ != 1 ]]; then
	[[ $EUID == 0 ]] || { echo "needs root: network namespaces and XDP" >&2; exit 1; }
	SHUNT_SANDBOX=1 SHUNT_OUTER_PID=$$ exec unshare --mount --net --pid --fork --kill-child --mount-proc \
		--propagation private bash "$0" "$@"
fi

work=/run/work			# everything a test writes
conf=$work/shunt.yaml
socket=$work/shunt.sock
state_dir=$work/state
interfaces='eth0: { mode: native }'	# for write_conf
declare -A pids=()		# of what start() started, by name
status=0			# exit status of what stop() or wait_end() ended last

# --- saying and waiting -----------------------------------------------------

say()
{
	printf '%s\n' "$*"
}

# Log of a process that start() started.
log_of()
{
	printf '%s/%s.log' "$work" "$1"
}

# In a subshell too; what went wrong is told in full once.
die()
{
	local log

	printf 'FAILED: %s\n' "$*" >&2
	if mkdir "$work/died" 2>/dev/null; then
		for log in "$work"/*.log; do
			[[ -s $log ]] || continue
			printf -- '--- %s (last lines)\n' "${log##*/}"
			tail -n "${SHUNT_TEST_LINES:-15}" "$log"
		done >&2
	fi
	[[ $BASHPID != 1 ]] || keep_for_inspection
	exit 1
}

# With KEEP=1 a failed test stays as it is until it is stopped.
keep_for_inspection()
{
	[[ -n ${KEEP:-} ]] || return 0
	say "kept; to look around: nsenter -t $SHUNT_OUTER_PID -m -n bash   (ip netns list; ls $work)"
	say "to end it: Ctrl-C, or kill -KILL $SHUNT_OUTER_PID"
	sleep infinity
}

skip()
{
	printf 'skip: %s\n' "$*"
	exit 77
}

now_ms()
{
	local us=${EPOCHREALTIME/[.,]/}

	printf '%s' "$((us / 1000))"
}

# poll SECONDS COMMAND...: until it succeeds; false if it does not in time.
poll()
{
	local end=$(($(now_ms) + $1 * scale * 1000))

	shift
	until "$@" >/dev/null 2>&1; do
		[[ $(now_ms) -lt $end ]] || return 1
		sleep 0.05
	done
}

# As poll, and the test has failed if it does not.
wait_for()
{
	poll "$@" || die "waited $(($1 * scale)) s for: ${*:2}"
}

# said NAME PATTERN [LINE]: in its log, after that line.
said()
{
	tail -n +"$((${3:-0} + 1))" "$(log_of "$1")" | grep -E -- "$2" >/dev/null
}

log_lines()
{
	wc -l <"$(log_of "$1")"
}

# want NAME EXPECTED ACTUAL
want()
{
	[[ $2 == "$3" ]] || die "$1: expected '$2', got '$3'"
}

# --- processes --------------------------------------------------------------

# start NAME HOST COMMAND...: in the background, its output in its log.
start()
{
	local log

	log=$(log_of "$1")
	[[ ! -e $log ]] || cat "$log" >>"$log.old"
	: >"$log"	# before anybody reads in it what the last one said
	nsenter --net="/run/netns/$2" -- "${@:3}" >"$log" 2>&1 </dev/null &
	pids[$1]=$!
}

is_running()
{
	kill -0 "${pids[$1]}" 2>/dev/null
}

# wait_end NAME: its exit status goes to $status.
wait_end()
{
	status=0
	wait "${pids[$1]}" 2>/dev/null || status=$?
	unset "pids[$1]"
}

# stop NAME [SIGNAL]
stop()
{
	kill -s "${2:-TERM}" "${pids[$1]}"
	wait_end "$1"
}

# --- here it begins -----------------------------------------------------------

open_sandbox()
{
	[[ -x $build/shuntd && -x $build/shunt && -x $build/shunt-decap && -e $build/tests/pass.bpf.o ]] ||
		{ echo "not built in $build: run 'make netns'" >&2; exit 1; }
	mount -t tmpfs -o mode=755 tmpfs /run
	mount -t bpf bpf /sys/fs/bpf
	mkdir -p /run/netns "$work"
	[[ -e /var/run ]] || ln -s /run /var/run
	ip link set lo up
}

. "$here/hosts.bash"
. "$here/servers.bash"
. "$here/balancer.bash"

trap 'die "${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR
set -o errtrace
trap '[[ ! -d $work/died ]] || exit 1' EXIT	# in a subshell, perhaps unnoticed
trap 'exit 130' INT TERM
open_sandbox
