/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many flows does a change of the backends break? A million of them through
 * the real program, with servers that come, go, fail and recover every half minute:
 * without a flood, with one of SYNs, with one of SYNs and ACKs; and maglev without
 * state beside each. What a flow is, and what time is, stands in tests/bpf/survive.h
 * and fleet.h.
 *
 *	bench_flows [FLOWS [SECONDS [SYNS_PER_S]]]
 *
 * Presets: 1 000 000 flows, 1200 simulated seconds, a SYN of the flood for every ten
 * flows. Ten minutes; as root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../bpf/survive.h"

static const struct survive_options usual = {
	.fleet = {
		.servers = 100,
		.slots = 65536,
		.flow_lines = 65536,
		.early_s = 60,
		.idle_s = 300,
	},
	.flows = 1000000,
	.seconds = 1200,
	.event_every_s = 30,
	.max_gap_s = 280,
	.seed = 0xbe9c4,
};

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
	o.flows = argc > 1 ? strtoul(argv[1], NULL, 10) : usual.flows;
	o.seconds = argc > 2 ? strtoul(argv[2], NULL, 10) : usual.seconds;
	run(&o);
	o.flood_per_s = argc > 3 ? strtoul(argv[3], NULL, 10) : o.flows / 10;
	run(&o);
	o.flood_acks = true;
	run(&o);
	return 0;
}
