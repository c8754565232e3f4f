/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tables/listing.h"
#include "tables_world.h"

static void world_open(struct world *w, uint32_t n_lines)
{
	w->fake.n_lines = n_lines;
	cr_assert_eq(tables_init(&w->tables, &slots_fake_ops, &w->fake, n_lines), 0);
	transit_set_times(&w->tables.transit, EARLY_S, IDLE_S, transit_seconds(w->now_ms));
}

struct world *world_make_in(size_t size, uint32_t n_lines)
{
	struct world *w = calloc(1, size);

	w->now_ms = 5000000;
	for (uint32_t id = 1; id < 200 * SPAN; id++)
		if (id % SPAN && id % SPAN <= 4)
			id_set_add(&w->alive, id);
	world_open(w, n_lines);
	return w;
}

struct world *world_make(uint32_t n_lines)
{
	return world_make_in(sizeof(struct world), n_lines);
}

void world_free(struct world *w)
{
	tables_free(&w->tables);
	free(w);
}

void world_restart(struct world *w)
{
	tables_free(&w->tables);
	world_open(w, w->fake.n_lines);
	cr_assert_eq(tables_adopt(&w->tables, w->fake.listings, FAKE_LISTING_LINES, w->now_ms), 0);
}

int fill_sized(struct world *w, uint32_t n, const char *pool, uint32_t slots)
{
	struct plan_position positions[8] = { 0 };
	struct plan_table table = {
		.number = n,
		.base = n * SPAN,
		.span = SPAN,
		.tracked = w->tracked,
		.slots = slots,
		.positions = positions,
	};

	for (; *pool; pool++, table.n_positions++)
		if (*pool != '0')
			positions[table.n_positions] =
				(struct plan_position){ *pool - '0', PLAN_KEEP_ALL };
	return tables_fill(&w->tables, &table, &w->alive, w->now_ms);
}

void put(struct world *w, uint32_t n)
{
	const struct plan_service service = {
		.key = slots_fake_key(n),
		.table = n,
		.base = n * SPAN,
		.flags = w->tracked ? SHUNT_SERVICE_TRACKED : 0,
	};
	struct shunt_listing like = { .flags = service.flags };

	tables_flush(&w->tables, w->now_ms);
	cr_assert_eq(tables_service(&w->tables, &service, &like.service), 0);
	cr_assert_eq(slots_fake_ops.put_service(&w->fake, &service.key, &like), 0);
}

void serve(struct world *w, uint32_t n, const char *pool)
{
	cr_assert_eq(fill_sized(w, n, pool, SLOTS), 0);
	put(w, n);
}

void fill_all(struct world *w, uint32_t n, const char *pool)
{
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(fill_sized(w, i, pool, SLOTS), 0);
	tables_flush(&w->tables, w->now_ms);
}

void serve_all(struct world *w, uint32_t n, const char *pool)
{
	fill_all(w, n, pool);
	for (uint32_t i = 0; i < n; i++)
		put(w, i);
}

void pass(struct world *w, uint32_t seconds)
{
	while (seconds--) {
		w->now_ms += 1000;
		cr_assert_eq(tables_tick(&w->tables, w->now_ms), 0);
	}
}

void settle(struct world *w)
{
	pass(w, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	cr_assert_eq(tables_sweep_begin(&w->tables, w->now_ms), 0);
	cr_assert_eq(tables_sweep_end(&w->tables, w->now_ms), 0);
	pass(w, 1);
}

void kill_member(struct world *w, uint32_t n, uint32_t member)
{
	id_set_remove(&w->alive, n * SPAN + member);
}

struct shunt_service seen(const struct world *w, uint32_t n)
{
	const struct shunt_listing *at = slots_fake_listing(&w->fake, n);

	cr_assert_not_null(at);
	return listing_service(at);
}

bool together(const struct world *w, uint32_t a, uint32_t b)
{
	const bool same = tables_place(&w->tables, a) == tables_place(&w->tables, b);

	cr_assert_eq(seen(w, a).first == seen(w, b).first, same);
	cr_assert_eq(seen(w, a).base, a * SPAN);
	return same;
}

uint32_t count(const struct world *w, uint32_t n, int state, uint32_t prev, uint32_t cur)
{
	const struct shunt_service s = seen(w, n);
	uint32_t found = 0;

	for (uint32_t i = 0; i < (s.line_mask + 1U) * SHUNT_SLOTS_PER_LINE; i++) {
		const uint32_t word = slots_fake_word(&w->fake, &s, i);

		found += (state < 0 || SHUNT_SLOT_STATE(word) == (uint32_t)state) &&
			 SHUNT_SLOT_PREV(word) == prev && SHUNT_SLOT_CUR(word) == cur;
	}
	return found;
}
