/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a diff, carried out on maps that only remember. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "dataplane/dataplane.h"

#define SLOTS SHUNT_MIN_SLOTS
#define TABLES 2

/**
 * struct fake - maps in memory
 * @calls: what was called, in order: "backend 3, table 0, ..."
 * @fail_on: the call that fails
 * @alive: 3 and 4, unless a test takes them out
 */
struct fake {
	struct buf calls;
	const char *fail_on;
	struct transit transit;
	struct id_set alive;
	struct shunt_backend backend;
	_Alignas(4096) __u32 words[TABLES][SLOTS];
};

static int note(struct fake *f, const char *what, unsigned int number)
{
	buf_printf(&f->calls, "%s%s %u", f->calls.len ? ", " : "", what, number);
	return f->fail_on && !strcmp(f->fail_on, what) ? -EIO : 0;
}

static int fake_put_backend(void *ctx, __u32 id, const struct shunt_backend *b)
{
	((struct fake *)ctx)->backend = *b;
	return note(ctx, "backend", id);
}

static int fake_mark_backend(void *ctx, __u32 id, bool dead)
{
	return note(ctx, dead ? "dead" : "alive", id);
}

static int fake_del_backend(void *ctx, __u32 id)
{
	return note(ctx, "no-backend", id);
}

static __u32 *fake_table_words(void *ctx, __u32 number)
{
	struct fake *f = ctx;

	note(f, "table", number);
	return number < TABLES ? f->words[number] : NULL;
}

static int fake_put_vip(void *ctx, const struct shunt_addr *vip)
{
	return note(ctx, "vip", vip->b[15]);
}

static int fake_del_vip(void *ctx, const struct shunt_addr *vip)
{
	return note(ctx, "no-vip", vip->b[15]);
}

static int fake_put_service(void *ctx, const struct shunt_service_key *key,
			    const struct shunt_service *s)
{
	return note(ctx, "service", key->vip.b[15] * 100 + s->table);
}

static int fake_del_service(void *ctx, const struct shunt_service_key *key)
{
	return note(ctx, "no-service", key->vip.b[15]);
}

static const struct map_ops fake_ops = {
	.put_backend = fake_put_backend,
	.mark_backend = fake_mark_backend,
	.del_backend = fake_del_backend,
	.table_words = fake_table_words,
	.put_vip = fake_put_vip,
	.del_vip = fake_del_vip,
	.put_service = fake_put_service,
	.del_service = fake_del_service,
};

/* Backends 3 and 4 share table 1 evenly. */
static struct plan_position positions[] = { { 3, PLAN_KEEP_ALL }, { 4, PLAN_KEEP_ALL } };
static const struct plan_table table = {
	.number = 1, .slots = SLOTS, .positions = positions, .n_positions = 2
};
static const struct plan_table beyond = {
	.number = TABLES, .slots = SLOTS, .positions = positions, .n_positions = 2
};
static const struct plan_backend backend = {
	.id = 3,
	.leg[SHUNT_V6] = { .addr = { .b = { [15] = 11 } }, .forward = SHUNT_FORWARD_IPIP },
	.alive = true,
};
static const struct plan_backend dead = { .id = 4 };
static const struct shunt_addr vip = { .b = { [15] = 80 } };
static const struct plan_service service = { .key = { .vip = { .b = { [15] = 80 } } }, .table = 1 };

static const struct plan_op every_step[] = {
	{ .kind = PLAN_PUT_BACKEND, .backend = &backend },
	{ .kind = PLAN_FILL_TABLE, .table = &table },
	{ .kind = PLAN_PUT_VIP, .vip = &vip },
	{ .kind = PLAN_PUT_SERVICE, .service = &service },
	{ .kind = PLAN_DEL_SERVICE, .service = &service },
	{ .kind = PLAN_DEL_VIP, .vip = &vip },
	{ .kind = PLAN_CLEAR_TABLE, .table = &table },
	{ .kind = PLAN_DEL_BACKEND, .backend = &backend },
};

static int run(struct fake *f, const struct plan_op *steps, size_t n)
{
	_cleanup_(table_cache_freep) struct table_cache *cache = table_cache_create();
	static uint32_t scratch[SLOTS];
	const struct apply_to to = { .ops = &fake_ops,
				     .ctx = f,
				     .transit = &f->transit,
				     .alive = &f->alive,
				     .scratch = scratch,
				     .cache = cache };

	f->transit.slots = SLOTS;
	return apply(&to, steps, n);
}

Test(apply, takes_the_steps_in_their_order)
{
	struct fake f = { 0 };

	cr_assert_eq(run(&f, every_step, 8), 0);
	cr_assert_str_eq(buf_str(&f.calls), "backend 3, table 1, vip 80, service 8001, "
					    "no-service 80, no-vip 80, table 1, no-backend 3");
	buf_free(&f.calls);
}

Test(apply, writes_a_backend_without_a_hop)
{
	struct fake f = { 0 };

	cr_assert_eq(run(&f, every_step, 1), 0);
	cr_assert_eq(f.backend.leg[SHUNT_V4].forward, SHUNT_FORWARD_NONE);
	cr_assert_eq(f.backend.leg[SHUNT_V6].forward, SHUNT_FORWARD_IPIP);
	cr_assert_eq(f.backend.leg[SHUNT_V6].addr.b[15], 11);
	cr_assert_eq(f.backend.leg[SHUNT_V6].hop.word, 0UL);
	cr_assert_eq(f.backend.leg[SHUNT_V6].flags, 0);
	buf_free(&f.calls);
}

Test(apply, says_of_a_backend_that_it_is_dead)
{
	const struct plan_op steps[] = {
		{ .kind = PLAN_PUT_BACKEND, .backend = &dead },
		{ .kind = PLAN_MARK_BACKEND, .backend = &backend },
		{ .kind = PLAN_MARK_BACKEND, .backend = &dead },
	};
	struct fake f = { 0 };

	cr_assert_eq(run(&f, steps, 3), 0);
	cr_assert_eq(f.backend.leg[SHUNT_V4].flags, SHUNT_LEG_DEAD);
	cr_assert_eq(f.backend.leg[SHUNT_V6].flags, SHUNT_LEG_DEAD);
	cr_assert_str_eq(buf_str(&f.calls), "backend 4, alive 3, dead 4");
	buf_free(&f.calls);
}

/* What is in the map counts, not what was planned before. */
Test(apply, takes_slots_on_from_where_they_are)
{
	static struct fake f;
	uint32_t *words = f.words[1], moved = 0;

	id_set_add(&f.alive, 3);
	for (size_t i = 0; i < SLOTS; i++)
		words[i] = i % 2 ? 3 : 5; /* 5 has gone */
	cr_assert_eq(run(&f, &every_step[1], 1), 0);
	for (size_t i = 0; i < SLOTS; i++) {
		const uint32_t cur = SHUNT_SLOT_CUR(words[i]);
		const bool moves = i % 2 && cur != 3;

		cr_assert_eq(words[i], SHUNT_SLOT(moves, moves ? 3 : 0, cur));
		moved += moves;
	}
	cr_assert_gt(moved, 0U);
	cr_assert_eq(f.transit.n_tables, 1);
	cr_assert_eq(run(&f, &every_step[6], 1), 0);
	cr_assert_eq(f.transit.n_tables, 0, "nobody waits for a table that was cleared");
	transit_free(&f.transit);
	buf_free(&f.calls);
}

Test(apply, fills_and_clears_the_table_that_is_named)
{
	struct fake f = { 0 };
	size_t threes = 0, fours = 0;

	cr_assert_eq(run(&f, &every_step[1], 1), 0);
	for (size_t i = 0; i < SLOTS; i++) {
		threes += SHUNT_SLOT_CUR(f.words[1][i]) == 3;
		fours += SHUNT_SLOT_CUR(f.words[1][i]) == 4;
		cr_assert_eq(f.words[0][i], 0U);
	}
	cr_assert_eq(threes, SLOTS / 2);
	cr_assert_eq(fours, SLOTS / 2);
	cr_assert_eq(run(&f, &every_step[6], 1), 0);
	for (size_t i = 0; i < SLOTS; i++)
		cr_assert_eq(f.words[1][i], 0U);
	buf_free(&f.calls);
}

Test(apply, stops_at_the_first_error_and_may_be_repeated)
{
	struct fake f = { .fail_on = "vip" }, whole = { 0 };

	cr_assert_eq(run(&f, every_step, 5), -EIO);
	cr_assert_str_eq(buf_str(&f.calls), "backend 3, table 1, vip 80");
	f.fail_on = NULL;
	cr_assert_eq(run(&f, every_step, 5), 0);
	cr_assert_eq(run(&whole, every_step, 5), 0);
	cr_assert_arr_eq(f.words, whole.words, sizeof(f.words));
	buf_free(&f.calls);
	buf_free(&whole.calls);
}

/* A second time nothing differs: a write to what is read-only now would be a crash. */
Test(apply, writes_only_words_that_differ)
{
	static struct fake f;

	cr_assert_eq(run(&f, &every_step[1], 1), 0);
	cr_assert_eq(mprotect(f.words, sizeof(f.words), PROT_READ), 0);
	cr_assert_eq(run(&f, &every_step[1], 1), 0);
	cr_assert_eq(mprotect(f.words, sizeof(f.words), PROT_READ | PROT_WRITE), 0);
	cr_assert_eq(run(&f, &every_step[6], 1), 0);
	cr_assert_eq(mprotect(f.words, sizeof(f.words), PROT_READ), 0);
	cr_assert_eq(run(&f, &every_step[6], 1), 0);
	buf_free(&f.calls);
}

Test(apply, refuses_a_table_that_is_not_there)
{
	const struct plan_op fill = { .kind = PLAN_FILL_TABLE, .table = &beyond };
	const struct plan_op clear = { .kind = PLAN_CLEAR_TABLE, .table = &beyond };
	struct fake f = { 0 };

	cr_assert_eq(run(&f, &fill, 1), -ERANGE);
	cr_assert_eq(run(&f, &clear, 1), -ERANGE);
	buf_free(&f.calls);
}
