/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules about the interfaces that packets come in by. */
#include <stdio.h>

#include "base/array.h"
#include "doctor/rules.h"

static void judge_mode(const struct doctor_link *l, struct doctor_findings *out)
{
	if (!l->attached) {
		find(out, FAULT(l->name, "the XDP program is not on it: its packets go past shunt"),
		     "look at the log for the reason; another program there goes with: ip link set "
		     "dev %s xdp off",
		     l->name);
		return;
	}
	if (l->generic)
		find(out,
		     FAULT(l->name, "generic mode: the kernel makes a buffer of each packet first, "
				    "which costs "
				    "more "
				    "than all else"),
		     "set `mode: native` for %s in the config; if its driver (%s) has none, take "
		     "another card",
		     l->name, *l->driver ? l->driver : "unknown");
	if (l->beside)
		find(out, NOTE(l->name, "other XDP programs may run on it, too"),
		     "xdp-loader status %s", l->name);
}

/* Merged packets are longer than the MTU says, and are not what the client sent. */
static void judge_offloads(const struct doctor_link *l, struct doctor_findings *out)
{
	if (l->lro == DOCTOR_ON)
		find(out,
		     FAULT(l->name, "large receive offload is on: packets are merged before shunt "
				    "sees them"),
		     "ethtool -K %s lro off", l->name);
	if (l->gro_hw == DOCTOR_ON)
		find(out,
		     FAULT(l->name, "receive offload in hardware is on: packets are merged before "
				    "shunt sees them"),
		     "ethtool -K %s rx-gro-hw off", l->name);
}

static void judge_queues(const struct doctor_host *h, const struct doctor_link *l,
			 struct doctor_findings *out)
{
	const uint32_t want = l->max_queues < h->cpus ? l->max_queues : h->cpus;
	char what[128];

	if (!l->rx_queues || l->rx_queues >= want)
		return;
	snprintf(what, sizeof(what), "%u receive queue%s for %u processors: the others stand idle",
		 l->rx_queues, l->rx_queues == 1 ? "" : "s", h->cpus);
	find(out, WARNING(l->name, what), "ethtool -L %s %s %u", l->name,
	     l->tx_queues == l->rx_queues ? "combined" : "rx", want);
}

static void judge_filter(const struct doctor_link *l, struct doctor_findings *out)
{
	if (l->rp_filter == 1)
		find(out,
		     NOTE(l->name,
			  "rp_filter is strict: answers to checks are lost where they come back by "
			  "another "
			  "interface than they left by"),
		     "sysctl -w net.ipv4.conf.%s.rp_filter=2", l->name);
}

void doctor_judge_links(const struct doctor_host *h, struct doctor_findings *out)
{
	array_for_each (l, h->links, h->n_links) {
		judge_mode(l, out);
		judge_offloads(l, out);
		judge_queues(h, l, out);
		judge_filter(l, out);
	}
}
