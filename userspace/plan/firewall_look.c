/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan/firewall_look.h"

#include <string.h>

#include "base/array.h"

/* Of equal ones the first counts. */
static void offer(struct firewall_match *best, const struct conf_prefix *p,
		  const struct shunt_addr *addr, const struct firewall_match *like)
{
	if (!conf_prefix_has(p, addr) || (best->rule && p->bits <= best->prefix.bits))
		return;
	*best = *like;
	best->prefix = *p;
}

static void offer_listed(struct firewall_match *best, const struct conf_prefix_list *list,
			 const struct shunt_addr *addr, struct firewall_match like)
{
	array_for_each (r, list->rules, list->n) {
		like.rule = r->name;
		like.is_file = r->is_file;
		array_for_each (p, r->prefixes, r->n)
			offer(best, p, addr, &like);
	}
}

static bool is_of(const struct admin_prefix *p, const struct firewall_match *like)
{
	if (p->allow != (like->kind == FIREWALL_ALLOW) || !p->service != !like->service)
		return false;
	return !p->service || !strcmp(p->service, like->service);
}

static void offer_said(struct firewall_match *best, const struct admin *admin,
		       const struct shunt_addr *addr, struct firewall_match like)
{
	like.rule = FIREWALL_RUNTIME;
	like.is_runtime = true;
	array_for_each (p, admin->prefixes, admin->n_prefixes)
		if (is_of(p, &like))
			offer(best, &p->prefix, addr, &like);
}

static void look_for(const struct conf_firewall *f, const struct admin *admin,
		     const struct shunt_addr *addr, struct firewall_match like,
		     struct firewall_word *out)
{
	const bool allows = like.kind == FIREWALL_ALLOW;
	struct firewall_match best = { 0 };

	like.monitor = !allows && f->mode == CONF_FIREWALL_MONITOR;
	offer_listed(&best, allows ? &f->allow : &f->deny, addr, like);
	offer_said(&best, admin, addr, like);
	if (best.rule)
		out->match[out->n++] = best;
}

void firewall_look(const struct conf *conf, const struct admin *admin,
		   const struct conf_service *service, const struct shunt_addr *addr,
		   struct firewall_word *out)
{
	static const enum firewall_kind kinds[] = { FIREWALL_ALLOW, FIREWALL_DENY };

	*out = (struct firewall_word){ 0 };
	array_for_each (kind, kinds, array_len(kinds)) {
		struct firewall_match like = { .kind = *kind };

		look_for(&conf->firewall, admin, addr, like, out);
		if (!service)
			continue;
		like.service = service->name;
		look_for(&service->firewall, admin, addr, like, out);
	}
	for (size_t i = 0; i < out->n && !out->decides; i++)
		if (!out->match[i].monitor)
			out->decides = &out->match[i];
}
