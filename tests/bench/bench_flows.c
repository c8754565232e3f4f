/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many flows does a change of the backends break? A million of them through
 * the real program, while 200 things happen to the servers: they come, go, fail,
 * recover, are drained and re-weighted; and how many would maglev without state?
 * What a flow is, and what time is, stands in tests/bpf/survive.h and fleet.h.
 *
 *	bench_flows [-n FLOWS] [-p PINS] [-t SECONDS] [-f SYNS_PER_S [-a]]
 *
 *	-n	flows at any time: 1 000 000
 *	-p	room of the flow cache: for a quarter of them
 *	-t	simulated: 6000, an event every 30
 *	-f	a flood of SYNs of random sources beside them
 *	-a	and an ACK behind each
 *
 * Some minutes, more with a flood; as root.
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
	.flows = FLOWS,
	.seconds = SECONDS,
	.max_gap_s = 280,
	.sample = 16,
	.seed = 0xbe9c4,
};

/* A power of two of lines. */
static __u32 flow_lines(__u32 pins)
{
	__u32 lines = 1;

	while (lines * SHUNT_FLOWS_PER_LINE < pins)
		lines *= 2;
	return lines;
}

/* Return: false if the command line is not understood. */
static bool read_options(int argc, char **argv, struct survive_options *o)
{
	__u32 pins = 0;
	int c;

	while ((c = getopt(argc, argv, "n:p:t:f:a")) != -1) {
		const __u32 n = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'n':
			o->flows = n;
			break;
		case 'p':
			pins = n;
			break;
		case 't':
			o->seconds = n;
			break;
		case 'f':
			o->flood_per_s = n;
			break;
		case 'a':
			o->flood_acks = true;
			break;
		default:
			return false;
		}
	}
	o->fleet.flow_lines = flow_lines(pins ?: o->flows / 4);
	o->event_every_s = o->seconds / EVENTS ?: 1;
	return optind == argc && o->flows;
}

int main(int argc, char **argv)
{
	struct survive_options o = usual;
	struct survive_result r;

	if (!read_options(argc, argv, &o) || geteuid()) {
		fprintf(stderr, "usage, as root: bench_flows [-n FLOWS] [-p PINS] [-t SECONDS] "
				"[-f SYNS_PER_S [-a]]\n");
		return 2;
	}
	survive(&o, &r);
	survive_print(&o, &r);
	return 0;
}
