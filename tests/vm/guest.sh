#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The guest's second program: makes the machine usable, runs the jobs, stops.
#
# /run/job is shared with the host: commands holds one job a line, shell text to
# run in /shunt; results gets one line a job, its exit status. A job without a
# result did not end: run.sh counts it as failed.
set -u
job=/run/job
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root TERM=dumb

set_up_machine()
{
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	mount -t bpf bpf /sys/fs/bpf
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing
	ln -sf /proc/self/fd /dev/fd
	ln -sf /proc/self/fd/0 /dev/stdin
	ln -sf /proc/self/fd/1 /dev/stdout
	ln -sf /proc/self/fd/2 /dev/stderr
	echo vm >/proc/sys/kernel/hostname
	ip link set lo up
}

# The network card is for tests, which have namespaces of their own: how they get at it.
offer_card()
{
	modprobe vmxnet3 || return 0
	touch /mnt/net
	mount --bind /proc/self/ns/net /mnt/net
	export SHUNT_VM_NET=/mnt/net
}

run_commands()
{
	local command

	# No carriage returns: a closing line should end where it ends.
	stty -F /dev/console -onlcr
	dmesg --clear
	while IFS= read -r command <&3; do
		# Through a pipe: the program should not think of this console
		# as of a terminal to paint on.
		(cd /shunt && eval "$command") </dev/null 2>&1 3<&- | cat
		echo "${PIPESTATUS[0]}" >>"$job/results"
	done 3<"$job/commands"
	dmesg --level=emerg,alert,crit,err,warn >"$job/dmesg"
}

set_up_machine
offer_card
# shellcheck source=/dev/null
. "$job/env"
if [ -e "$job/shell" ]; then
	cd /shunt && setsid -c bash -i <>/dev/ttyS0 >&0 2>&1
else
	run_commands
fi
# Setting the line waits until it has drained. Then stop at once, since nothing
# here needs an orderly end: a write to QEMU's exit port, and should that fail, a
# reboot, which QEMU takes as the end too but the kernel announces.
stty -F /dev/console onlcr
printf '\1' | dd of=/dev/port bs=1 seek=$((0x501)) status=none
echo b >/proc/sysrq-trigger
sleep 60
