/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a diff, carried out on maps that only remember. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "tables/apply.h"
#include "tables/tables.h"

#define SLOTS SHUNT_MIN_SLOTS
#define LINES (2 * SLOTS / SHUNT_SLOTS_PER_LINE)
#define TABLES 2

/**
 * struct fake - maps in memory
 * @calls: what was called, in order: "backend 3, table 0, ..."
 * @fail_on: the call that fails
 * @listing: the last one
 */
struct fake {
	struct buf calls;
	const char *fail_on;
	struct tables tables;
	struct id_set alive;
	struct shunt_backend backend;
	struct shunt_load load;
	struct shunt_listing listing;
	_Alignas(4096) struct shunt_slot_line lines[TABLES * LINES];
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

static int fake_mark_backend(void *ctx, __u32 id, __u8 flags)
{
	return note(ctx, flags & SHUNT_LEG_RESET ? "reset" : flags ? "dead" : "alive", id);
}

static int fake_put_load(void *ctx, __u32 id, __u32 limit, __u32 weight)
{
	struct fake *f = ctx;

	f->load = (struct shunt_load){ .limit = limit, .weight = weight };
	return note(ctx, "load", id);
}

static int fake_del_backend(void *ctx, __u32 id)
{
	return note(ctx, "no-backend", id);
}

static __u16 *fake_lines(void *ctx, __u32 first, __u32 n)
{
	struct fake *f = ctx;

	return first + n <= TABLES * LINES ? f->lines[first].half : NULL;
}

static int fake_read_former(void *ctx, const struct plan_table *table, __u32 *words)
{
	(void)words;
	note(ctx, "former", table->number);
	return -ENOENT;
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
			    const struct shunt_listing *like)
{
	((struct fake *)ctx)->listing = *like;
	return note(ctx, "service", key->vip.b[15]);
}

static int fake_del_service(void *ctx, const struct shunt_service_key *key)
{
	return note(ctx, "no-service", key->vip.b[15]);
}

static void fake_repoint(void *ctx, const struct map_move *moves, size_t n)
{
	for (size_t i = 0; i < n; i++)
		note(ctx, "repoint", moves[i].from.base);
}

static int fake_move_flows(void *ctx, const struct flows_move *moves, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = note(ctx, "move", 1000 * moves[i].from + moves[i].to);
	return err;
}

static const struct map_ops fake_ops = {
	.put_backend = fake_put_backend,
	.mark_backend = fake_mark_backend,
	.put_load = fake_put_load,
	.del_backend = fake_del_backend,
	.lines = fake_lines,
	.read_former = fake_read_former,
	.put_vip = fake_put_vip,
	.del_vip = fake_del_vip,
	.put_service = fake_put_service,
	.del_service = fake_del_service,
	.repoint = fake_repoint,
	.move_flows = fake_move_flows,
};

/* Members 3 and 4 share tables 1 and 2 evenly; table 1 changes. */
static struct plan_position positions[] = { { 3, PLAN_KEEP_ALL }, { 4, PLAN_KEEP_ALL } };
static const struct plan_table table = { .number = 1,
					 .base = 16,
					 .span = 16,
					 .slots = SLOTS,
					 .positions = positions,
					 .n_positions = 2 };
static const struct plan_table alike = { .number = 2,
					 .base = 32,
					 .span = 16,
					 .slots = SLOTS,
					 .positions = positions,
					 .n_positions = 2 };
static const struct plan_table changed = { .number = 1,
					   .base = 16,
					   .span = 16,
					   .slots = SLOTS,
					   .positions = positions,
					   .n_positions = 1 };
static const struct plan_backend backend = {
	.id = 3,
	.leg[SHUNT_V6] = { .addr = { .b = { [15] = 11 } },
			   .forward = SHUNT_FORWARD_GUE,
			   .port = 6080 },
	.alive = true,
	.counted = true,
	.limit = 7,
	.load_weight = 50,
};
static const struct plan_backend dead = { .id = 4 };
static const struct plan_backend lost = { .id = 4, .alive = true, .resets = true };
static const struct shunt_addr vip = { .b = { [15] = 80 } };
static const struct plan_service service = { .key = { .vip = { .b = { [15] = 80 } } },
					     .table = 1,
					     .base = 16,
					     .flags = SHUNT_SERVICE_TRACKED };

static const struct plan_op every_step[] = {
	{ .kind = PLAN_PUT_BACKEND, .backend = &backend },
	{ .kind = PLAN_FILL_TABLE, .table = &table },
	{ .kind = PLAN_PUT_VIP, .vip = &vip },
	{ .kind = PLAN_PUT_SERVICE, .service = &service },
	{ .kind = PLAN_MOVE_FLOWS, .table = &table, .moved = &alike },
	{ .kind = PLAN_DEL_SERVICE, .service = &service },
	{ .kind = PLAN_DEL_VIP, .vip = &vip },
	{ .kind = PLAN_CLEAR_TABLE, .table = &table },
	{ .kind = PLAN_DEL_BACKEND, .backend = &backend },
};

static struct fake *fake_make(void)
{
	struct fake *f =
		mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(f, MAP_FAILED);
	cr_assert_eq(tables_init(&f->tables, &fake_ops, f, TABLES * LINES), 0);
	return f;
}

static void fake_free(struct fake *f)
{
	tables_free(&f->tables);
	buf_free(&f->calls);
	munmap(f, sizeof(*f));
}

static int run(struct fake *f, const struct plan_op *steps, size_t n)
{
	const struct apply_to to = {
		.ops = &fake_ops, .ctx = f, .tables = &f->tables, .alive = &f->alive
	};

	return apply(&to, steps, n);
}

Test(apply, takes_the_steps_in_their_order)
{
	struct fake *f = fake_make();

	cr_assert_eq(run(f, every_step, 9), 0);
	cr_assert_str_eq(buf_str(&f->calls),
			 "backend 3, former 1, vip 80, service 80, move 32016, no-service 80, "
			 "no-vip 80, no-backend 3");
	fake_free(f);
}

Test(apply, writes_a_backend_without_a_hop)
{
	struct fake *f = fake_make();

	cr_assert_eq(run(f, every_step, 1), 0);
	cr_assert_eq(f->backend.leg[SHUNT_V4].forward, SHUNT_FORWARD_NONE);
	cr_assert_eq(f->backend.leg[SHUNT_V6].forward, SHUNT_FORWARD_GUE);
	cr_assert_eq(f->backend.leg[SHUNT_V6].port, 6080);
	cr_assert_eq(f->backend.leg[SHUNT_V6].addr.b[15], 11);
	cr_assert_eq(f->backend.leg[SHUNT_V6].hop.word, 0UL);
	cr_assert_eq(f->backend.leg[SHUNT_V6].flags, 0);
	fake_free(f);
}

Test(apply, says_of_a_backend_that_it_is_dead)
{
	const struct plan_op steps[] = {
		{ .kind = PLAN_PUT_BACKEND, .backend = &dead },
		{ .kind = PLAN_MARK_BACKEND, .backend = &backend },
		{ .kind = PLAN_MARK_BACKEND, .backend = &dead },
		{ .kind = PLAN_MARK_BACKEND, .backend = &lost },
	};
	struct fake *f = fake_make();

	cr_assert_eq(run(f, steps, 4), 0);
	cr_assert_eq(f->backend.leg[SHUNT_V4].flags, SHUNT_LEG_DEAD);
	cr_assert_eq(f->backend.leg[SHUNT_V6].flags, SHUNT_LEG_DEAD);
	cr_assert_str_eq(buf_str(&f->calls), "backend 4, alive 3, dead 4, reset 4");
	fake_free(f);
}

Test(apply, says_what_a_backend_may_have)
{
	const struct plan_op step = { .kind = PLAN_PUT_LOAD, .backend = &backend };
	struct fake *f = fake_make();

	cr_assert_eq(run(f, &step, 1), 0);
	cr_assert_str_eq(buf_str(&f->calls), "load 3");
	cr_assert_eq(f->load.limit, 7);
	cr_assert_eq(f->load.weight, 50);
	fake_free(f);
}

static size_t count_words(const struct fake *f, uint32_t first, uint32_t word)
{
	size_t n = 0;

	for (uint32_t i = 0; i < SLOTS; i++) {
		const uint32_t line = first + i / SHUNT_SLOTS_PER_LINE;
		const uint32_t at = i % SHUNT_SLOTS_PER_LINE;

		n += shunt_slot_word(f->lines[line].half[at],
				     f->lines[line + LINES / 2].half[at]) == word;
	}
	return n;
}

Test(apply, fills_and_clears_the_table_that_is_named)
{
	struct fake *f = fake_make();

	cr_assert_eq(run(f, every_step, 4), 0);
	cr_assert_eq(f->listing.service.line_mask, LINES / 2 - 1);
	cr_assert_eq(f->listing.service.base, 16);
	cr_assert_eq(f->listing.flags, SHUNT_SERVICE_TRACKED);
	cr_assert_eq(count_words(f, f->listing.service.first, 3), SLOTS / 2);
	cr_assert_eq(count_words(f, f->listing.service.first, 4), SLOTS / 2);
	cr_assert_eq(tables_count(&f->tables).places, 1U);
	cr_assert_eq(run(f, &every_step[5], 3), 0);
	cr_assert_eq(tables_count(&f->tables).places, 0U);
	fake_free(f);
}

/* Packets are sent to what was copied before anything else is done, and once. */
Test(apply, sends_services_when_all_tables_are_filled)
{
	const struct plan_op steps[] = {
		{ .kind = PLAN_FILL_TABLE, .table = &table },
		{ .kind = PLAN_FILL_TABLE, .table = &alike },
		{ .kind = PLAN_FILL_TABLE, .table = &changed },
		{ .kind = PLAN_PUT_VIP, .vip = &vip },
	};
	struct fake *f = fake_make();

	id_set_add(&f->alive, 16 + 3);
	id_set_add(&f->alive, 16 + 4);
	cr_assert_eq(run(f, steps, 4), 0);
	cr_assert_str_eq(buf_str(&f->calls), "former 1, former 2, repoint 16, vip 80");
	cr_assert_eq(count_words(f, tables_place(&f->tables, 1)->first,
				 SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 4, 3)),
		     SLOTS / 2);
	cr_assert_eq(count_words(f, tables_place(&f->tables, 2)->first, 4), SLOTS / 2);
	fake_free(f);
}

Test(apply, stops_at_the_first_error_and_may_be_repeated)
{
	struct fake *f = fake_make(), *whole = fake_make();

	f->fail_on = "vip";
	cr_assert_eq(run(f, every_step, 4), -EIO);
	cr_assert_str_eq(buf_str(&f->calls), "backend 3, former 1, vip 80");
	f->fail_on = NULL;
	cr_assert_eq(run(f, every_step, 4), 0);
	cr_assert_eq(run(whole, every_step, 4), 0);
	cr_assert_arr_eq(f->lines, whole->lines, sizeof(f->lines));
	fake_free(f);
	fake_free(whole);
}

/* A second time nothing differs: a write to what is read-only now would be a crash. */
Test(apply, writes_only_words_that_differ)
{
	struct fake *f = fake_make();

	cr_assert_eq(run(f, &every_step[1], 1), 0);
	cr_assert_eq(mprotect(f->lines, sizeof(f->lines), PROT_READ), 0);
	cr_assert_eq(run(f, &every_step[1], 1), 0);
	cr_assert_eq(mprotect(f->lines, sizeof(f->lines), PROT_READ | PROT_WRITE), 0);
	fake_free(f);
}

Test(apply, publishes_no_service_without_a_table)
{
	struct fake *f = fake_make();

	cr_assert_eq(run(f, &every_step[3], 1), -ENOENT);
	cr_assert_eq(f->calls.len, 0);
	cr_assert_eq(run(f, &every_step[7], 1), 0, "what is not there is cleared");
	fake_free(f);
}
