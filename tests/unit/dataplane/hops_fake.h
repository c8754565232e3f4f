/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps in memory for hops to be written to, and counted. */
#ifndef TEST_HOPS_FAKE_H
#define TEST_HOPS_FAKE_H

#include "tables/map_ops.h"

#define MANY 1000

struct fake {
	struct shunt_leg leg[MANY + 1][SHUNT_FAMILIES];
	struct shunt_egress egress[SHUNT_MAX_EGRESS];
	unsigned int writes;
};

static int fake_set_hop(void *ctx, __u32 id, enum shunt_family family, union shunt_hop hop,
			__u16 mtu)
{
	struct fake *f = ctx;

	f->leg[id][family].hop = hop;
	f->leg[id][family].mtu = mtu;
	f->writes++;
	return 0;
}

static int fake_get_hop(void *ctx, __u32 id, enum shunt_family family, union shunt_hop *hop,
			__u16 *mtu)
{
	const struct fake *f = ctx;

	*hop = f->leg[id][family].hop;
	*mtu = f->leg[id][family].mtu;
	return 0;
}

static int fake_put_egress(void *ctx, __u32 index, const struct shunt_egress *e)
{
	((struct fake *)ctx)->egress[index] = *e;
	return 0;
}

static int fake_del_egress(void *ctx, __u32 index)
{
	((struct fake *)ctx)->egress[index] = (struct shunt_egress){ 0 };
	return 0;
}

static int fake_get_egress(void *ctx, __u32 index, struct shunt_egress *out)
{
	*out = ((struct fake *)ctx)->egress[index];
	return 0;
}

static const struct map_ops ops = {
	.set_hop = fake_set_hop,
	.get_hop = fake_get_hop,
	.put_egress = fake_put_egress,
	.del_egress = fake_del_egress,
	.get_egress = fake_get_egress,
};

#endif /* TEST_HOPS_FAKE_H */
