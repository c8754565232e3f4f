/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many flows does a change of the backends break? A million of them through
 * the real program, while 200 things happen to the servers: they come, go, fail,
 * recover, are drained and re-weighted. Without a flood, with one of SYNs, with one
 * of SYNs and ACKs; and maglev without state beside each. What a flow is, and what
 * time is, stands in tests/bpf/survive.h and fleet.h.
 *
 *	bench_flows [FLOWS [SECONDS [SYNS_PER_S]]]
 *
 * Presets: 1 000 000 flows, 6000 simulated seconds, a SYN of the flood a second for
 * every ten flows; the cache has room for a quarter of the flows. As root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../bpf/survive.h"

#define EVENTS 200
#define FLOWS 1000000
#define SECONDS 6000

static const struct survive_options usual = {
	.fleet = {
		.servers = 100,
		.slots = 65536,
		.early_s = 60,
		.idle_s = 300,
	},
	.max_gap_s = 280,
	.seed = 0xbe9c4,
};

/* Room for a quarter of the flows, in a power of two of lines. */
static __u32 flow_lines(__u32 flows)
{
	__u32 lines = 1;

	while (lines * SHUNT_FLOWS_PER_LINE < flows / 4)
		lines *= 2;
	return lines;
}

static void run(const struct survive_options *o)
{
	struct survive_result r;

	survive(o, &r);
	survive_print(o, &r);
}

int main(int argc, char **argv)
{
	struct survive_options o = usual;

	if (argc > 4 || geteuid()) {
		fprintf(stderr, "usage, as root: bench_flows [FLOWS [SECONDS [SYNS_PER_S]]]\n");
		return 2;
	}
	o.flows = argc > 1 ? strtoul(argv[1], NULL, 10) : FLOWS;
	o.seconds = argc > 2 ? strtoul(argv[2], NULL, 10) : SECONDS;
	o.fleet.flow_lines = flow_lines(o.flows);
	o.event_every_s = o.seconds / EVENTS ?: 1;
	run(&o);
	o.flood_per_s = argc > 3 ? strtoul(argv[3], NULL, 10) : o.flows / 10;
	run(&o);
	o.flood_acks = true;
	run(&o);
	return 0;
}
