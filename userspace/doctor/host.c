/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says of itself: /proc, /sys, uname(2). */
#include <errno.h>
#include <linux/magic.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/doctor.h"
#include "net/netlink.h"

static enum doctor_switch switch_of(bool on)
{
	return on ? DOCTOR_ON : DOCTOR_OFF;
}

/* 2 compiles and shows it to debuggers: on as well. */
static enum doctor_switch read_jit(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/net/core/bpf_jit_enable", "re");
	int on;

	if (!f || fscanf(f, "%d", &on) != 1)
		return DOCTOR_UNKNOWN;
	return switch_of(on);
}

static enum doctor_switch look_for_bpffs(void)
{
	struct statfs fs;

	if (statfs("/sys/fs/bpf", &fs))
		return errno == ENOENT ? DOCTOR_OFF : DOCTOR_UNKNOWN;
	return switch_of(fs.f_type == BPF_FS_MAGIC);
}

static void read_local_ports(struct doctor_host *h)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned int first, last;

	if (!f || fscanf(f, "%u %u", &first, &last) != 2)
		return;
	h->first_local_port = first;
	h->last_local_port = last;
}

/* By the routing table, which knows addresses of every interface. */
static bool is_local(struct netlink *nl, const struct shunt_addr *addr)
{
	struct netlink_route route;

	return nl && !netlink_route_to(nl, addr, &route) && route.type == RTN_LOCAL;
}

static void look_for_addresses(struct doctor_host *h)
{
	struct netlink *nl = NULL;

	if (netlink_open(&nl))
		return;
	for (size_t i = 0; i < h->n_pool; i++)
		h->is_pool_local[i] = is_local(nl, &h->pool[i]);
	for (size_t i = 0; i < h->n_legs; i++)
		h->is_vip_local[i] = is_local(nl, &h->legs[i].vip);
	netlink_close(nl);
}

void doctor_look_at_host(struct doctor_host *h)
{
	struct utsname name;

	if (!uname(&name))
		snprintf(h->release, sizeof(h->release), "%s", name.release);
	h->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	h->jit = read_jit();
	h->btf = switch_of(!access("/sys/kernel/btf/vmlinux", R_OK));
	h->bpffs = look_for_bpffs();
	read_local_ports(h);
	look_for_addresses(h);
}
