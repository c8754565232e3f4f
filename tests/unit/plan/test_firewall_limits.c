/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of the firewall that are no prefixes: limits, of all services and of one, and flags. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/firewall.h"

#define HEAD "version: 1\ninterfaces: { eth0: }\n"
#define SERVICE(name, host)                                                                        \
	"  " name ":\n    vip: 192.0.2." host "\n    ports: 80/tcp\n    check: { type: none }\n"   \
	"    backends: [{ name: a, address: 192.0.2.11 }]\n"
#define SYNS "{ name: syns, match: tcp_syn, rate: 200/s, burst: 400 }"
#define ALL "{ name: all, match: packets, by: service, rate: 1000/s }"

static struct conf *parse(const char *text)
{
	_cleanup_(buf_free) struct buf said = { 0 };
	struct conf *conf = NULL;

	cr_assert_eq(conf_parse("t.yaml", text, strlen(text), &said, &conf), 0, "%s",
		     buf_str(&said));
	return conf;
}

static struct firewall *build(const struct conf *conf, struct rules *ids)
{
	const struct admin nothing = { 0 };
	struct firewall *f;

	cr_assert_eq(firewall_build(conf, &nothing, ids, &f), 0);
	return f;
}

/* --- stages --------------------------------------------------------------------------- */

Test(firewall_limits, stages_are_what_the_config_asks_for)
{
	static const struct {
		const char *text;
		uint32_t stages;
	} cases[] = {
		{ HEAD "services:\n" SERVICE("a", "1"), 0 },
		{ HEAD "firewall: {}\n", SHUNT_GUARD_FLAGS },
		{ HEAD "firewall: { tcp_flags: pass }\n", 0 },
		{ HEAD "firewall: { mode: monitor }\n",
		  SHUNT_GUARD_FLAGS | SHUNT_GUARD_FLAGS_MONITOR },
		{ HEAD "firewall: { mode: monitor, tcp_flags: pass }\n", 0 },
		{ HEAD "firewall: { rate_limit: [" SYNS "] }\n",
		  SHUNT_GUARD_FLAGS | SHUNT_GUARD_LIMITS },
		{ HEAD "services:\n" SERVICE("a", "1") "    firewall: { rate_limit: [" ALL "] }\n",
		  SHUNT_GUARD_LIMITS },
		/* Of one service alone flags are not looked at. */
		{ HEAD "services:\n" SERVICE("a", "1") "    firewall: { mode: monitor }\n", 0 },
	};

	array_for_each (c, cases, array_len(cases)) {
		_cleanup_(conf_freep) struct conf *conf = parse(c->text);

		cr_expect_eq(firewall_limit_stages(conf), c->stages, "%s", c->text);
		cr_expect_eq(firewall_drops_flags(conf), !!(c->stages & SHUNT_GUARD_FLAGS));
	}
}

/* --- room --------------------------------------------------------------------------------- */

Test(firewall_limits, room_is_for_each_service_that_cannot_share)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
		{ HEAD "services:\n" SERVICE("a", "1"), 0 },
		/* All services have the same ones. */
		{ HEAD "firewall: { rate_limit: [" SYNS "] }\nservices:\n" SERVICE("a", "1")
			  SERVICE("b", "2"),
		  1 },
		/* What is by service each has for itself; and so have those of no service. */
		{ HEAD "firewall: { rate_limit: [" SYNS ", " ALL
		       "] }\nservices:\n" SERVICE("a", "1") SERVICE("b", "2"),
		  6 },
		/* Who has some of its own has all in a row. */
		{ HEAD "firewall: { rate_limit: [" SYNS "] }\nservices:\n" SERVICE(
			  "a", "1") "    firewall: { rate_limit: [" ALL "] }\n" SERVICE("b", "2"),
		  3 },
		{ HEAD "services:\n" SERVICE("a", "1") "    firewall: { rate_limit: [" SYNS
						       "] }\n" SERVICE("b", "2"),
		  1 },
	};

	array_for_each (c, cases, array_len(cases)) {
		_cleanup_(conf_freep) struct conf *conf = parse(c->text);

		cr_expect_eq(firewall_count_limits(conf), c->n, "%s: %zu", c->text,
			     firewall_count_limits(conf));
	}
}

/* --- rules ---------------------------------------------------------------------------------- */

#define BOTH                                                                                       \
	HEAD "firewall: { mode: monitor, deny: [10.0.0.0/8], rate_limit: [" SYNS                   \
	     "] }\nservices:\n" SERVICE("a", "1")                                                  \
		     SERVICE("b", "2") "    firewall: { mode: enforce, rate_limit: [" SYNS         \
				       ", " ALL "] }\n"

static const struct firewall_rule *find(const struct firewall *f, const char *service,
					const char *name)
{
	array_for_each (r, f->rules, f->n_rules)
		if (!strcmp(r->name, name) && !strcmp(r->service ?: "", service))
			return r;
	cr_assert_fail("no rule %s of \"%s\"", name, service);
	return NULL;
}

Test(firewall_limits, of_a_service_are_beside_those_of_all)
{
	_cleanup_(conf_freep) struct conf *conf = parse(BOTH);
	struct rules ids = { 0 };
	struct firewall *f = build(conf, &ids);
	const struct firewall_limits *all = &f->limits[0], *a = &f->limits[1], *b = &f->limits[2];
	const struct firewall_rule *of_all = find(f, "", "syns"), *of_b = find(f, "b", "syns");

	cr_assert_eq(f->n_limits, 3);
	cr_assert_eq(all->n, 1);
	cr_assert_eq(a->n, 0);
	cr_assert_eq(b->n, 2);
	cr_expect_eq(of_all->kind, FIREWALL_LIMIT);
	cr_expect(of_all->monitor);
	cr_expect_not(of_b->monitor);
	cr_expect_neq(of_all->id, of_b->id, "they are called the same");
	cr_expect_eq(all->limits[0].verdict, SHUNT_GUARD_DENY | SHUNT_GUARD_MONITOR | of_all->id);
	cr_expect_eq(b->limits[0].verdict, SHUNT_GUARD_DENY | of_b->id);
	cr_expect_eq(b->limits[1].verdict, SHUNT_GUARD_DENY | find(f, "b", "all")->id);
	cr_expect_eq(b->limits[1].conf.by, CONF_LIMIT_BY_SERVICE);
	cr_expect_eq(b->limits[0].conf.burst, 400);
	firewall_free(f);
	rules_free(&ids);
}

/* It outlives the config that it is of. */
Test(firewall_limits, point_to_nothing_of_the_config)
{
	struct conf *conf = parse(BOTH);
	struct rules ids = { 0 };
	struct firewall *f = build(conf, &ids);

	conf_free(conf);
	cr_expect_null(f->limits[0].limits[0].conf.name);
	cr_expect_str_eq(find(f, "b", "all")->service, "b");
	firewall_free(f);
	rules_free(&ids);
}

Test(firewall_limits, flags_are_a_rule_of_their_own)
{
	_cleanup_(conf_freep) struct conf *conf = parse(BOTH), *without = NULL;
	struct rules ids = { 0 };
	struct firewall *f = build(conf, &ids);
	const struct firewall_rule *flags = find(f, "", "drop");

	cr_expect_eq(flags->id, SHUNT_GUARD_FLAGS_RULE);
	cr_expect_eq(flags->kind, FIREWALL_FLAGS);
	cr_expect(flags->monitor);
	firewall_free(f);
	without = parse(HEAD "firewall: { tcp_flags: pass }\n");
	f = build(without, &ids);
	cr_expect_eq(f->n_rules, 0);
	cr_expect_eq(ids.n, 0, "ids of rules that are gone");
	firewall_free(f);
	rules_free(&ids);
}

/* The counter, and the buckets of sources, go by the id. */
Test(firewall_limits, keep_their_ids_when_they_change)
{
	_cleanup_(conf_freep) struct conf *conf = parse(BOTH), *next = NULL;
	struct rules ids = { 0 };
	struct firewall *f = build(conf, &ids), *g;
	_cleanup_(buf_free) struct buf text = { 0 };

	buf_puts(&text, BOTH);
	memcpy(strstr(text.data, "1000/s"), "2000/s", 6);
	next = parse(buf_str(&text));
	g = build(next, &ids);
	cr_expect_eq(find(f, "b", "all")->id, find(g, "b", "all")->id);
	cr_expect_eq(g->limits[2].limits[1].conf.rate.count, 2000);
	array_for_each (i, ids.ids, ids.n)
		cr_expect_not(i->is_new, "%s", i->name);
	firewall_free(f);
	firewall_free(g);
	rules_free(&ids);
}

/* Then it is not counted, but limits all the same. */
Test(firewall_limits, work_without_an_id)
{
	_cleanup_(conf_freep) struct conf *conf = parse(BOTH);
	struct rules ids = { 0 };
	struct firewall *f;
	char name[16];

	for (uint32_t id = 1; id < SHUNT_GUARD_FLAGS_RULE; id++) {
		snprintf(name, sizeof(name), "%u", id);
		cr_assert_eq(rules_restore(&ids, name, id), 0);
	}
	f = build(conf, &ids);
	cr_expect_eq(find(f, "b", "all")->id, 0);
	cr_expect_eq(f->limits[2].limits[1].verdict, SHUNT_GUARD_DENY);
	cr_expect_eq(f->lists[0].prefixes[0].verdict, SHUNT_GUARD_DENY | SHUNT_GUARD_MONITOR);
	firewall_free(f);
	rules_free(&ids);
}
