/* SPDX-License-Identifier: BSD-2-Clause */
/* What a line of pins has room for, and a line of notes. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "crossing.h"

/* The hash of the flows of a line, apart from their tags. */
#define LINE (3ULL << 32)
#define ENTRIES SHUNT_FLOWS_PER_LINE

/* --- pins --------------------------------------------------------------------- */

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
		line.entry[i] =
			SHUNT_FLOW(i * CROSSING_SLOTS, f.base + CROSSING_LIVE, now_s - age_s[i]);
	crossing_put_flow_line(t, LINE >> 32, &line);
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_PINNING, CROSSING_LIVE, 2));
}

/* Another flow comes to a full line. Return: the place that was taken from. */
static __u32 push_out(struct crossing *t)
{
	const struct shunt_flow_line *line = &dp_flows(t->rig->dp)[LINE >> 32];
	struct crossing_flow f;

	flow_of_line(t, ENTRIES, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	for (__u32 i = 0; i < ENTRIES; i++)
		if (SHUNT_FLOW_TAG(line->entry[i]) == (__u32)f.hash)
			return i;
	return ENTRIES;
}

Test(line, the_flow_seen_longest_ago_makes_room)
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
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		__u32 place;

		fill_line(t, cases[i].age_s);
		place = push_out(t);
		cr_expect_eq(place, cases[i].place, "case %zu: %u", i, place);
	}
}

Test(line, nobody_makes_room_where_there_is_some)
{
	static const __u32 age_s[ENTRIES] = { 100, 200, 300, 400, 500, 600, 700, 800 };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct shunt_flow_line line;

	fill_line(t, age_s);
	line = t->flows[LINE >> 32];
	line.entry[4] = 0;
	crossing_put_flow_line(t, LINE >> 32, &line);
	cr_expect_eq(push_out(t), 4);
}

/* A flow that was seen is young again, and the next one makes room. */
Test(line, a_packet_keeps_its_flow_young)
{
	static const __u32 age_s[ENTRIES] = { 20, 20, 80, 20, 20, 60, 20, 20 };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_line(t, age_s);
	flow_of_line(t, 2, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	cr_expect_eq(push_out(t), 5);
}

Test(line, a_reset_does_not)
{
	static const __u32 age_s[ENTRIES] = { 20, 20, 80, 20, 20, 60, 20, 20 };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_line(t, age_s);
	flow_of_line(t, 2, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_RST), CROSSING_LIVE);
	cr_expect_eq(push_out(t), 2);
}

/* --- a full line --------------------------------------------------------------- */

static const __u32 of_one_age_s[ENTRIES] = { 20, 20, 20, 20, 20, 20, 20, 20 };

/* @left pins are left to give. Return: the second that this is so in. */
static __u32 leave_pins(struct crossing *t, __u32 left)
{
	const __u32 now_s = flow_model_now_s();

	crossing_put_budget(t, &(struct shunt_pin_budget){
				       .second = now_s,
				       .used = t->model.rodata.pins_per_s - left,
			       });
	return now_s;
}

static bool is_line_as_filled(const struct crossing *t)
{
	for (__u32 i = 0; i < ENTRIES; i++)
		if (SHUNT_FLOW_TAG(dp_flows(t->rig->dp)[LINE >> 32].entry[i]) != i * CROSSING_SLOTS)
			return false;
	return true;
}

/* Packet @flags of @f meets a full line. Return: is its flow pinned, within this second? */
static bool is_let_in(struct crossing *t, const struct crossing_flow *f, __u16 flags, __u32 left)
{
	const struct shunt_flow_line full = t->flows[LINE >> 32];
	bool let_in;
	__u32 now_s;

	do {
		crossing_put_flow_line(t, LINE >> 32, &full);
		now_s = leave_pins(t, left);
		cr_expect_eq(crossing_send(t, f, flags), 2);
		let_in = crossing_pinned(t, f) == f->base + 2;
		cr_expect(let_in || is_line_as_filled(t));
	} while (flow_model_now_s() != now_s);
	return let_in;
}

/* Its SYN went to member 2, and a pin shall say so: but others live there. */
Test(line, a_known_flow_enters_a_full_one_within_the_budget)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_line(t, of_one_age_s);
	flow_of_line(t, ENTRIES, &f);
	crossing_note(t, &f, f.base + 2, flow_model_now_s());
	cr_expect_not(is_let_in(t, &f, FRAME_ACK, 0));
	cr_expect(is_let_in(t, &f, FRAME_ACK, 1));
	cr_expect_eq(t->model.budget.used, t->model.rodata.pins_per_s);
}

Test(line, a_tracked_flow_enters_a_full_one_within_the_budget)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_line(t, of_one_age_s);
	crossing_forge(t, LINE | ENTRIES * CROSSING_SLOTS, CROSSING_TRACKED, IPPROTO_TCP, &f);
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 2));
	cr_expect_not(is_let_in(t, &f, FRAME_SYN, 0));
	cr_expect(is_let_in(t, &f, FRAME_SYN, 1));
}

/* It has its place already, and nobody gives way. */
Test(line, a_pinned_flow_begins_again_in_a_full_one)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_line(t, of_one_age_s);
	flow_of_line(t, 5, &f);
	cr_expect(is_let_in(t, &f, FRAME_SYN, 0));
	cr_expect(is_line_as_filled(t));
	cr_expect_eq(t->model.budget.used, t->model.rodata.pins_per_s);
}

/* --- notes --------------------------------------------------------------------- */

static void begin_flow(struct crossing *t, __u32 i)
{
	struct crossing_flow f;

	flow_of_line(t, i, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_SYN), 2);
}

/* Flows 0 to @n - 1 begin, one after the other. */
static struct crossing *begin_flows(__u32 n)
{
	struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	flow_of_line(t, 0, &f);
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, CROSSING_LIVE, 2));
	for (__u32 i = 0; i < n; i++)
		begin_flow(t, i);
	return t;
}

#define NONE 99

static void expect_notes(const struct crossing *t, const __u32 flows[ENTRIES])
{
	const struct shunt_flow_line *line = &dp_fresh(t->rig->dp)[LINE >> 32];

	for (__u32 i = 0; i < ENTRIES; i++) {
		const __u32 tag = SHUNT_FLOW_TAG(line->entry[i]);
		const __u32 flow = line->entry[i] ? tag / CROSSING_SLOTS : NONE;

		cr_expect_eq(flow, flows[i], "place %u: flow %u, not %u", i, flow, flows[i]);
	}
}

/* However many come in one second. */
Test(line, the_first_of_many_notes_makes_room)
{
	_cleanup_crossing_ struct crossing *t = begin_flows(ENTRIES + 2);
	struct crossing_flow f;

	expect_notes(t, (const __u32[ENTRIES]){ 9, 8, 7, 6, 5, 4, 3, 2 });
	flow_of_line(t, 1, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	flow_of_line(t, 2, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 2);
}

Test(line, a_note_that_is_made_again_comes_to_the_front)
{
	_cleanup_crossing_ struct crossing *t = begin_flows(ENTRIES);

	expect_notes(t, (const __u32[ENTRIES]){ 7, 6, 5, 4, 3, 2, 1, 0 });
	begin_flow(t, 4);
	expect_notes(t, (const __u32[ENTRIES]){ 4, 7, 6, 5, 3, 2, 1, 0 });
	begin_flow(t, 0);
	expect_notes(t, (const __u32[ENTRIES]){ 0, 4, 7, 6, 5, 3, 2, 1 });
	begin_flow(t, 0);
	expect_notes(t, (const __u32[ENTRIES]){ 0, 4, 7, 6, 5, 3, 2, 1 });
}

/* What was swept leaves room that is used before a note is lost. */
Test(line, notes_close_the_first_gap)
{
	_cleanup_crossing_ struct crossing *t = begin_flows(ENTRIES);
	struct shunt_flow_line line = t->fresh[LINE >> 32];

	line.entry[2] = line.entry[5] = 0;
	crossing_put_fresh_line(t, LINE >> 32, &line);
	begin_flow(t, 8);
	expect_notes(t, (const __u32[ENTRIES]){ 8, 7, 6, 4, 3, NONE, 1, 0 });
	begin_flow(t, 9);
	expect_notes(t, (const __u32[ENTRIES]){ 9, 8, 7, 6, 4, 3, 1, 0 });
}
