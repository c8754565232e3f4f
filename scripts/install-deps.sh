#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Install what building, testing and the demo need, on Debian 12.
#
#	scripts/install-deps.sh			as root; at once where nothing is missing
#	scripts/install-deps.sh --check		only say what is missing
#
# Nothing is started: some of the packages bring services that tests run by hand.
set -euo pipefail

packages=(
	# build
	gcc libc6-dev make pkg-config clang bpftool git ca-certificates
	libbpf-dev libxdp-dev libelf-dev zlib1g-dev
	libyaml-dev libjansson-dev libmicrohttpd-dev libmnl-dev
	libcap-ng-dev libseccomp-dev libsystemd-dev libmariadb-dev libssl-dev
	# lint and unit tests
	clang-format clang-tidy cppcheck shellcheck libcriterion-dev libclang-rt-14-dev
	python3-jsonschema python3-yaml
	# namespaces with real clients and servers
	iproute2 ethtool util-linux procps netbase python3 python3-scapy jq xdp-tools
	curl wrk tcpdump nginx-light prometheus dnsmasq-base bind9-dnsutils iputils-ping openssl
	chromium fonts-dejavu-core mariadb-server-core mariadb-client-core
	bird2 keepalived python3-pymysql
	# a virtual machine with a kernel that is unpacked, not installed
	qemu-system-x86 busybox-static kmod cpio
	# manual pages and the package
	mandoc dpkg-dev debootstrap
)
# What would serve on this machine, by the package that brings it.
services=(nginx=nginx-light prometheus=prometheus bird=bird2 keepalived=keepalived)
policy=/usr/sbin/policy-rc.d
made_policy=

say()
{
	printf 'install-deps: %s\n' "$*"
}

die()
{
	say "$*" >&2
	exit 1
}

missing_packages()
{
	local -A have=()
	local status name

	while read -r status name; do
		[ "$status" != ii ] || have[$name]=1
	done < <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null)
	for name in "${packages[@]}"; do
		[ -n "${have[$name]:-}" ] || printf '%s\n' "$name"
	done
}

check_system()
{
	local system

	# shellcheck source=/dev/null
	system=$(. /etc/os-release && echo "$ID ${VERSION_ID:-} ${ID_LIKE:-}") || system=unknown
	case $system in
	"debian 12 "*) ;;
	*debian* | *ubuntu*) say "made for Debian 12, this is '$system': names or versions may differ" >&2 ;;
	*) die "made for Debian 12, this is '$system': install by hand: ${packages[*]}" ;;
	esac
}

# Package scripts ask this file whether they may start a service. The machine's
# own answer, where there is one, stays.
forbid_services()
{
	[ ! -e "$policy" ] || return 0
	made_policy=1
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

allow_services()
{
	[ -z "$made_policy" ] || rm -f "$policy"
}

# Not now, and not at the next boot either.
disable_services()
{
	local service unit

	[ -d /run/systemd/system ] || return 0
	for service in "${services[@]}"; do
		[[ " $* " == *" ${service#*=} "* ]] || continue
		unit=${service%=*}
		systemctl disable --quiet "$unit.service"
		say "$unit is installed but disabled: tests start their own"
	done
}

install_packages()
{
	export DEBIAN_FRONTEND=noninteractive

	trap allow_services EXIT
	forbid_services
	apt-get -q update || say "apt-get update failed; trying with the old lists" >&2
	apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
	disable_services "$@"
}

[ "$#" -eq 0 ] || [ "$*" = --check ] || die "usage: scripts/install-deps.sh [--check]"
command -v dpkg-query >/dev/null || die "made for Debian 12: no dpkg here"
mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -eq 0 ]; then
	say "nothing is missing"
	exit 0
fi
say "missing: ${missing[*]}"
[ "$#" -eq 0 ] || exit 1
check_system
[ "$EUID" -eq 0 ] || die "needs root"
install_packages "${missing[@]}"
