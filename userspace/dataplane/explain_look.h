/* SPDX-License-Identifier: BSD-2-Clause */
/* What the maps say of a packet: its service, its slot, and what is remembered of it. */
#ifndef DATAPLANE_EXPLAIN_LOOK_H
#define DATAPLANE_EXPLAIN_LOOK_H

#include "dataplane/explain_packet.h"
#include "net/addr.h"

/**
 * struct explaining - an answer under way
 * @tuple, @hash: of the packet; the hash as its service takes it
 */
struct explaining {
	struct twin *twin;
	struct explain *x;
	struct shunt_tuple tuple;
	uint64_t hash;
	uint32_t now_s;
};

static inline bool explaining_is_v6(const struct explaining *e)
{
	return !addr_is_v4(&e->tuple.dst);
}

/* Its service and slot, and so its hash. */
void explaining_find_service(struct explaining *e);
/* What is remembered now. */
void explaining_look(const struct explaining *e, enum explain_when when);

#endif /* DATAPLANE_EXPLAIN_LOOK_H */
