# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Which files the checks look at. What is on disk counts, tracked or not, so
# that a new file is checked before its first commit; built and hidden files do
# not, except .ci.

source_dirs=(bpf include userspace tests scripts)

# list_files ROOT [FIND-TEST...]: paths below ROOT, one a line.
list_files()
{
	local root=$1 dir
	local -a dirs=()

	shift
	for dir in "${source_dirs[@]}" .ci Makefile; do
		[ ! -e "$root/$dir" ] || dirs+=("$dir")
	done
	[ "${#dirs[@]}" -gt 0 ] || return 0
	(cd "$root" && find "${dirs[@]}" -name __pycache__ -prune -o -type f "$@" -print | sort)
}

list_c()
{
	list_files "$1" '(' -name '*.c' -o -name '*.h' ')'
}

# What runs in user space; the rest is for the kernel.
list_host_c()
{
	list_c "$1" | grep -E '^(userspace|tests)/.*\.c$' | grep -v '\.bpf\.c$' || true
}

# By suffix or by what the first line names as interpreter.
list_shell()
{
	local path first

	list_files "$1" | while read -r path; do
		case $path in
		*.sh | *.bash) printf '%s\n' "$path"; continue ;;
		*.*) continue ;;
		esac
		IFS= read -r first <"$1/$path" || continue
		[[ ! $first =~ ^\#!.*(/|[[:space:]])(ba|da)?sh([[:space:]]|$) ]] || printf '%s\n' "$path"
	done
}

# What a checker that parses needs to know.
# shellcheck disable=SC2034 # for those who source this
cpp_flags=(-D_GNU_SOURCE -DSHUNT_VERSION='"lint"' -Iinclude -Iuserspace)

need_tool()
{
	type -P "$1" >/dev/null || { echo "no $1: run scripts/install-deps.sh" >&2; exit 1; }
}
