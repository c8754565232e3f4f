/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that must never change: balancers of a fleet may run different builds,
 * and a restart after an upgrade must move no flow. A checksum that differs here
 * is a break of compatibility, not a test to be adapted.
 */
#include <criterion/criterion.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"
#include "plan/table_hash.h"

static uint64_t checksum(const struct plan_table *table)
{
	_cleanup_free_ uint32_t *words = make_words(table);
	uint64_t sum = 0;

	for (uint32_t s = 0; s < table->slots; s++)
		sum = table_hash_bytes(sum, &words[s], sizeof(words[s]));
	return sum;
}

Test(golden, consistent)
{
	static struct plan_position positions[1000];
	struct plan_table table = { .positions = positions };

	for (uint32_t p = 0; p < 1000; p++)
		positions[p] = (struct plan_position){ p + 1, PLAN_KEEP_ALL };
	table.slots = 1024;
	table.n_positions = 3;
	cr_expect_eq(checksum(&table), 0x29a428ff6b89ae72ULL, "%#lx", checksum(&table));
	table.slots = 65536;
	table.n_positions = 10;
	cr_expect_eq(checksum(&table), 0xa0b6ed296ecf544aULL, "%#lx", checksum(&table));
	table.n_positions = 1000;
	cr_expect_eq(checksum(&table), 0x950c59be45be552aULL, "%#lx", checksum(&table));
	positions[17] = (struct plan_position){ 0 };
	positions[18].keep = 40000;
	positions[19].keep = 20000;
	cr_expect_eq(checksum(&table), 0xa10b301db1891e12ULL, "%#lx", checksum(&table));
}

/* From the config on: the seeds count as well. */
Test(golden, maglev)
{
	_cleanup_(make_free) struct conf *conf = make_web(65536, 7, 3);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = NULL;

	conf->services[0].scheduler = CONF_SCHEDULER_MAGLEV;
	conf->services[0].backends[2].weight = 5;
	plan = make_plan(conf, ids);
	cr_expect_eq(checksum(&plan->tables[0]), 0xf9aee33a1bcdbb41ULL, "%#lx",
		     checksum(&plan->tables[0]));
}

Test(golden, turns)
{
	_cleanup_(make_free) struct conf *conf = make_web(4096, 7, 3);
	_cleanup_(ids_freep) struct ids *ids = ids_create();
	_cleanup_(plan_freep) struct plan *plan = NULL;

	conf->services[0].scheduler = CONF_SCHEDULER_ROUND_ROBIN;
	conf->services[0].backends[2].weight = 5;
	plan = make_plan(conf, ids);
	cr_expect_eq(checksum(&plan->tables[0]), 0xe0794a6092275576ULL, "%#lx",
		     checksum(&plan->tables[0]));
}
