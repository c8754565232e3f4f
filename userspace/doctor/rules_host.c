/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules about the kernel, the daemon and the addresses of this host. */
#include <stdio.h>

#include "doctor/rules.h"
#include "net/addr.h"

/* What `make vm` tests. */
#define OLDEST_MAJOR 6
#define OLDEST_MINOR 1

static void judge_kernel(const struct doctor_host *h, struct doctor_findings *out)
{
	unsigned int major, minor;
	char what[128];

	if (sscanf(h->release, "%u.%u", &major, &minor) == 2 &&
	    (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))) {
		snprintf(what, sizeof(what), "Linux %s is older than any that is tested",
			 h->release);
		find(out, WARNING("kernel", what), "take Linux %d.%d or newer", OLDEST_MAJOR,
		     OLDEST_MINOR);
	}
	if (h->jit == DOCTOR_OFF)
		find(out, FAULT("kernel", "the BPF JIT is off: packets take many times as long"),
		     "sysctl -w net.core.bpf_jit_enable=1");
	if (h->btf == DOCTOR_OFF)
		find(out,
		     NOTE("kernel", "it has no BTF, which libxdp's dispatcher needs: no other XDP "
				    "program can "
				    "join"),
		     "take a kernel with CONFIG_DEBUG_INFO_BTF, if another has to");
	if (h->bpffs == DOCTOR_OFF)
		find(out,
		     FAULT("kernel",
			   "no BPF file system is on /sys/fs/bpf: a restart forgets every flow"),
		     "mount -t bpf bpf /sys/fs/bpf");
}

static bool has_local_pool(const struct doctor_host *h)
{
	for (size_t i = 0; i < h->n_pool; i++)
		if (h->is_pool_local[i])
			return true;
	return false;
}

/* An answer to a connection of the host's own would be looked for among the clients'. */
static void judge_ports(const struct doctor_host *h, struct doctor_findings *out)
{
	char what[160];

	if (!has_local_pool(h) || !h->last_local_port || h->first_pool_port > h->last_local_port ||
	    h->last_pool_port < h->first_local_port)
		return;
	snprintf(what, sizeof(what),
		 "nat.ports %u-%u overlap the ports that Linux gives its own connections, %u-%u",
		 h->first_pool_port, h->last_pool_port, h->first_local_port, h->last_local_port);
	if (h->last_pool_port < 60000)
		find(out, WARNING("nat", what),
		     "sysctl -w net.ipv4.ip_local_port_range=\"%u 65535\", or other nat.ports",
		     h->last_pool_port + 1);
	else
		find(out, WARNING("nat", what), "choose other nat.ports in the config");
}

static void judge_pool(const struct doctor_host *h, struct doctor_findings *out)
{
	char text[ADDR_TEXT], what[160];

	for (size_t i = 0; i < h->n_pool; i++) {
		if (h->is_pool_local[i])
			continue;
		addr_format(&h->pool[i], text);
		snprintf(what, sizeof(what),
			 "%s of nat.pool is no address of this host: servers on its links that ask "
			 "for it get no answer",
			 text);
		find(out, NOTE("nat", what), "route it to this host, or: ip addr add %s/%d dev lo",
		     text, addr_is_v4(&h->pool[i]) ? 32 : 128);
	}
}

void doctor_judge_host(const struct doctor_host *h, struct doctor_findings *out)
{
	judge_kernel(h, out);
	if (h->reload_refused)
		find(out,
		     WARNING("config", "the last reload was refused: an older config runs than the "
				       "file says"),
		     "shunt config check FILE, mend it, shunt reload");
	judge_ports(h, out);
	judge_pool(h, out);
}
