/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows of one cache that go on in another: where they are found, and who gives way. */
#include <criterion/criterion.h>
#include <string.h>

#include "tables/flows.h"

/* A note has one line, where the program looks: the oldest gives way to it. */
Test(flows_carry, notes_stay_in_their_line)
{
	struct shunt_flow_line from[4] = { 0 }, to[4] = { 0 };
	const uint16_t same[] = { 0, 1 };
	const struct flows_ids ids = { same, 2 };

	from[1].entry[0] = SHUNT_FLOW(77, 1, 1000);
	for (uint32_t i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		to[1].entry[i] = SHUNT_FLOW(100 + i, 1, 900 + (i + 3) % 8);
	flows_carry(&(struct flows_cache){ .lines = from, .n = 4 },
		    &(struct flows_cache){ .lines = to, .n = 4 }, &ids, 1000);
	cr_expect_eq(to[1].entry[5], SHUNT_FLOW(77, 1, 1000));
	for (int line = 0; line < 4; line++)
		for (uint32_t i = 0; i < SHUNT_FLOWS_PER_LINE && line != 1; i++)
			cr_expect_eq(to[line].entry[i], 0UL, "line %d", line);
}

#define MOST 64

/* Backend 1 stays what it is, 2 is 7 now, 0 and 3 have gone; 4 and more are not known. */
static const uint16_t renamed[] = { 0, 1, 7, 0 };

static void carry(struct shunt_flow_line *from, size_t n_from, struct shunt_flow_line *to,
		  size_t n_to, uint16_t now_s)
{
	const struct flows_ids ids = { renamed, 4 };

	struct shunt_flow_line before[MOST];
	uint8_t marks[MOST] = { 0 };

	cr_assert_leq(n_to, MOST);
	memcpy(before, to, n_to * sizeof(*to));
	flows_carry(&(struct flows_cache){ .lines = from, .n = n_from },
		    &(struct flows_cache){ .lines = to, .n = n_to, .marks = marks }, &ids, now_s);
	for (size_t i = 0; i < n_to * SHUNT_FLOWS_PER_LINE; i++) {
		const uint64_t entry = to[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE];

		if (memcmp(&before[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE],
			   &entry, sizeof(entry)))
			cr_assert(marks[i / SHUNT_FLOWS_PER_LINE] & 1 << (entry >> 61));
	}
}

static size_t find(const struct shunt_flow_line *line, uint32_t tag)
{
	size_t n = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		n += line->entry[i] && SHUNT_FLOW_TAG(line->entry[i]) == tag;
	return n;
}

/* Whatever the sizes, a flow is found in the line that its hash says. */
Test(flows_carry, carried_are_found_by_their_hash)
{
	for (size_t n_from = 1; n_from <= MOST; n_from *= 2)
		for (size_t n_to = 1; n_to <= MOST; n_to *= 2) {
			struct shunt_flow_line from[MOST] = { 0 }, to[MOST] = { 0 };

			/* Eight at most to a line of the smaller one. */
			for (uint64_t high = 0; high < (n_from < n_to ? n_from : n_to); high++) {
				const uint64_t hash =
					high << 32 | (uint32_t)(high * 2654435761u + 1);

				from[hash >> 32 & (n_from - 1)].entry[high % 8] =
					SHUNT_FLOW(hash, 1, 1000);
			}
			carry(from, n_from, to, n_to, 1000);
			for (uint64_t high = 0; high < (n_from < n_to ? n_from : n_to); high++) {
				const uint64_t hash =
					high << 32 | (uint32_t)(high * 2654435761u + 1);

				cr_assert_eq(find(&to[hash >> 32 & (n_to - 1)], hash), 1);
			}
		}
}

Test(flows_carry, carried_to_a_larger_cache_are_where_any_hash_may_lead)
{
	struct shunt_flow_line from[4] = { 0 }, to[16] = { 0 };

	from[3].entry[2] = SHUNT_FLOW(99, 1, 1000);
	carry(from, 4, to, 16, 1000);
	for (size_t line = 0; line < 16; line++)
		cr_assert_eq(find(&to[line], 99), line % 4 == 3);
}

Test(flows_carry, carried_where_a_line_is_full_go_to_the_other)
{
	struct shunt_flow_line from[16] = { 0 }, to[16] = { 0 };
	const uint32_t tag = 0x12345, other = shunt_flow_other(3, tag, 15);

	cr_assert_neq(other, 3);
	cr_assert_eq(shunt_flow_other(other, tag, 15), 3);
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		to[3].entry[i] = SHUNT_FLOW(i + 1, 1, 999);
	from[3].entry[0] = SHUNT_FLOW(tag, 1, 1000);
	carry(from, 16, to, 16, 1000);
	cr_assert_eq(find(&to[3], tag), 0);
	cr_assert_eq(find(&to[other], tag), 1);
	/* Once more, and it is still there once. */
	carry(from, 16, to, 16, 1001);
	cr_assert_eq(find(&to[3], tag) + find(&to[other], tag), 1);
}

Test(flows_carry, carried_the_youngest_stay)
{
	struct shunt_flow_line from[4] = { 0 }, to[1] = { 0 };

	/* Across the end of the clock: 10 is younger than 65530. */
	for (int i = 0; i < 32; i++)
		from[i / 8].entry[i % 8] = SHUNT_FLOW(i + 1, 1, 10 - i);
	carry(from, 4, to, 1, 10);
	for (int i = 0; i < 32; i++)
		cr_assert_eq(find(&to[0], i + 1), i < 8, "%d s old", i);
}

Test(flows_carry, carried_twice_are_there_once_with_their_last_time)
{
	struct shunt_flow_line from[1] = { 0 }, to[1] = { 0 };

	from[0].entry[4] = SHUNT_FLOW(99, 1, 1000);
	carry(from, 1, to, 1, 1000);
	/* Moved on in the one, then in the other. */
	from[0].entry[4] = SHUNT_FLOW(99, 2, 1001);
	carry(from, 1, to, 1, 1001);
	cr_assert_eq(to[0].entry[0], SHUNT_FLOW(99, 7, 1001));
	to[0].entry[0] = SHUNT_FLOW(99, 1, 1002);
	carry(from, 1, to, 1, 1002);
	cr_assert_eq(to[0].entry[0], SHUNT_FLOW(99, 1, 1002));
	cr_assert_eq(find(&to[0], 99), 1);
}

Test(flows_carry, carried_get_the_ids_of_now)
{
	struct shunt_flow_line from[1] = { 0 }, to[1] = { 0 };

	for (int id = 0; id < 5; id++)
		from[0].entry[id] = SHUNT_FLOW(10 + id, id, 1000);
	from[0].entry[5] = SHUNT_FLOW(99, UINT16_MAX, 1000);
	carry(from, 1, to, 1, 1000);
	cr_assert_eq(to[0].entry[0], SHUNT_FLOW(11, 1, 1000));
	cr_assert_eq(to[0].entry[1], SHUNT_FLOW(12, 7, 1000));
	for (int i = 2; i < SHUNT_FLOWS_PER_LINE; i++)
		cr_assert_eq(to[0].entry[i], 0UL);
}
