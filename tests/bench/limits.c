/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits.h"

#include <err.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "shunt/guard.h"
#include "shunt/limit.h"

static void put(int fd, __u32 key, const void *value)
{
	if (bpf_map_update_elem(fd, &key, value, BPF_ANY))
		err(EXIT_FAILURE, "write limits");
}

/* Ten million a second for each address. */
void limits_fill(int limits_fd, int of_fd, __u32 services, __u32 block)
{
	const struct shunt_limit limit = {
		.cost = SHUNT_LIMIT_UNITS_PER_S / 10000000,
		.depth = SHUNT_LIMIT_UNITS_PER_S,
		.ahead = SHUNT_LIMIT_UNITS_PER_S + SHUNT_LIMIT_LATEST,
		.mask6 = { ~0ULL, ~0ULL },
		.mask4 = 0xffffffff,
		.verdict = 1 | SHUNT_GUARD_DENY,
		.match = SHUNT_LIMIT_PACKETS,
	};
	const struct shunt_limits_of of = { .first = 0, .n = 1, .match = limit.match };

	put(limits_fd, 0, &limit);
	for (__u32 i = 0; i < services; i++)
		put(of_fd, i * block + 1, &of);
}
