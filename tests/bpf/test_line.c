/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two lines have room for that a flow may be pinned in, and who gives way. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "crossing.h"

/* A newcomer, and the flows in the places of its first line and of its other one. All
 * are of one slot. */
#define FIRST 3U
#define ENTRIES SHUNT_FLOWS_PER_LINE
#define NEWCOMER_TAG (5U * CROSSING_SLOTS)

/* Places: from 0 the entries of the first line, then those of the other. */
#define OTHER(i) (ENTRIES + (i))
#define PLACES (2 * ENTRIES)

static __u32 other_line(const struct crossing *t)
{
	const __u32 other = shunt_flow_other(FIRST, NEWCOMER_TAG, t->model.rodata.flow_mask);

	cr_assert_neq(other, FIRST);
	return other;
}

static __u32 line_of(const struct crossing *t, __u32 place)
{
	return place < ENTRIES ? FIRST : other_line(t);
}

/* Of the flow that fill_lines() puts there. */
static __u32 tag_at(__u32 place)
{
	return NEWCOMER_TAG + (place + 1) * CROSSING_SLOTS;
}

static __u64 entry_at(const struct crossing *t, __u32 place)
{
	return dp_flows(t->rig->dp)[line_of(t, place)].entry[place % ENTRIES];
}

static void put_entry(struct crossing *t, __u32 place, __u64 entry)
{
	struct shunt_flow_line line = t->flows[line_of(t, place)];

	line.entry[place % ENTRIES] = entry;
	crossing_put_flow_line(t, line_of(t, place), &line);
}

static void newcomer(const struct crossing *t, enum crossing_port port, struct crossing_flow *f)
{
	crossing_forge(t, (__u64)FIRST << 32 | NEWCOMER_TAG, port, IPPROTO_TCP, f);
}

/* The flow at entry @i of the first line. */
static void flow_at(const struct crossing *t, __u32 i, struct crossing_flow *f)
{
	crossing_forge(t, (__u64)FIRST << 32 | tag_at(i), CROSSING_PLAIN, IPPROTO_TCP, f);
}

/* Fill both lines; the flow at place i was seen @age_s[i] ago. */
static void fill_lines(struct crossing *t, const __u32 age_s[PLACES])
{
	const __u32 now_s = flow_model_now_s();
	struct crossing_flow f;

	newcomer(t, CROSSING_PLAIN, &f);
	for (__u32 i = 0; i < PLACES; i++)
		put_entry(t, i, SHUNT_FLOW(tag_at(i), f.base + CROSSING_LIVE, now_s - age_s[i]));
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_PINNING, CROSSING_LIVE, 2));
}

static __u32 place_of(const struct crossing *t, __u32 tag)
{
	__u32 place = 0;

	while (place < PLACES && SHUNT_FLOW_TAG(entry_at(t, place)) != tag)
		place++;
	return place;
}

/* The newcomer comes. Return: its place. */
static __u32 come(struct crossing *t)
{
	struct crossing_flow f;

	newcomer(t, CROSSING_PLAIN, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	return place_of(t, NEWCOMER_TAG);
}

/* --- who gives way -------------------------------------------------------------- */

#define EIGHT(age_s) age_s, age_s, age_s, age_s, age_s, age_s, age_s, age_s

Test(line, the_flow_seen_longest_ago_makes_room)
{
	static const struct {
		__u32 age_s[PLACES];
		__u32 place;
	} cases[] = {
		{ { 10, 11, 12, 90, 14, 15, 16, 17, EIGHT(1) }, 3 },
		{ { 1, 1, 1, 1, 1, 1, 1, 2, EIGHT(1) }, 7 },
		{ { EIGHT(20), 10, 11, 12, 90, 14, 15, 16, 17 }, OTHER(3) },
		{ { EIGHT(20), 1, 1, 1, 1, 1, 1, 1, 21 }, OTHER(7) },
		{ { 1, 1, 1, 500, 1, 1, 1, 1, 1, 499, 1, 1, 1, 1, 1, 1 }, 3 },
		/* The first of equals. */
		{ { 5, 9, 9, 5, 5, 5, 5, 9, EIGHT(5) }, 1 },
		{ { EIGHT(5), 5, 9, 9, 5, 5, 5, 5, 9 }, OTHER(1) },
		{ { 5, 5, 5, 5, 5, 9, 5, 9, 9, 9, 5, 5, 5, 5, 5, 5 }, 5 },
		{ { EIGHT(5), EIGHT(5) }, 0 },
		{ { EIGHT(0), EIGHT(5) }, OTHER(0) },
		/* Time comes round after 18 hours: what seems to come from the future is old. */
		{ { 300, 32768, 40000, 65000, 20, 20, 20, 20, EIGHT(64999) }, 3 },
		{ { 300, 32768, 40000, -9, 20, 20, 20, 20, EIGHT(64999) }, 3 },
		{ { EIGHT(64999), 300, 32768, 40000, -9, 20, 20, 20, 20 }, OTHER(3) },
	};
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		__u32 place;

		fill_lines(t, cases[i].age_s);
		place = come(t);
		cr_expect_eq(place, cases[i].place, "case %zu: %u", i, place);
	}
}

/* The older they are the later they are in the line, and none has to go. */
static const __u32 rising_age_s[PLACES] = { 100, 200,  300,  400,  500,	 600,  700,  800,
					    900, 1000, 1100, 1200, 1300, 1400, 1500, 1600 };

/*
 * Nobody makes room where there is some: in the first line as long as that is half
 * empty, then in the emptier one; there the first that is free.
 */
Test(line, lines_fill_evenly)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);

	for (__u32 n = 1; n < (ENTRIES + 1) * (ENTRIES + 1); n++) {
		const __u32 first = n / (ENTRIES + 1), other = n % (ENTRIES + 1);
		const bool goes_first = first >= ENTRIES / 2 || (first && first >= other);

		fill_lines(t, rising_age_s);
		for (__u32 i = ENTRIES - first; i < ENTRIES; i++)
			put_entry(t, i, 0);
		for (__u32 i = ENTRIES - other; i < ENTRIES; i++)
			put_entry(t, OTHER(i), 0);
		cr_expect_eq(come(t), goes_first ? ENTRIES - first : OTHER(ENTRIES - other),
			     "%u and %u free", first, other);
	}
}

/* A flow that was seen is young again, and the next one makes room. */
Test(line, a_packet_keeps_its_flow_young)
{
	static const __u32 age_s[PLACES] = { 20, 20, 80, 20, 20, 60, 20, 20, EIGHT(50) };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_lines(t, age_s);
	flow_at(t, 2, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	cr_expect_eq(come(t), 5);
}

Test(line, a_reset_does_not)
{
	static const __u32 age_s[PLACES] = { 20, 20, 80, 20, 20, 60, 20, 20, EIGHT(50) };
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_lines(t, age_s);
	flow_at(t, 2, &f);
	cr_expect_eq(crossing_send(t, &f, FRAME_RST), CROSSING_LIVE);
	cr_expect_eq(come(t), 2);
}

static void have_one_line(struct world *w)
{
	w->rodata.flow_mask = 0;
}

/* Of one line, both of a flow are the same. */
Test(line, a_cache_of_one_line_has_no_other)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(have_one_line);
	struct shunt_flow_line line = {};
	const __u32 now_s = flow_model_now_s();
	struct crossing_flow f;

	newcomer(t, CROSSING_PLAIN, &f);
	for (__u32 i = 0; i < ENTRIES; i++)
		line.entry[i] =
			SHUNT_FLOW(tag_at(i), f.base + CROSSING_LIVE, now_s - (i == 6 ? 30 : 20));
	crossing_put_flow_line(t, 0, &line);
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_PINNING, CROSSING_LIVE, 2));
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
	cr_expect_eq(SHUNT_FLOW_TAG(dp_flows(t->rig->dp)[0].entry[6]), NEWCOMER_TAG);
	cr_expect(crossing_check_all(t));
}

/* --- who is found --------------------------------------------------------------- */

/* At @place the newcomer is pinned, to member 3. */
static void settle(struct crossing *t, __u32 place, struct crossing_flow *f)
{
	newcomer(t, CROSSING_PLAIN, f);
	put_entry(t, place, SHUNT_FLOW(NEWCOMER_TAG, f->base + 3, flow_model_now_s() - 7));
}

Test(line, a_flow_is_found_where_it_is)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	for (__u32 place = 0; place < PLACES; place++) {
		fill_lines(t, rising_age_s);
		settle(t, place, &f);
		cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 3);
		cr_expect_eq(place_of(t, NEWCOMER_TAG), place);
		cr_expect_gt(SHUNT_FLOW_AGE(entry_at(t, place), flow_model_now_s() - 7), 0);
	}
}

/* Then there is room elsewhere, and it does not move. */
Test(line, a_flow_stays_where_it_is)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_lines(t, rising_age_s);
	settle(t, OTHER(6), &f);
	put_entry(t, 1, 0);
	put_entry(t, OTHER(1), 0);
	cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 3);
	cr_expect_eq(place_of(t, NEWCOMER_TAG), OTHER(6));
	cr_expect_eq(crossing_send(t, &f, FRAME_SYN), 2);
	cr_expect_eq(place_of(t, NEWCOMER_TAG), OTHER(6));
	cr_expect_eq(crossing_pinned(t, &f), f.base + 2);
}

/* No line is read in vain. */
Test(line, a_flow_is_not_found_where_it_is_not_marked)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	const __u32 places[] = { 2, OTHER(2) };
	const __u8 mark = SHUNT_FLOW_MARK(NEWCOMER_TAG);
	struct crossing_flow f;

	newcomer(t, CROSSING_PLAIN, &f);
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, CROSSING_LIVE, 2));
	for (int i = 0; i < 2; i++) {
		crossing_forget(t);
		settle(t, places[i], &f);
		crossing_put_marks(t, line_of(t, places[i]), 0xff ^ mark);
		cr_expect_eq(crossing_send(t, &f, FRAME_ACK), CROSSING_LIVE);
		crossing_put_marks(t, line_of(t, places[i]), mark);
		cr_expect_eq(crossing_send(t, &f, FRAME_ACK), 3);
	}
}

/* Neither line knew a flow like it. */
Test(line, who_enters_is_marked)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	const __u32 places[] = { 4, OTHER(4) };

	for (int i = 0; i < 2; i++) {
		const __u32 line = line_of(t, places[i]);

		fill_lines(t, rising_age_s);
		put_entry(t, places[i], 0);
		crossing_put_marks(t, FIRST, 0xfe);
		crossing_put_marks(t, other_line(t), 0xfe);
		cr_expect_eq(come(t), places[i]);
		cr_expect_eq(dp_marks(t->rig->dp)[line], 0xff);
		cr_expect_eq(dp_marks(t->rig->dp)[FIRST ^ other_line(t) ^ line], 0xfe);
	}
}

/* --- full lines ----------------------------------------------------------------- */

static const __u32 of_one_age_s[PLACES] = { EIGHT(20), EIGHT(20) };

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

static __u32 count_as_filled(const struct crossing *t)
{
	__u32 n = 0;

	for (__u32 i = 0; i < PLACES; i++)
		n += SHUNT_FLOW_TAG(entry_at(t, i)) == tag_at(i);
	return n;
}

/* Packet @flags of @f meets these lines. Return: is its flow pinned, within this second? */
static bool is_let_in(struct crossing *t, const struct crossing_flow *f, __u16 flags, __u32 left)
{
	const struct shunt_flow_line first = t->flows[FIRST], other = t->flows[other_line(t)];
	const __u32 filled = count_as_filled(t);
	bool let_in;
	__u32 now_s;

	do {
		crossing_put_flow_line(t, FIRST, &first);
		crossing_put_flow_line(t, other_line(t), &other);
		now_s = leave_pins(t, left);
		cr_expect_eq(crossing_send(t, f, flags), 2);
		let_in = crossing_pinned(t, f) == f->base + 2;
		cr_expect(let_in || count_as_filled(t) == filled);
	} while (flow_model_now_s() != now_s);
	return let_in;
}

static __u32 pins_left(const struct crossing *t)
{
	return t->model.rodata.pins_per_s - t->budgets[t->cpu].used;
}

/* Its SYN went to member 2, and a pin shall say so: but others live there. */
Test(line, a_known_flow_enters_full_ones_within_the_budget)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_lines(t, of_one_age_s);
	newcomer(t, CROSSING_PLAIN, &f);
	crossing_note(t, &f, f.base + 2, flow_model_now_s());
	cr_expect_not(is_let_in(t, &f, FRAME_ACK, 0));
	cr_expect(is_let_in(t, &f, FRAME_ACK, 1));
	cr_expect_eq(pins_left(t), 0);
}

Test(line, a_tracked_flow_enters_full_ones_within_the_budget)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	struct crossing_flow f;

	fill_lines(t, of_one_age_s);
	newcomer(t, CROSSING_TRACKED, &f);
	crossing_put_word(t, &f, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 2));
	cr_expect_not(is_let_in(t, &f, FRAME_SYN, 0));
	cr_expect(is_let_in(t, &f, FRAME_SYN, 1));
	cr_expect_eq(pins_left(t), 0);
}

/* Where there is room, if only in the other line. */
Test(line, a_known_flow_needs_no_budget_where_there_is_room)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	const __u32 rooms[] = { 5, OTHER(5) };
	struct crossing_flow f;

	newcomer(t, CROSSING_PLAIN, &f);
	for (int i = 0; i < 2; i++) {
		fill_lines(t, of_one_age_s);
		put_entry(t, rooms[i], 0);
		crossing_note(t, &f, f.base + 2, flow_model_now_s());
		cr_expect(is_let_in(t, &f, FRAME_ACK, 0));
		cr_expect_eq(place_of(t, NEWCOMER_TAG), rooms[i]);
		cr_expect(is_let_in(t, &f, FRAME_ACK, 1));
		cr_expect_eq(pins_left(t), 1);
	}
}

/* It has its place already, and nobody gives way. */
Test(line, a_pinned_flow_begins_again_in_full_ones)
{
	_cleanup_crossing_ struct crossing *t = crossing_open_town(NULL);
	const __u32 places[] = { 5, OTHER(5) };
	struct crossing_flow f;

	for (int i = 0; i < 2; i++) {
		fill_lines(t, of_one_age_s);
		settle(t, places[i], &f);
		cr_expect(is_let_in(t, &f, FRAME_SYN, 0));
		cr_expect_eq(count_as_filled(t), PLACES - 1);
		cr_expect_eq(place_of(t, NEWCOMER_TAG), places[i]);
		cr_expect_eq(pins_left(t), 0);
	}
}
