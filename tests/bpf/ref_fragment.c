/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref_fragment.h"

#include <netinet/in.h>

bool ref_fragment_is_ours(const struct view *v)
{
	if (!v->is_fragment)
		return false;
	if (v->proto == (v->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return true;
	/* A later fragment may begin with extension headers: what is behind them? */
	return v->is_later && v->v6 && view_is_extension(v->proto);
}

enum shunt_reason ref_fragment_fault(const struct frame *f, const struct view *v)
{
	if (v->proto == IPPROTO_ICMP || v->proto == IPPROTO_ICMPV6)
		return SHUNT_FRAGMENT;
	if (!v->is_later)
		return SHUNT_CONTINUE;
	if (v->l4 > f->len)
		return SHUNT_TRUNCATED;
	if (v->ip + v->ip_len < v->l4 || v->ip + v->ip_len > f->len)
		return SHUNT_BAD_LENGTH;
	if (v->proto == IPPROTO_TCP && v->fragment_offset == 1)
		return SHUNT_FRAGMENT;
	return SHUNT_CONTINUE;
}

struct world_fragment ref_fragment_of(const struct view *v)
{
	return (struct world_fragment){
		.key = {
			.src = v->src,
			.dst = v->dst,
			.id = v->fragment_id,
			.proto = v->v6 ? 0 : v->proto,
		},
		.first = { .ports = v->ports, .proto = v->proto },
	};
}

void ref_fragment_recall(const struct world *w, struct view *v)
{
	const struct world_fragment asked = ref_fragment_of(v);
	const struct world_fragment *known = world_find_fragment(w, &asked.key);

	v->has_ports = known && known->age_s <= SHUNT_FRAGMENT_S;
	v->ports = v->has_ports ? known->first.ports : 0;
	if (v->has_ports)
		v->proto = known->first.proto;
}

/* For no service: only the stack can put it together, if it gets all of it.
 * With nat it may be an answer. */
static enum shunt_reason admit_stray(const struct world *w, const struct view *v, bool is_vip,
				     bool *note)
{
	if (!v->is_later)
		*note = is_vip || w->rodata.nat;
	if (v->is_later && !v->has_ports && is_vip)
		return SHUNT_LATE_FRAGMENT;
	return SHUNT_NOT_SERVICE;
}

enum shunt_reason ref_fragment_admit(const struct world *w, const struct view *v,
				     const struct world_service *s, bool is_vip, bool *note)
{
	bool by_ports;

	if (!s)
		return admit_stray(w, v, is_vip, note);
	if (s->flags & SHUNT_SERVICE_NO_FRAGMENTS)
		return SHUNT_FRAGMENT;
	by_ports = !(w->rodata.rich && s->flags & SHUNT_SERVICE_L3HASH) ||
		   s->flags & SHUNT_SERVICE_NAT;
	if (v->is_later && !v->has_ports && by_ports)
		return SHUNT_LATE_FRAGMENT;
	*note = !v->is_later && by_ports;
	return SHUNT_CONTINUE;
}
