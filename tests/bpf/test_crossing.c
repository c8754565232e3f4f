/* SPDX-License-Identifier: BSD-2-Clause */
/* Every story as it is told, and what a second and a CPU have room for. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "story.h"

static void plain_flow(const struct crossing *t, const char *src, __u16 sport,
		       struct crossing_flow *f)
{
	const struct packet like = {
		.src = src, .sport = sport, .dport = CROSSING_PLAIN, .proto = IPPROTO_TCP
	};

	crossing_flow(t, &like, f);
}

/* --- stories ------------------------------------------------------------------ */

static __u32 id_of(const struct crossing_flow *f, __u32 member)
{
	return member ? f->base + member : 0;
}

/* Return: the second that it was set in. */
static __u32 set_scene(struct crossing *t, const struct story *s, const struct crossing_flow *f)
{
	const __u32 now_s = flow_model_now_s(), all = t->model.rodata.pins_per_s;

	crossing_put_word(t, f, s->word);
	if (s->pinned)
		crossing_pin(t, f, id_of(f, s->pinned), now_s - 7);
	if (s->noted)
		crossing_note(t, f, id_of(f, s->noted), now_s - 7);
	crossing_put_budget(t, &(struct shunt_pin_budget){ now_s, s->spent ? all : 0 });
	return now_s;
}

static void expect_story(struct crossing *t, const struct story *s, const char *src, __u16 sport)
{
	const struct packet like = { .src = src,
				     .sport = sport,
				     .dport = s->port ?: CROSSING_PLAIN,
				     .proto = s->udp ? IPPROTO_UDP : IPPROTO_TCP };
	struct crossing_flow f;
	__u32 scene_s, goes, pins, notes;

	crossing_flow(t, &like, &f);
	scene_s = set_scene(t, s, &f);
	goes = crossing_send(t, &f, s->flags);
	pins = crossing_pinned(t, &f);
	notes = crossing_noted(t, &f);
	cr_expect_eq(goes, s->goes, "%s (%s): went to %u, not %u", s->name, src, goes, s->goes);
	/* A new second has pins to give again. */
	if (s->spent && flow_model_now_s() != scene_s)
		return;
	cr_expect_eq(pins, id_of(&f, s->pins), "%s (%s): pinned to %u, not member %u", s->name, src,
		     pins, s->pins);
	cr_expect_eq(notes, id_of(&f, s->notes), "%s (%s): noted at %u, not member %u", s->name,
		     src, notes, s->notes);
}

/* A flow of its own for each, so that none knows of the others. */
Test(crossing, goes_as_the_story_says)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);

	for (size_t i = 0; i < n_stories; i++) {
		crossing_forget(t);
		expect_story(t, &stories[i], CLIENT4, 1000 + i);
		expect_story(t, &stories[i], CLIENT6, 1000 + i);
	}
	cr_expect(crossing_check_all(t));
	cr_expect(rig_check_totals(t->rig));
}

/* The other leg is another one's business. */
Test(crossing, asks_the_leg_of_its_own_family)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	const __u32 id = CROSSING_BASE6 + CROSSING_LIVE;
	struct shunt_backend b = t->rig->world.backends[id];
	struct crossing_flow v4, v6;

	plain_flow(t, CLIENT4, 9, &v4);
	plain_flow(t, CLIENT6, 9, &v6);
	crossing_put_word(t, &v4, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, CROSSING_LIVE, 2));
	crossing_put_word(t, &v6, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, CROSSING_LIVE, 2));
	b.leg[SHUNT_V4].flags = SHUNT_LEG_DEAD;
	crossing_put_backend(t, id, &b);
	cr_expect_eq(crossing_send(t, &v6, FRAME_ACK), CROSSING_LIVE);
	b.leg[SHUNT_V4].flags = 0;
	b.leg[SHUNT_V6].flags = SHUNT_LEG_DEAD;
	crossing_put_backend(t, id, &b);
	cr_expect_eq(crossing_send(t, &v4, FRAME_ACK), CROSSING_LIVE);
	cr_expect_eq(crossing_send(t, &v6, FRAME_ACK), 2);
}

/*
 * One word, read by services with different blocks: each goes to its own backend, and
 * so does what is remembered.
 */
Test(crossing, members_are_of_the_service_s_own_block)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow flows[2];

	plain_flow(t, CLIENT4, 11, &flows[0]);
	crossing_forge(t, flows[0].hash, CROSSING_PLAIN, IPPROTO_TCP, &flows[1]);
	cr_assert_eq(flows[0].table.first, flows[1].table.first);
	cr_assert_eq(flows[0].slot, flows[1].slot);
	for (int i = 0; i < 2; i++) {
		const struct crossing_flow *f = &flows[i];

		crossing_put_word(t, f, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 3));
		cr_expect_eq(crossing_send(t, f, FRAME_ACK), 3);
		crossing_put_word(t, f, SHUNT_SLOT(SHUNT_SLOT_PINNING, 4, 5));
		cr_expect_eq(crossing_send(t, f, FRAME_ACK), 4);
		cr_expect_eq(crossing_pinned(t, f), f->base + 4);
		cr_expect_eq(crossing_send(t, f, FRAME_SYN), 5);
		cr_expect_eq(crossing_noted(t, f), f->base + 5);
		/* The other flow has the same tag, and would find what is its brother's. */
		crossing_forget(t);
	}
}

/* --- a second ----------------------------------------------------------------- */

#define FEW_PINS 5

static void allow_few_pins(struct world *w)
{
	w->rodata.pins_per_s = FEW_PINS;
}

/*
 * @n old flows of slots that pin. Return: how many were pinned, or more than @n if
 * a new second has begun meanwhile.
 */
static __u32 count_pins(struct crossing *t, __u32 n)
{
	const __u32 now_s = flow_model_now_s();
	__u32 pinned = 0;

	for (__u32 i = 0; i < n; i++) {
		struct crossing_flow f;

		plain_flow(t, CLIENT4, 5000 + i, &f);
		crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_PINNING, CROSSING_LIVE, 2));
		cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
		pinned += crossing_pinned(t, &f) != 0;
	}
	return flow_model_now_s() == now_s ? pinned : n + 1;
}

Test(crossing, a_second_has_so_many_pins)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(allow_few_pins);
	__u32 n = 4 * FEW_PINS, pinned;

	do {
		crossing_forget(t);
		crossing_put_budget(t, &(struct shunt_pin_budget){});
		pinned = count_pins(t, n);
	} while (pinned > n);
	cr_expect_eq(pinned, FEW_PINS, "%u", pinned);
}

/* Each CPU has its own. */
Test(crossing, another_cpu_has_as_many)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(allow_few_pins);
	const int cpus = dp_cpus(t->rig->dp);

	if (cpus < 2)
		cr_skip_test("one CPU: run this where there are two");
	for (int cpu = 0; cpu < cpus; cpu++)
		t->budgets[cpu] = (struct shunt_pin_budget){ flow_model_now_s(), FEW_PINS };
	t->budgets[t->cpu].used = 0;
	t->model.budget = t->budgets[t->cpu];
	dp_put_cpu_budgets(t->rig->dp, t->budgets);
	count_pins(t, 2 * FEW_PINS);
	cr_expect_gt(t->budgets[t->cpu].used, 0);
	for (int cpu = 0; cpu < cpus; cpu++)
		if (cpu != t->cpu)
			cr_expect_eq(t->budgets[cpu].used, FEW_PINS, "CPU %d", cpu);
}
