/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the flow cache: what a scan leaves and reports, what is moved. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tables/flows.h"
#include "tables/transit.h"

#define BACKENDS 8
#define SLOTS SHUNT_MIN_SLOTS
#define IDLE_S 300

/* Backends 1 and 2 live and are members 11 and 12 of a table, 3 has another, 4 is dead. */
struct world {
	struct shunt_flow_line lines[16];
	uint16_t seen[SLOTS];
	struct flows_backend backends[BACKENDS];
	struct flows_scan scan;
};

static struct world *world_make(uint16_t now_s)
{
	struct world *w = calloc(1, sizeof(*w));

	for (uint16_t id = 1; id <= 2; id++)
		w->backends[id] = (struct flows_backend){
			.alive = true, .member = 10 + id, .slot_mask = SLOTS - 1, .seen = w->seen
		};
	w->backends[3] = (struct flows_backend){ .alive = true };
	w->scan = (struct flows_scan){
		.backends = w->backends, .n_backends = BACKENDS, .now_s = now_s, .max_age_s = IDLE_S
	};
	return w;
}

static void scan(struct world *w)
{
	flows_scan(&w->scan, w->lines, 16);
}

static const uint16_t clocks[] = { 0, 299, 40000, 65535 };

Test(flows, expire_by_age_whatever_the_clock_says)
{
	for (size_t i = 0; i < 4; i++) {
		const uint32_t now = clocks[i];
		struct world *w = world_make(now);
		__u64 *e = w->lines[5].entry;

		e[0] = SHUNT_FLOW(1, 1, now);
		e[1] = SHUNT_FLOW(2, 1, now - IDLE_S);
		e[2] = SHUNT_FLOW(3, 1, now - IDLE_S - 1);
		e[3] = SHUNT_FLOW(4, 1, now - 40000U);
		/* Written while we look. */
		e[4] = SHUNT_FLOW(5, 1, now + 1);
		scan(w);
		cr_assert_neq(e[0], 0UL);
		cr_assert_neq(e[1], 0UL);
		cr_assert_eq(e[2], 0UL);
		cr_assert_eq(e[3], 0UL);
		cr_assert_neq(e[4], 0UL);
		cr_assert_eq(w->backends[1].flows, 3);
		free(w);
	}
}

/* What a scan would leave, by age; nothing is cleared. */
Test(flows, are_counted_by_age)
{
	const uint32_t now = 5000;
	struct flows_tally tallies[BACKENDS] = { 0 };
	struct world *w = world_make(now);
	__u64 *e = w->lines[15].entry, before[SHUNT_FLOWS_PER_LINE];

	w->scan.max_age_s = 4000;
	w->scan.closing_age_s = 60;
	e[0] = SHUNT_FLOW(1, 1, now - 9);
	e[1] = SHUNT_FLOW(2, 1, now - 10);
	e[2] = SHUNT_FLOW(3, 1, now - 59) | SHUNT_FLOW_CLOSING;
	e[3] = SHUNT_FLOW(4, 1, now - 61) | SHUNT_FLOW_CLOSING;
	e[4] = SHUNT_FLOW(5, 1, now - 3600);
	e[5] = SHUNT_FLOW(6, 2, now - 4001);
	e[6] = SHUNT_FLOW(7, 4, now);
	e[7] = SHUNT_FLOW(8, BACKENDS, now);
	memcpy(before, e, sizeof(before));
	flows_count(&w->scan, w->lines, 16, tallies);
	cr_expect_arr_eq(tallies[1].by_age, ((uint32_t[]){ 1, 2, 0, 0, 1 }),
			 sizeof(tallies[1].by_age));
	cr_expect_eq(tallies[1].closing, 1);
	cr_expect_arr_eq(&tallies[2], (&(struct flows_tally){ 0 }), sizeof(tallies[2]));
	cr_expect_arr_eq(&tallies[4], (&(struct flows_tally){ 0 }), sizeof(tallies[4]), "dead");
	cr_expect_arr_eq(before, e, sizeof(before));
	free(w);
}

/* Clients of one backend are remembered longer than flows, what was ended shorter. */
Test(flows, expire_by_what_they_are)
{
	struct world *w = world_make(10000);
	__u64 *e = w->lines[3].entry;

	w->scan.closing_age_s = 60;
	w->backends[1].max_age_s = 900;
	e[0] = SHUNT_FLOW(1, 1, 10000 - 900);
	e[1] = SHUNT_FLOW(2, 1, 10000 - 901);
	e[2] = SHUNT_FLOW(3, 2, 10000 - 60) | SHUNT_FLOW_CLOSING;
	e[3] = SHUNT_FLOW(4, 2, 10000 - 61) | SHUNT_FLOW_CLOSING;
	e[4] = SHUNT_FLOW(5, 2, 10000 - 61);
	scan(w);
	cr_expect_neq(e[0], 0UL);
	cr_expect_eq(e[1], 0UL);
	cr_expect_neq(e[2], 0UL);
	cr_expect_eq(e[3], 0UL);
	cr_expect_neq(e[4], 0UL);
	cr_expect_eq(w->backends[2].flows, 2);
	cr_expect_eq(w->backends[2].open, 1);
	free(w);
}

Test(flows, of_backends_that_are_dead_or_unknown_go)
{
	struct world *w = world_make(1000);
	__u64 *e = w->lines[15].entry;

	for (uint16_t id = 0; id < 8; id++)
		e[id] = SHUNT_FLOW(77, id, 1000);
	e[7] = SHUNT_FLOW(77, UINT16_MAX, 1000);
	scan(w);
	for (uint16_t id = 0; id < 8; id++)
		cr_assert_eq(e[id] != 0, id >= 1 && id <= 3, "backend %u", id);
	free(w);
}

Test(flows, report_the_slot_they_belong_to)
{
	struct world *w = world_make(1000);

	/* Tags whose low bits are slots 5 and 6. */
	w->lines[0].entry[0] = SHUNT_FLOW(0xabc00000 + 5, 1, 1000);
	w->lines[1].entry[7] = SHUNT_FLOW(0x00100000 + 5, 1, 1000);
	w->lines[2].entry[3] = SHUNT_FLOW(6, 1, 1000);
	w->lines[3].entry[3] = SHUNT_FLOW(0x80000000 + 6, 2, 1000);
	w->lines[4].entry[3] = SHUNT_FLOW(7, 3, 1000); /* of another table */
	w->lines[5].entry[3] = SHUNT_FLOW(8, 1, 600); /* expired */
	scan(w);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		cr_assert_eq(w->seen[slot], slot == 5 ? 11 : slot == 6 ? TRANSIT_SEVERAL : 0);
	free(w);
}

/* Tables have slots of their own number: one tag is in another slot in each. */
Test(flows, are_of_as_many_slots_as_their_table_has)
{
	struct world *w = world_make(1000);
	uint16_t large[4 * SLOTS] = { 0 };

	w->backends[3] = (struct flows_backend){
		.alive = true, .member = 1, .slot_mask = 4 * SLOTS - 1, .seen = large
	};
	w->lines[0].entry[0] = SHUNT_FLOW(3 * SLOTS + 5, 1, 1000);
	w->lines[0].entry[1] = SHUNT_FLOW(3 * SLOTS + 5, 3, 1000);
	scan(w);
	cr_assert_eq(w->seen[5], 11);
	for (uint32_t slot = 0; slot < 4 * SLOTS; slot++)
		cr_assert_eq(large[slot], slot == 3 * SLOTS + 5);
	free(w);
}

Test(flows, marks_that_no_entry_needs_are_taken_away)
{
	struct shunt_flow_line lines[3] = { 0 };
	uint8_t marks[3] = { 0xff, 0xff, 0x01 };

	lines[0].entry[2] = SHUNT_FLOW(0x00000001, 1, 5);
	lines[0].entry[5] = SHUNT_FLOW(0xe0000001, 1, 5);
	lines[2].entry[0] = SHUNT_FLOW(0x1fffffff, 1, 5);
	flows_unmark(lines, 3, marks);
	cr_assert_eq(marks[0], 0x81);
	cr_assert_eq(marks[1], 0);
	cr_assert_eq(marks[2], 0x01);
}

/* --- moved ----------------------------------------------------------------------- */

/* To the end of all ids, and back. */
Test(flows, moved_are_those_of_the_block)
{
	const struct flows_move up = { .from = 16, .span = 16, .to = 65520 };
	const struct flows_move down = { .from = 65520, .span = 16, .to = 16 };
	struct shunt_flow_line lines[2] = { 0 };
	__u64 *e = lines[1].entry;

	e[0] = SHUNT_FLOW(1, 15, 1000);
	e[1] = SHUNT_FLOW(UINT32_MAX, 16, UINT16_MAX);
	e[2] = SHUNT_FLOW(3, 31, 3);
	e[3] = SHUNT_FLOW(4, 32, 1000);
	e[4] = SHUNT_FLOW(0, 0, 5);
	cr_assert_eq(flows_move(&up, 1, lines, 2), 2);
	cr_assert_eq(e[0], SHUNT_FLOW(1, 15, 1000));
	cr_assert_eq(e[1], SHUNT_FLOW(UINT32_MAX, 65520, UINT16_MAX));
	cr_assert_eq(e[2], SHUNT_FLOW(3, 65535, 3));
	cr_assert_eq(e[3], SHUNT_FLOW(4, 32, 1000));
	cr_assert_eq(e[4], SHUNT_FLOW(0, 0, 5));
	cr_assert_eq(flows_move(&up, 1, lines, 2), 0);
	cr_assert_eq(flows_move(&down, 1, lines, 2), 2);
	cr_assert_eq(e[2], SHUNT_FLOW(3, 31, 3));
}

/* Each entry by the block that it is of, and none by what lies between them. */
Test(flows, moved_are_those_of_many_blocks_at_once)
{
	static const struct flows_move moves[] = { { 16, 16, 160 },
						   { 40, 4, 200 },
						   { 64, 16, 80 } };
	static const uint32_t ids[][2] = { { 15, 15 },	{ 16, 160 }, { 31, 175 }, { 32, 32 },
					   { 40, 200 }, { 43, 203 }, { 44, 44 },  { 79, 95 } };
	struct shunt_flow_line line = { 0 };

	for (uint32_t i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		line.entry[i] = SHUNT_FLOW(i + 1, ids[i][0], 7);
	cr_assert_eq(flows_move(moves, 3, &line, 1), 5);
	for (uint32_t i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		cr_assert_eq(line.entry[i], SHUNT_FLOW(i + 1, ids[i][1], 7));
}

/* --- beside packets -------------------------------------------------------------- */

static void *write_on(void *arg)
{
	__u64 *entry = arg;

	for (uint32_t i = 0; i < 2000000; i++)
		__atomic_store_n(entry, SHUNT_FLOW(i, 1, i % 2 ? 1000 : 0), __ATOMIC_RELAXED);
	return NULL;
}

/* Entries change under the scan; what it clears is what it has judged. */
Test(flows, written_meanwhile_are_not_cleared)
{
	struct world *w = world_make(1000);
	pthread_t writer;

	w->scan.max_age_s = 600;
	cr_assert_eq(pthread_create(&writer, NULL, write_on, &w->lines[0].entry[0]), 0);
	while (pthread_tryjoin_np(writer, NULL))
		flows_scan(&w->scan, w->lines, 1);
	flows_scan(&w->scan, w->lines, 1);
	cr_assert_eq(w->lines[0].entry[0], SHUNT_FLOW(1999999, 1, 1000));
	free(w);
}

/* What the program has written last stays, whoever it names. */
Test(flows, written_meanwhile_are_not_moved_back)
{
	const struct flows_move move = { .from = 1, .span = 1, .to = 3 };
	struct world *w = world_make(1000);
	pthread_t writer;

	cr_assert_eq(pthread_create(&writer, NULL, write_on, &w->lines[0].entry[0]), 0);
	while (pthread_tryjoin_np(writer, NULL))
		flows_move(&move, 1, w->lines, 1);
	flows_move(&move, 1, w->lines, 1);
	cr_assert_eq(w->lines[0].entry[0], SHUNT_FLOW(1999999, 3, 1000));
	free(w);
}
