/* SPDX-License-Identifier: BSD-2-Clause */
/* Where blocks of ids are put. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "make.h"
#include "plan/blocks.h"

static uint32_t take(struct blocks *b, uint32_t span)
{
	uint32_t base;

	cr_assert_eq(blocks_take(b, span, &base), 0);
	return base;
}

Test(blocks, spans)
{
	static const uint64_t wrong[] = { 0, 1, 3, 6, 32767, 32769, 65536, 1ULL << 33 };

	for (uint64_t span = 2; span <= 32768; span *= 2)
		cr_assert(blocks_is_span(span));
	for (size_t i = 0; i < array_len(wrong); i++)
		cr_assert_not(blocks_is_span(wrong[i]));
}

Test(blocks, are_put_where_they_fit_first)
{
	_cleanup_free_ struct blocks *b = calloc(1, sizeof(*b));

	cr_assert(blocks_mark(b, 5, 3));
	cr_assert(blocks_mark(b, 16, 4));
	cr_assert_eq(take(b, 8), 8);
	cr_assert_eq(take(b, 4), 0);
	cr_assert_eq(take(b, 2), 20);
	cr_assert_eq(take(b, 4), 22);
	cr_assert_not(blocks_mark(b, 25, 2));
}

/* As many as there are ids, to the last one; and every one of them once. */
Test(blocks, fill_the_ids)
{
	_cleanup_free_ struct blocks *b = calloc(1, sizeof(*b));
	uint32_t base = 7;

	for (uint32_t i = 0; i < SHUNT_MAX_BACKENDS / 4; i++)
		cr_assert_eq(take(b, 4), 4 * i);
	cr_assert_eq(blocks_take(b, 2, &base), -ENOSPC);
	cr_assert_eq(base, 7, "untouched");
}

/* Any spans among any that are taken: as one would find them by looking at each id. */
Test(blocks, first_fit_as_by_hand)
{
	_cleanup_free_ struct blocks *b = calloc(1, sizeof(*b));
	_cleanup_free_ bool *taken = calloc(SHUNT_MAX_BACKENDS, sizeof(*taken));
	uint64_t random = 3;

	for (int i = 0; i < 500; i++) {
		uint32_t base = make_random(&random, 4000), span = 1 + make_random(&random, 4);

		blocks_mark(b, base, span);
		for (uint32_t id = base; id < base + span; id++)
			taken[id] = true;
	}
	for (int i = 0; i < 300; i++) {
		const uint32_t span = 2U << make_random(&random, 5);
		uint32_t base = 0, n = 0;

		for (uint32_t id = 0; n < span; id++) {
			n = taken[id] ? 0 : n + 1;
			base = id + 1 - n;
		}
		cr_assert_eq(take(b, span), base);
		for (uint32_t id = base; id < base + span; id++)
			taken[id] = true;
	}
}
