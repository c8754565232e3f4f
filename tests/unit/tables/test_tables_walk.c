/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many services, any changes: whatever is shared, each has the words that it would
 * have alone, at every write, and nobody writes where packets were a moment ago.
 *
 * The model is a table for each service, with a word and a time by slot.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tables/listing.h"
#include "tables_world.h"

#define SERVICES 12
#define MEMBERS 5
#define MAX_SLOTS (2 * SLOTS)

/**
 * struct model - a service, as it is if it is alone
 * @there: it is published
 * @pool: of members by position, 0 for a hole
 * @before: the words at the last change; those of a slot are one or the other
 */
struct model {
	bool there;
	char pool[MEMBERS + 1];
	uint32_t slots;
	uint32_t words[MAX_SLOTS];
	uint16_t since[MAX_SLOTS];
	uint32_t before[MAX_SLOTS];
	uint32_t before_slots;
};

/* Lines that no service was sent to any more from @at_ms on. */
struct left {
	uint32_t first, n;
	uint64_t at_ms;
};

struct walk {
	struct world world; /* first: the fake is at its beginning */
	struct model models[SERVICES];
	struct left left[64];
	size_t n_left;
	struct shunt_service was[SERVICES];
	bool was_there[SERVICES];
	unsigned int seed;
};

static uint32_t dice(struct walk *k, uint32_t n)
{
	return rand_r(&k->seed) % n;
}

static void recipe_words(const char *pool, uint32_t slots, uint32_t *words)
{
	struct plan_position positions[MEMBERS] = { 0 };
	const struct plan_table table = { .slots = slots,
					  .positions = positions,
					  .n_positions = MEMBERS };

	for (int i = 0; i < MEMBERS; i++)
		if (pool[i] != '0')
			positions[i] = (struct plan_position){ pool[i] - '0', PLAN_KEEP_ALL };
	cr_assert_eq(table_build(&table, words), 0);
}

static void model_fill(struct walk *k, uint32_t n)
{
	static uint32_t owners[MAX_SLOTS];
	struct model *m = &k->models[n];

	if (m->before_slots != m->slots && m->before_slots)
		for (uint32_t i = 0; i < m->slots; i++) {
			m->words[i] = m->before[i & (m->before_slots - 1)];
			m->since[i] = m->since[i & (m->before_slots - 1)];
		}
	recipe_words(m->pool, m->slots, owners);
	for (uint32_t i = 0; i < m->slots; i++) {
		const uint32_t word = slot_step(m->words[i], SHUNT_SLOT_CUR(owners[i]), n * SPAN,
						&k->world.alive);

		if (word != m->words[i])
			m->since[i] = transit_seconds(k->world.now_ms);
		m->words[i] = word;
	}
}

static void model_tick(struct walk *k, struct model *m)
{
	const uint16_t now_s = transit_seconds(k->world.now_ms);

	for (uint32_t i = 0; i < m->slots; i++) {
		const uint16_t age_s = now_s - m->since[i];
		const uint32_t state = SHUNT_SLOT_STATE(m->words[i]);
		const uint32_t cur = SHUNT_SLOT_CUR(m->words[i]);

		if (state == SHUNT_SLOT_MIGRATING && age_s >= EARLY_S)
			m->words[i] =
				SHUNT_SLOT(SHUNT_SLOT_PINNING, SHUNT_SLOT_PREV(m->words[i]), cur);
		else if (state == SHUNT_SLOT_PINNING && age_s >= IDLE_S)
			m->words[i] = SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, cur);
		else
			continue;
		m->since[i] = now_s;
	}
}

/* Every service has a flow in every slot that @every divides, at @member if it is not 0. */
static void model_sweep(struct walk *k, struct model *m, uint32_t every, uint32_t member)
{
	const uint16_t before_s = transit_seconds(k->world.now_ms) - TRANSIT_SETTLE_S;

	for (uint32_t i = 0; i < m->slots; i++) {
		const uint32_t cur = SHUNT_SLOT_CUR(m->words[i]);

		if (SHUNT_SLOT_STATE(m->words[i]) != SHUNT_SLOT_PINNED ||
		    (int16_t)(before_s - m->since[i]) < 0)
			continue;
		if (i % every == 0 && member && member != cur)
			m->since[i] = before_s;
		else
			m->words[i] = cur;
	}
}

/* --- what packets see ------------------------------------------------------------- */

/* Of each published service, one slot in @every. */
static void expect_words(struct walk *k, uint32_t every)
{
	for (uint32_t n = 0; n < SERVICES; n++) {
		const struct shunt_listing *at = slots_fake_listing(&k->world.fake, n);
		const struct model *m = &k->models[n];
		struct shunt_service s;
		uint32_t slots;

		if (!at)
			continue;
		s = listing_service(at);
		if (every == 1)
			cr_assert_eq(s.first, tables_place(&k->world.tables, n)->first);
		slots = (s.line_mask + 1U) * SHUNT_SLOTS_PER_LINE;
		for (uint32_t i = dice(k, every); i < slots; i += every) {
			const uint32_t word = slots_fake_word(&k->world.fake, &s, i);
			const bool is_old = slots == m->before_slots && word == m->before[i];
			const bool is_new = slots == m->slots && word == m->words[i];

			cr_assert(is_new || (every > 1 && is_old),
				  "service %u, slot %u of %u: %x, alone %x, before %x", n, i, slots,
				  word, m->words[i], m->before[i]);
		}
	}
}

static void look(struct slots_fake *fake)
{
	expect_words((struct walk *)fake, 61);
}

static bool overlaps(const struct shunt_service *s, const struct left *l)
{
	return s->first < l->first + l->n && l->first < s->first + 2 * (s->line_mask + 1U);
}

static bool is_seen(struct walk *k, const struct left *l)
{
	for (uint32_t n = 0; n < SERVICES; n++) {
		const struct shunt_listing *at = slots_fake_listing(&k->world.fake, n);
		const struct shunt_service s =
			at ? listing_service(at) : (struct shunt_service){ 0 };

		if (at && overlaps(&s, l))
			return true;
	}
	return false;
}

/* What was left within a second is nobody's; what is left now is remembered. */
static void expect_rest(struct walk *k)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->n_left; i++)
		if (k->world.now_ms - k->left[i].at_ms < TABLES_REST_MS) {
			cr_assert_not(is_seen(k, &k->left[i]), "lines from %u on",
				      k->left[i].first);
			k->left[kept++] = k->left[i];
		}
	k->n_left = kept;
	for (uint32_t n = 0; n < SERVICES; n++) {
		const struct shunt_listing *at = slots_fake_listing(&k->world.fake, n);
		const struct left l = { k->was[n].first, 2 * (k->was[n].line_mask + 1U),
					k->world.now_ms };

		if (k->was_there[n] && !is_seen(k, &l) && k->n_left < 64)
			k->left[k->n_left++] = l;
		k->was_there[n] = at;
		if (at)
			k->was[n] = listing_service(at);
	}
}

/* --- what happens ------------------------------------------------------------------- */

/* One of few pools; who is dead has no position. */
static void choose_pool(struct walk *k, uint32_t n, uint32_t kind)
{
	static const char *const pools[] = { "12345", "12300", "54321", "12045", "11233" };
	struct model *m = &k->models[n];

	memcpy(m->pool, pools[kind % 5], sizeof(m->pool));
	for (int i = 0; i < MEMBERS; i++)
		if (m->pool[i] != '0' && !id_set_has(&k->world.alive, n * SPAN + m->pool[i] - '0'))
			m->pool[i] = '0';
}

static void begin_step(struct walk *k)
{
	for (uint32_t n = 0; n < SERVICES; n++) {
		struct model *m = &k->models[n];

		memcpy(m->before, m->words, sizeof(m->before));
		m->before_slots = m->slots;
	}
}

/* The model first: what it says is what packets may see. */
static void fill_models(struct walk *k)
{
	const struct model *m = k->models;

	for (uint32_t n = 0; n < SERVICES; n++)
		if (m[n].there)
			model_fill(k, n);
	for (uint32_t n = 0; n < SERVICES; n++)
		if (m[n].there)
			cr_assert_eq(fill_sized(&k->world, n, m[n].pool, m[n].slots), 0);
	tables_flush(&k->world.tables, k->world.now_ms);
}

/* Members die or come back at some services at once, or pools change, or sizes. */
static void change(struct walk *k)
{
	const uint32_t what = dice(k, 8), member = 1 + dice(k, MEMBERS), kind = dice(k, 5);
	const uint32_t few = dice(k, 3) ? 1 : 1 + dice(k, 4);

	begin_step(k);
	for (uint32_t n = 0; n < SERVICES; n++) {
		struct model *m = &k->models[n];

		if (!m->there || dice(k, few))
			continue;
		if (what < 3)
			kill_member(&k->world, n, member);
		else
			id_set_add(&k->world.alive, n * SPAN + member);
		if (what == 7)
			m->slots = kind % 2 ? SLOTS : MAX_SLOTS;
		choose_pool(k, n, kind);
	}
	fill_models(k);
}

static void come_or_go(struct walk *k, uint32_t n, uint32_t kind)
{
	const struct shunt_service_key key = slots_fake_key(n);
	struct model *m = &k->models[n];

	begin_step(k);
	if (m->there) {
		slots_fake_ops.del_service(&k->world.fake, &key);
		tables_drop(&k->world.tables, n, k->world.now_ms);
		memset(m, 0, sizeof(*m));
		return;
	}
	*m = (struct model){ .there = true, .slots = SLOTS };
	choose_pool(k, n, kind);
	model_fill(k, n);
	serve(&k->world, n, m->pool);
}

static void wait(struct walk *k, uint32_t seconds)
{
	while (seconds--) {
		k->world.now_ms += 1000;
		begin_step(k);
		for (uint32_t n = 0; n < SERVICES; n++)
			model_tick(k, &k->models[n]);
		cr_assert_eq(tables_tick(&k->world.tables, k->world.now_ms), 0);
		expect_rest(k);
	}
}

static void sweep(struct walk *k, uint32_t every, uint32_t member)
{
	begin_step(k);
	for (uint32_t n = 0; n < SERVICES; n++)
		model_sweep(k, &k->models[n], every, member);
	cr_assert_eq(tables_sweep_begin(&k->world.tables, k->world.now_ms), 0);
	for (uint32_t n = 0; n < SERVICES; n++) {
		const struct transit_table *tt = tables_swept(&k->world.tables, n);

		for (uint32_t i = 0; tt && member && i < tt->slots; i += every)
			transit_see(tt->seen, i, member);
	}
	cr_assert_eq(tables_sweep_end(&k->world.tables, k->world.now_ms), 0);
}

/* A daemon does not start as fast as packets are through: nothing rests. */
static void restart(struct walk *k)
{
	k->n_left = 0;
	begin_step(k);
	for (uint32_t n = 0; n < SERVICES; n++)
		for (uint32_t i = 0; i < k->models[n].slots; i++)
			k->models[n].since[i] = transit_seconds(k->world.now_ms);
	world_restart(&k->world);
	fill_models(k);
	tables_forget_former(&k->world.tables, k->world.now_ms);
}

/* Where all are alike and at rest, they are together. */
static void meet(struct walk *k)
{
	begin_step(k);
	for (uint32_t n = 0; n < SERVICES; n++) {
		for (uint32_t member = 1; member <= MEMBERS; member++)
			id_set_add(&k->world.alive, n * SPAN + member);
		k->models[n].slots = k->models[n].there ? SLOTS : 0;
		choose_pool(k, n, 0);
	}
	fill_models(k);
	for (uint32_t n = 0; n < SERVICES; n++)
		if (!k->models[n].there)
			come_or_go(k, n, 0);
	wait(k, EARLY_S + IDLE_S + TRANSIT_SETTLE_S);
	sweep(k, 1, 0);
	wait(k, 1);
}

static void take_step(struct walk *k)
{
	switch (dice(k, 16)) {
	case 0:
		restart(k);
		break;
	case 1:
		come_or_go(k, dice(k, SERVICES), dice(k, 5));
		break;
	case 2:
	case 3:
		sweep(k, 1 + dice(k, 100), 1 + dice(k, MEMBERS));
		break;
	case 4:
	case 5:
	case 6:
		wait(k, dice(k, 2) ? 2 : dice(k, 2 * IDLE_S));
		break;
	case 7:
		k->world.now_ms += dice(k, 900);
		break;
	case 8:
		meet(k);
		cr_assert_eq(tables_count(&k->world.tables).places, 1U);
		break;
	default:
		change(k);
	}
}

static uint32_t walk(unsigned int seed)
{
	struct walk *k = (struct walk *)world_make_in(sizeof(*k), FAKE_LINES);
	uint32_t shared = 0;
	struct tables_count c;

	k->seed = seed;
	for (uint32_t n = 0; n < SERVICES; n++)
		id_set_add(&k->world.alive, n * SPAN + MEMBERS);
	k->world.fake.look = look;
	for (uint32_t n = 0; n < SERVICES; n++)
		come_or_go(k, n, dice(k, 2));
	for (int i = 0; i < 300; i++) {
		take_step(k);
		expect_words(k, 1);
		expect_rest(k);
		c = tables_count(&k->world.tables);
		shared += c.tables - c.places;
	}
	world_free(&k->world);
	return shared;
}

Test(tables_walk, each_table_is_as_if_it_was_alone)
{
	for (unsigned int seed = 1; seed <= 5; seed++)
		cr_assert_gt(walk(seed), 800U, "hardly anything was shared");
}
