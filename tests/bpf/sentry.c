/* SPDX-License-Identifier: BSD-2-Clause */
#include "sentry.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"

static void build_town(struct world *w)
{
	world_build_town(w);
	w->rodata.guard = SHUNT_GUARD_PREFIXES;
	for (__u32 i = 0; i < w->n_services; i++)
		if (w->services[i].key.port == htons(PORT_DIRECT_OTHER))
			w->services[i].flags |= SHUNT_SERVICE_GUARDED;
}

struct sentry *sentry_open(void)
{
	struct sentry *g = calloc(1, sizeof(*g));

	cr_assert(g);
	g->rig = rig_open(build_town);
	for (__u32 i = 0; i < g->rig->world.n_services; i++) {
		const struct world_service *s = &g->rig->world.services[i];

		if (s->key.port == htons(PORT_DIRECT_OTHER))
			g->owners[addr_is_v4(&s->key.vip)] =
				(struct guard_owner){ .base = s->to.base, .list = 1 };
	}
	for (int i = 0; i < 2; i++)
		g->lists[i].prefixes = g->prefixes[i];
	return g;
}

void sentry_close(struct sentry *g)
{
	rig_close(g->rig);
	free(g);
}

void sentry_publish(struct sentry *g)
{
	const struct guard_set set = { g->lists, 2, g->owners, SHUNT_FAMILIES };

	dp_put_guard(g->rig->dp, &set);
}

struct firewall_prefix sentry_prefix(const char *addr, __u32 bits, __u32 verdict)
{
	struct firewall_prefix p = { .bits = bits, .verdict = verdict };

	cr_assert_eq(addr_parse(addr, &p.addr), 0);
	return p;
}

void sentry_add(struct sentry *g, int list, struct firewall_prefix p)
{
	g->prefixes[list][g->lists[list].n++] = p;
}

/* A packet hits the rule of @verdict. Return: it is let through by it, or kept out. */
static __u32 hit(struct sentry *g, __u32 verdict)
{
	if (verdict)
		g->hits[SHUNT_GUARD_RULE(verdict)]++;
	if (verdict & SHUNT_GUARD_MONITOR)
		return 0;
	return verdict & (SHUNT_GUARD_ALLOW | SHUNT_GUARD_DENY);
}

/* What becomes of a packet of @src to a service that has the second list, if @own. */
static bool is_denied(struct sentry *g, const struct shunt_addr *src, bool own)
{
	const __u32 all = guard_ref(&g->lists[0], src);
	const __u32 more = own ? guard_ref(&g->lists[1], src) : 0;
	__u32 end;

	if (more & SHUNT_GUARD_ALLOW && !(all & SHUNT_GUARD_ALLOW)) {
		hit(g, more);
		return false;
	}
	end = hit(g, all) ?: hit(g, more);
	return end & SHUNT_GUARD_DENY;
}

void sentry_expect(struct sentry *g, const struct packet *p, bool denied)
{
	struct rig *rig = g->rig;
	struct frame in;

	frame_build(p, &in);
	if (!denied) {
		cr_assert(rig_check(rig, &in), "%s to %s", p->src, p->dst);
		cr_assert_neq(rig->verdict.reason, SHUNT_NOT_SERVICE);
		return;
	}
	cr_assert_eq(dp_run(rig->dp, &in, &rig->got), XDP_DROP, "%s to %s", p->src, p->dst);
	cr_expect_eq(rig->got.len, in.len);
	cr_expect_arr_eq(rig->got.data, in.data, in.len);
	rig->tally.reasons[SHUNT_DENIED]++;
}

void sentry_expect_totals(const struct sentry *g)
{
	cr_expect(rig_check_totals(g->rig));
	for (__u32 rule = 0; rule < SENTRY_RULES; rule++)
		cr_expect_eq(dp_read_hits(g->rig->dp, rule), g->hits[rule],
			     "rule %u: %llu, not %llu", rule, dp_read_hits(g->rig->dp, rule),
			     g->hits[rule]);
}

void sentry_check(struct sentry *g, const struct shunt_addr *src)
{
	const bool v6 = !guard_ref_is_v4(src);
	char text[ADDR_TEXT];
	struct packet p = {
		.src = addr_format(src, text),
		.dst = v6 ? SHOP6 : SHOP4,
		.sport = 40000,
		.proto = IPPROTO_TCP,
		.flags = FRAME_SYN,
	};

	/* As text it would be another family's. */
	if (v6 && strchr(text, '.'))
		return;
	p.dport = PORT_DIRECT;
	sentry_expect(g, &p, is_denied(g, src, false));
	p.dport = PORT_DIRECT_OTHER;
	sentry_expect(g, &p, is_denied(g, src, true));
}
