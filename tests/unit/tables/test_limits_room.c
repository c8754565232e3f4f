/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room that a config needs for its limits is asked for before they are laid out: as much
 * as they take then, neither less, which could not be put, nor more.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "../../lib/guard_ref.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "conf/conf.h"
#include "plan/firewall.h"
#include "tables/limits.h"

#define CONFIGS 200
#define SERVICES 5
#define MOST 3

static void put_section(struct buf *text, uint64_t *seed)
{
	const size_t n = 1 + guard_ref_random(seed) % MOST;

	buf_puts(text, "firewall: { rate_limit: [");
	for (size_t i = 0; i < n; i++)
		buf_printf(text, "%s{ name: l%zu, match: packets, rate: 10/s, by: %s }",
			   i ? ", " : "", i, guard_ref_random(seed) % 3 ? "source" : "service");
	buf_puts(text, "] }\n");
}

static struct conf *draw_conf(uint64_t *seed)
{
	const size_t services = guard_ref_random(seed) % SERVICES;
	_cleanup_(buf_free) struct buf text = { 0 }, said = { 0 };
	struct conf *conf = NULL;

	buf_puts(&text, "version: 1\ninterfaces: { eth0: }\n");
	if (guard_ref_random(seed) % 4)
		put_section(&text, seed);
	buf_puts(&text, services ? "services:\n" : "");
	for (size_t i = 0; i < services; i++) {
		buf_printf(&text,
			   "  s%zu:\n    vip: 192.0.2.%zu\n    ports: 80/tcp\n"
			   "    check: { type: none }\n"
			   "    backends: [{ name: x, address: 192.0.2.11 }]\n",
			   i, i + 1);
		if (guard_ref_random(seed) % 2) {
			buf_puts(&text, "    ");
			put_section(&text, seed);
		}
	}
	cr_assert_eq(conf_parse("t.yaml", buf_str(&text), text.len, &said, &conf), 0, "%s\n%s",
		     buf_str(&said), buf_str(&text));
	return conf;
}

/* All rules of a service, in the order in which they are asked. */
struct row {
	struct limits_rule rules[2 * MOST];
	size_t n;
};

static void add_rules(struct row *row, const struct firewall_limits *from)
{
	array_for_each (l, from->limits, from->n)
		row->rules[row->n++] = (struct limits_rule){ &l->conf, l->verdict };
}

static size_t count_laid_out(const struct firewall *f)
{
	struct limits_list lists[SERVICES + 1] = { { 0 } };
	struct row rows[SERVICES + 1] = { { .n = 0 } };

	for (size_t i = 0; i < f->n_limits; i++) {
		add_rules(&rows[i], &f->limits[0]);
		if (i)
			add_rules(&rows[i], &f->limits[i]);
		lists[i] = (struct limits_list){ .of = i, .rules = rows[i].rules, .n = rows[i].n };
	}
	return limits_count(lists, f->n_limits);
}

Test(limits, take_the_room_that_was_asked_for)
{
	const struct admin nothing = { 0 };
	uint64_t seed = 0x11;
	size_t most = 0;

	for (int i = 0; i < CONFIGS; i++) {
		_cleanup_(conf_freep) struct conf *conf = draw_conf(&seed);
		struct rules ids = { 0 };
		struct firewall *f;

		cr_assert_eq(firewall_build(conf, &nothing, &ids, &f), 0);
		cr_assert_eq(firewall_count_limits(conf), count_laid_out(f), "config %d", i);
		most = count_laid_out(f) > most ? count_laid_out(f) : most;
		firewall_free(f);
		rules_free(&ids);
	}
	cr_expect_gt(most, 10);
}
