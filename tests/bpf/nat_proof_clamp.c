/* SPDX-License-Identifier: BSD-2-Clause */
#include <netinet/in.h>

#include "nat_look.h"
#include "nat_proof.h"
#include "ref_mss.h"

/* The service of the flow that a packet is of, whichever way it goes. */
static const struct world_service *service_of(const struct nat_town *t, const struct frame *f)
{
	struct shunt_tuple tuple;
	struct look l;
	__u32 r;

	look_at(&l, f);
	tuple = look_tuple(&l);
	r = conns_find(&t->conns, &tuple, SHUNT_TO_CLIENT);
	if (r)
		tuple = nat_conn(t, r).client;
	for (__u32 i = 0; i < t->world.n_services; i++) {
		const struct shunt_service_key *key = &t->world.services[i].key;

		if (key->proto == tuple.proto && shunt_addr_is_equal(&key->vip, &tuple.dst) &&
		    key->port == tuple.ports >> 16)
			return &t->world.services[i];
	}
	return NULL;
}

void nat_proof_clamp(const struct nat_town *t, struct frame *f)
{
	const struct world_service *s;
	struct view v;

	if (view_read(&t->world, f, &v) || v.proto != IPPROTO_TCP || v.is_later || v.fault)
		return;
	if (v.l4 + 20 > v.ip + v.ip_len || v.ip + v.ip_len > f->len ||
	    !(f->data[v.l4 + 13] & FRAME_SYN))
		return;
	s = service_of(t, f);
	if (s && SHUNT_SERVICE_MSS(s->flags))
		ref_mss_clamp(&v, SHUNT_SERVICE_MSS(s->flags), f);
}
