/* SPDX-License-Identifier: BSD-2-Clause */
/* What a line of notes has room for, and which of them gives way. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "crossing.h"

/* The hash of the flows of a line, apart from their tags. */
#define LINE (3ULL << 32)
#define ENTRIES SHUNT_FLOWS_PER_LINE

/* Flow @i of the line; all are of one slot. */
static void flow_of_line(const struct crossing *t, __u32 i, struct crossing_flow *f)
{
	crossing_forge(t, LINE | (i * CROSSING_SLOTS), CROSSING_PLAIN, IPPROTO_TCP, f);
}

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
Test(note, the_first_of_many_notes_makes_room)
{
	_cleanup_crossing_ struct crossing *t = begin_flows(ENTRIES + 2);
	struct crossing_flow f;

	expect_notes(t, (const __u32[ENTRIES]){ 9, 8, 7, 6, 5, 4, 3, 2 });
	flow_of_line(t, 1, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	flow_of_line(t, 2, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 2);
}

Test(note, a_note_that_is_made_again_comes_to_the_front)
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
Test(note, notes_close_the_first_gap)
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
