#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Run tests on a stock kernel of Debian, in a virtual machine.
#
# The machine sees the host's files read-only and keeps its own writes in
# memory; it has no disk, and a network card that leads nowhere. So it needs no image, no privilege and
# no cleaning up, and the programs under test are the very files just built.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$top"
build=$(realpath -m "${BUILD:-build}")
kernel_version=6.1
timeout_s=${VM_TIMEOUT_S:-2700}
shell=
names=()
commands=()	# shell text, one line each

usage()
{
	cat <<-EOF
	usage: tests/vm/run.sh [--kernel VERSION] [TEST...]
	       tests/vm/run.sh [--kernel VERSION] --command 'SHELL COMMAND'
	       tests/vm/run.sh [--kernel VERSION] --shell

	VERSION is that of a kernel of Debian: 6.1, the preset, or 6.12 of its backports.

	TEST is 'bpf' (the packet tests) or the name of a script in tests/netns.
	'bpf:PATTERN' runs the suites of that pattern. Without TEST: what the kernel's list
	in tests/vm says.
	Commands and the shell start in /shunt, the repository.

	VERBOSE=1          the kernel's own messages too
	VM_TIMEOUT_S=2700  end the machine after this many seconds
	VM_ACCEL=tcg|kvm   default: kvm where the processor has it
	BUILD=build        where the built programs are
	EOF
}

die()
{
	printf 'vm: %s\n' "$*" >&2
	exit 1
}

add_job()
{
	names+=("$1")
	commands+=("$2")
}

# add_bpf [PATTERN]
add_bpf()
{
	local filter="${1:-*}/*"

	[ -x "$build/bpf-tests" ] || die "no $build/bpf-tests: run 'make vm'"
	add_job bpf "build/bpf-tests --filter ${filter@Q}"
}

# All of them are one job: their runner counts them.
add_netns()
{
	[ "$#" -gt 0 ] || return 0
	add_job netns "tests/netns/run.sh --vm ${*@Q}"
}

add_tests()
{
	local name
	local -a listed netns=()

	if [ "$#" -eq 0 ]; then
		mapfile -t listed < <(grep -v -e '^#' -e '^$' "$here/$kernel_version.list")
		set -- "${listed[@]}"
	fi
	for name in "$@"; do
		case $name in
		bpf) add_bpf ;;
		bpf:*) add_bpf "${name#bpf:}" ;;
		*) netns+=("$name") ;;
		esac
	done
	add_netns "${netns[@]}"
}

parse_args()
{
	while [ "$#" -gt 0 ]; do
		[[ $1 != --@(kernel|command) || $# -gt 1 ]] || die "$1 needs a value"
		case $1 in
		--kernel) kernel_version=$2; shift ;;
		--shell) shell=1 ;;
		--command) add_job command "bash -c ${2@Q}"; shift ;;
		-h | --help) usage; exit 0 ;;
		-*) usage >&2; exit 2 ;;
		*) break ;;
		esac
		shift
	done
	[ -n "$shell" ] || [ "${#commands[@]}:$#" = 1:0 ] || add_tests "$@"
}

# What the guest reads; see guest.sh and init.
write_job_folder()
{
	printf '%s\n' "$top" >"$job/top"
	printf '%s\n' "$build" >"$job/build"
	printf '%s\n' "$kernel" >"$job/kernel"
	printf '%s\n' "${commands[@]}" >"$job/commands"
	: >"$job/results"
	{
		printf 'export SHUNT_TEST_SCALE=%q\n' "${SHUNT_TEST_SCALE:-10}"
		printf 'export VERBOSE=%q\n' "${VERBOSE:-}"
		[ -z "$shell" ] || printf 'export TERM=%q\n' "${TERM:-dumb}"
	} >"$job/env"
	[ -z "$shell" ] || : >"$job/shell"
}

# /dev/kvm may exist where the processor cannot do it. Emulated processors take turns
# in one thread: with a thread each, one of them may go on with code that the other has
# changed, as the kernel changes its own at every test run of an XDP program, and dies of
# the breakpoint that had stood there (Linux 6.12: "Oops: int3" in bpf_dispatcher_xdp_func).
# Without ERMS and FSRM the kernel copies memory by words: "rep movsb" is emulated byte by
# byte, and took half of the verifier's time.
pick_accel()
{
	local accel=${VM_ACCEL:-tcg}

	if [ -z "${VM_ACCEL:-}" ] && [ -w /dev/kvm ] &&
	   grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; then
		accel=kvm
	fi
	case $accel in
	kvm) printf '%s\n' -accel kvm -cpu host ;;
	*) printf '%s\n' -accel tcg,thread=single -cpu max,-erms,-fsrm ;;
	esac
}

share()
{
	printf '%s\n' -fsdev "local,id=$1,path=${2//,/,,},security_model=none,multidevs=remap$3" \
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1"
}

boot()
{
	local append="console=ttyS0 panic=-1"
	local signal=on
	local -a qemu

	[ -n "${VERBOSE:-}" ] || append+=" quiet loglevel=3"
	[ -z "$shell" ] || signal=off
	mapfile -t qemu < <(pick_accel; share host / ,readonly=on; share job "$job" "")
	qemu+=(-m 2G -smp 2 -nodefaults -no-user-config -display none -no-reboot
		-chardev "stdio,id=console,signal=$signal" -serial chardev:console
		-device isa-debug-exit
		-netdev "user,id=nowhere,restrict=on" -device "vmxnet3,netdev=nowhere"
		-kernel "$kernel/vmlinuz" -initrd "$job/initramfs" -append "$append")
	if [ -n "$shell" ]; then
		qemu-system-x86_64 "${qemu[@]}"
		return
	fi
	# In the background: only then is a signal to this script heard at once.
	timeout -k 5 "$timeout_s" qemu-system-x86_64 "${qemu[@]}" </dev/null &
	machine=$!
	wait "$machine"
}

clean_up()
{
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || true
	rm -rf "$job"
}

# One line for each job that failed; the closing line; false if one did.
report()
{
	local i failed=0
	local -a statuses

	mapfile -t statuses <"$job/results"
	for i in "${!names[@]}"; do
		case ${statuses[i]:-} in
		0) continue ;;
		'') printf 'vm: %s: no result: the machine stopped, or %d s were over\n' \
			"${names[i]}" "$timeout_s" ;;
		*) printf 'vm: %s: exit status %d\n' "${names[i]}" "${statuses[i]}" ;;
		esac
		failed=$((failed + 1))
	done
	if [ "$failed" -gt 0 ] && [ -s "$job/dmesg" ]; then
		echo "vm: the kernel's last warnings:"
		tail -n 20 "$job/dmesg"
	fi
	printf 'vm: %d passed, %d failed\n' "$((${#names[@]} - failed))" "$failed"
	[ "$failed" -eq 0 ]
}

check_tools()
{
	local tool

	for tool in qemu-system-x86_64 busybox modprobe depmod cpio; do
		type -P "$tool" >/dev/null || die "no $tool: run scripts/install-deps.sh"
	done
}

parse_args "$@"
kernel=$build/vm/$kernel_version
PATH=$PATH:/usr/sbin:/sbin
check_tools
"$here/kernel.sh" "$kernel_version" "$kernel"
job=$(mktemp -d "$build/vm/job.XXXXXX")
machine=
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
write_job_folder
"$here/initramfs.sh" "$kernel" "$job/initramfs"
started=$SECONDS
boot || true
[ -z "$shell" ] || exit 0
printf 'vm: %s, %d s\n' "$(<"$kernel/release")" "$((SECONDS - started))"
report
