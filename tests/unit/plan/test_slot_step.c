/* SPDX-License-Identifier: BSD-2-Clause */
/* Every word of a small world, every owner, every set of living backends. */
#include <criterion/criterion.h>

#include "plan/slot_step.h"

/* Members 1 to 3 and nobody: enough for cur, prev and owner to be all different. */
#define IDS 4

struct step {
	uint32_t state, prev, cur, owner;
	struct id_set alive; /* members */
	uint32_t after; /* the word that follows */
};

/* The ids of @alive in a block from @base on. */
static uint32_t step_in_block(uint32_t word, uint32_t owner, uint32_t base,
			      const struct id_set *alive)
{
	struct id_set ids = { 0 };

	for (uint32_t m = 1; m < IDS; m++)
		if (id_set_has(alive, m))
			id_set_add(&ids, base + m);
	/* Member 0 is nobody, whoever has the id. */
	if (base)
		id_set_add(&ids, base);
	return slot_step(word, owner, base, &ids);
}

/* Call @check for every step there is. */
static void each_step(void (*check)(const struct step *s))
{
	for (uint32_t n = 0; n < 4 * IDS * IDS * IDS << IDS; n++) {
		struct step s = { .state = n % 4,
				  .prev = n / 4 % IDS,
				  .cur = n / 4 / IDS % IDS,
				  .owner = n / 4 / IDS / IDS % IDS };

		/* Member 0 is in no set. */
		s.alive.bits[0] = (n / 4 / IDS / IDS / IDS) & ~1U;
		s.after = slot_step(SHUNT_SLOT(s.state, s.prev, s.cur), s.owner, 0, &s.alive);
		cr_assert_eq(
			step_in_block(SHUNT_SLOT(s.state, s.prev, s.cur), s.owner, 4099, &s.alive),
			s.after, "the base does not matter");
		check(&s);
	}
}

#define AFTER(s)                                                                                   \
	SHUNT_SLOT_STATE((s)->after), SHUNT_SLOT_PREV((s)->after), SHUNT_SLOT_CUR((s)->after)

static void expect(const struct step *s, uint32_t state, uint32_t prev, uint32_t cur)
{
	cr_assert_eq(s->after, SHUNT_SLOT(state, prev, cur),
		     "%u(%u, %u) owner %u alive %#lx: %u(%u, %u), not %u(%u, %u)", s->state,
		     s->prev, s->cur, s->owner, s->alive.bits[0], AFTER(s), state, prev, cur);
}

static bool lives(const struct step *s, uint32_t id)
{
	return s->alive.bits[0] >> id & 1;
}

static bool is_early(const struct step *s)
{
	return s->state == SHUNT_SLOT_MIGRATING || s->state == SHUNT_SLOT_PINNING;
}

/* The table of the header, row by row; every step is in exactly one. */
static void check_table(const struct step *s)
{
	const bool same = s->owner == s->cur, prev = lives(s, s->prev), cur = lives(s, s->cur);
	int rows = 0;

	if (same && is_early(s) && !prev && ++rows)
		expect(s, SHUNT_SLOT_PINNED, 0, s->cur);
	if (same && !(is_early(s) && !prev) && ++rows)
		expect(s, s->state, prev ? s->prev : 0, s->cur);
	if (!same && s->state == SHUNT_SLOT_STABLE && cur && ++rows)
		expect(s, SHUNT_SLOT_MIGRATING, s->cur, s->owner);
	if (!same && s->state == SHUNT_SLOT_STABLE && !cur && ++rows)
		expect(s, SHUNT_SLOT_STABLE, 0, s->owner);
	if (!same && is_early(s) && prev && ++rows)
		expect(s, SHUNT_SLOT_MIGRATING, s->prev, s->owner);
	if (!same && s->state != SHUNT_SLOT_STABLE && !(is_early(s) && prev) && cur && ++rows)
		expect(s, SHUNT_SLOT_MIGRATING, s->cur, s->owner);
	if (!same && s->state != SHUNT_SLOT_STABLE && !(is_early(s) && prev) && !cur && ++rows)
		expect(s, SHUNT_SLOT_PINNED, 0, s->owner);
	cr_assert_eq(rows, 1);
}

Test(slot_step, follows_the_table)
{
	each_step(check_table);
}

static void check_properties(const struct step *s)
{
	const uint32_t state = SHUNT_SLOT_STATE(s->after), prev = SHUNT_SLOT_PREV(s->after);

	cr_assert_eq(SHUNT_SLOT_CUR(s->after), s->owner, "new flows go to the owner");
	cr_assert(!prev || lives(s, prev), "nothing is kept at the dead");
	cr_assert(state == SHUNT_SLOT_STABLE || state == SHUNT_SLOT_PINNED || prev,
		  "flows are kept somewhere");
	cr_assert(prev != s->owner || prev == s->prev || !prev, "nobody is before himself");
	/* A slot whose flows may be anywhere does not forget that by a step. */
	cr_assert(state != SHUNT_SLOT_STABLE || s->state == SHUNT_SLOT_STABLE);
	if (is_early(s) && lives(s, s->prev))
		cr_assert_eq(prev, s->prev, "prev is kept while it lives");
	if (s->state == SHUNT_SLOT_STABLE && s->owner != s->cur && lives(s, s->cur))
		cr_assert_eq(prev, s->cur, "established flows stay");
}

Test(slot_step, keeps_its_promises)
{
	each_step(check_properties);
}

/* Said twice is said once: a plan may be carried out again. */
static void check_repeat(const struct step *s)
{
	cr_assert_eq(slot_step(s->after, s->owner, 0, &s->alive), s->after);
}

Test(slot_step, repeated_changes_nothing)
{
	each_step(check_repeat);
}

Test(slot_step, takes_the_largest_ids)
{
	const uint32_t a = SHUNT_MAX_MEMBERS - 1, b = SHUNT_MAX_MEMBERS - 2;
	const uint32_t base = SHUNT_MAX_BACKENDS - SHUNT_MAX_MEMBERS;
	struct id_set alive = { 0 };

	id_set_add(&alive, base + a);
	id_set_add(&alive, base + b);
	cr_assert_eq(slot_step(a, b, base, &alive), SHUNT_SLOT(SHUNT_SLOT_MIGRATING, a, b));
	id_set_remove(&alive, base + a);
	cr_assert_eq(slot_step(a, b, base, &alive), b);
}
