/* SPDX-License-Identifier: BSD-2-Clause */
/* Every story as it is told, and what a line of flows, a second and a CPU have room for. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "story.h"

/* The hash of the flows of a line, apart from their tags. */
#define LINE (3ULL << 32)
#define ENTRIES SHUNT_FLOWS_PER_LINE

static struct crossing *open_town(void (*change)(struct world *w))
{
	_cleanup_free_ struct world *town = malloc(sizeof(*town));

	cr_assert(town);
	crossing_build_town(town);
	if (change)
		change(town);
	return crossing_open(town);
}

static void plain_flow(const struct crossing *t, const char *src, __u16 sport,
		       struct crossing_flow *f)
{
	const struct packet like = {
		.src = src, .sport = sport, .dport = CROSSING_PLAIN, .proto = IPPROTO_TCP
	};

	crossing_flow(t, &like, f);
}

/* One packet. Return: the backend it went to. */
static __u32 send_packet(struct crossing *t, const struct crossing_flow *f, __u16 flags)
{
	struct packet p = f->packet;

	p.flags = flags;
	cr_expect(crossing_check(t, f, &p));
	return ref_is_forwarded(t->rig->verdict.reason) ? frame_get16(t->rig->got.data + 4) : 0;
}

/* --- stories ------------------------------------------------------------------ */

/* Return: the second that it was set in. */
static __u32 set_scene(struct crossing *t, const struct story *s, const struct crossing_flow *f)
{
	const __u32 now_s = flow_model_now_s(), all = t->model.rodata.pins_per_s;

	crossing_put_word(t, f->slot, s->word);
	if (s->pinned)
		crossing_pin(t, f, s->pinned, now_s - 7);
	if (s->noted)
		crossing_note(t, f, s->noted, now_s - 7);
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
	goes = send_packet(t, &f, s->flags);
	pins = crossing_pinned(t, &f);
	notes = crossing_noted(t, &f);
	cr_expect_eq(goes, s->goes, "%s (%s): went to %u, not %u", s->name, src, goes, s->goes);
	/* A new second has pins to give again. */
	if (s->spent && flow_model_now_s() != scene_s)
		return;
	cr_expect_eq(pins, s->pins, "%s (%s): pinned to %u, not %u", s->name, src, pins, s->pins);
	cr_expect_eq(notes, s->notes, "%s (%s): noted at %u, not %u", s->name, src, notes,
		     s->notes);
}

/* A flow of its own for each, so that none knows of the others. */
Test(crossing, goes_as_the_story_says)
{
	_cleanup_crossing_ struct crossing *t = open_town(NULL);

	for (size_t i = 0; i < n_stories; i++) {
		const struct shunt_flow_line none = {};

		for (__u32 l = 0; l < WORLD_FLOW_LINES; l++)
			crossing_put_flow_line(t, l, &none);
		expect_story(t, &stories[i], CLIENT4, 1000 + i);
		expect_story(t, &stories[i], CLIENT6, 1000 + i);
	}
	cr_expect(crossing_check_all(t));
	cr_expect(rig_check_totals(t->rig));
}

/* The other leg is another one's business. */
Test(crossing, asks_the_leg_of_its_own_family)
{
	_cleanup_crossing_ struct crossing *t = open_town(NULL);
	struct shunt_backend b = t->rig->world.backends[CROSSING_LIVE];
	struct crossing_flow v4, v6;

	plain_flow(t, CLIENT4, 9, &v4);
	plain_flow(t, CLIENT6, 9, &v6);
	crossing_put_word(t, v4.slot, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, CROSSING_LIVE, 2));
	crossing_put_word(t, v6.slot, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, CROSSING_LIVE, 2));
	b.leg[SHUNT_V6].flags = SHUNT_LEG_DEAD;
	crossing_put_backend(t, CROSSING_LIVE, &b);
	cr_expect_eq(send_packet(t, &v4, FRAME_ACK), CROSSING_LIVE);
	cr_expect_eq(send_packet(t, &v6, FRAME_ACK), 2);
}

/* --- a line ------------------------------------------------------------------- */

/* Flow @i of the line; all are of one slot. */
static void flow_of_line(const struct crossing *t, __u32 i, struct crossing_flow *f)
{
	crossing_forge(t, LINE | (i * CROSSING_SLOTS), CROSSING_PLAIN, IPPROTO_TCP, f);
}

/* Fill the line with flows 0 to 7, flow i seen @age_s[i] ago. */
static void fill_line(struct crossing *t, const __u32 age_s[ENTRIES])
{
	struct shunt_flow_line line = {};
	const __u32 now_s = flow_model_now_s();
	struct crossing_flow f;

	flow_of_line(t, 0, &f);
	for (__u32 i = 0; i < ENTRIES; i++)
		line.entry[i] = SHUNT_FLOW(i * CROSSING_SLOTS, CROSSING_LIVE, now_s - age_s[i]);
	crossing_put_flow_line(t, LINE >> 32, &line);
	crossing_put_word(t, f.slot, SHUNT_SLOT(SHUNT_SLOT_PINNING, CROSSING_LIVE, 2));
}

/* Another flow comes to a full line. Return: the place that was taken from. */
static __u32 push_out(struct crossing *t)
{
	const struct shunt_flow_line *line = &dp_flows(t->rig->dp)[LINE >> 32];
	struct crossing_flow f;

	flow_of_line(t, ENTRIES, &f);
	cr_expect_eq(send_packet(t, &f, FRAME_ACK), CROSSING_LIVE);
	for (__u32 i = 0; i < ENTRIES; i++)
		if (SHUNT_FLOW_TAG(line->entry[i]) == (__u32)f.hash)
			return i;
	return ENTRIES;
}

Test(crossing, the_flow_seen_longest_ago_makes_room)
{
	static const struct {
		__u32 age_s[ENTRIES];
		__u32 place;
	} cases[] = {
		{ { 10, 11, 12, 90, 14, 15, 16, 17 }, 3 },
		{ { 500, 1, 1, 1, 1, 1, 1, 1 }, 0 },
		{ { 1, 1, 1, 1, 1, 1, 1, 2 }, 7 },
		/* The first of equals. */
		{ { 5, 9, 9, 5, 5, 5, 5, 9 }, 1 },
		/* Time comes round after 18 hours: what seems to come from the future is old. */
		{ { 300, 32768, 40000, 65000, 20, 20, 20, 20 }, 3 },
		{ { 300, 32768, 40000, -9, 20, 20, 20, 20 }, 3 },
	};
	_cleanup_crossing_ struct crossing *t = open_town(NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		__u32 place;

		fill_line(t, cases[i].age_s);
		place = push_out(t);
		cr_expect_eq(place, cases[i].place, "case %zu: %u", i, place);
	}
}

Test(crossing, nobody_makes_room_where_there_is_some)
{
	static const __u32 age_s[ENTRIES] = { 100, 200, 300, 400, 500, 600, 700, 800 };
	_cleanup_crossing_ struct crossing *t = open_town(NULL);
	struct shunt_flow_line line;

	fill_line(t, age_s);
	line = t->flows[LINE >> 32];
	line.entry[4] = 0;
	crossing_put_flow_line(t, LINE >> 32, &line);
	cr_expect_eq(push_out(t), 4);
}

/* A flow that was seen is young again, and the next one makes room. */
Test(crossing, a_packet_keeps_its_flow_young)
{
	static const __u32 age_s[ENTRIES] = { 20, 20, 80, 20, 20, 60, 20, 20 };
	_cleanup_crossing_ struct crossing *t = open_town(NULL);
	struct crossing_flow f;

	fill_line(t, age_s);
	flow_of_line(t, 2, &f);
	cr_expect_eq(send_packet(t, &f, FRAME_ACK), CROSSING_LIVE);
	cr_expect_eq(push_out(t), 5);
}

Test(crossing, a_reset_does_not)
{
	static const __u32 age_s[ENTRIES] = { 20, 20, 80, 20, 20, 60, 20, 20 };
	_cleanup_crossing_ struct crossing *t = open_town(NULL);
	struct crossing_flow f;

	fill_line(t, age_s);
	flow_of_line(t, 2, &f);
	cr_expect_eq(send_packet(t, &f, FRAME_RST), CROSSING_LIVE);
	cr_expect_eq(push_out(t), 2);
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
		crossing_put_word(t, f.slot, SHUNT_SLOT(SHUNT_SLOT_PINNING, CROSSING_LIVE, 2));
		cr_expect_eq(send_packet(t, &f, FRAME_ACK), CROSSING_LIVE);
		pinned += crossing_pinned(t, &f) != 0;
	}
	return flow_model_now_s() == now_s ? pinned : n + 1;
}

Test(crossing, a_second_has_so_many_pins)
{
	_cleanup_crossing_ struct crossing *t = open_town(allow_few_pins);
	__u32 n = 4 * FEW_PINS, pinned;

	do {
		const struct shunt_flow_line none = {};

		for (__u32 l = 0; l < WORLD_FLOW_LINES; l++)
			crossing_put_flow_line(t, l, &none);
		crossing_put_budget(t, &(struct shunt_pin_budget){});
		pinned = count_pins(t, n);
	} while (pinned > n);
	cr_expect_eq(pinned, FEW_PINS, "%u", pinned);
}

/* Each CPU has its own. */
Test(crossing, another_cpu_has_as_many)
{
	_cleanup_crossing_ struct crossing *t = open_town(allow_few_pins);
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
