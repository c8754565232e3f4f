/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"

/* Sizes around a chunk's, and far from it. */
static const size_t sizes[] = { 0, 1, 7, 8, 15, 16, 17, 100, 16383, 16384, 16385, 100000, 3 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

Test(arena, memory_is_zeroed_and_aligned)
{
	_cleanup_(arena_free) struct arena a = { 0 };

	for (size_t i = 0; i < 20 * N_SIZES; i++) {
		size_t size = sizes[i % N_SIZES];
		char *p = arena_alloc(&a, size);

		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < size; k++)
			cr_assert_eq(p[k], 0);
		memset(p, 0xff, size);
	}
}

Test(arena, pieces_do_not_overlap)
{
	_cleanup_(arena_free) struct arena a = { 0 };
	char *pieces[N_SIZES];

	for (size_t i = 0; i < N_SIZES; i++) {
		pieces[i] = arena_alloc(&a, sizes[i]);
		cr_assert_not_null(pieces[i]);
		memset(pieces[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < N_SIZES; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			cr_assert_eq(pieces[i][k], (char)(i + 1));
}

Test(arena, copies_text)
{
	_cleanup_(arena_free) struct arena a = { 0 };
	char *s = arena_strndup(&a, "service", 5);

	cr_expect_str_eq(s, "servi");
	cr_expect_str_empty(arena_strndup(&a, "", 0));
}

Test(arena, is_empty_again_after_free)
{
	struct arena a = { 0 };

	arena_free(&a);
	cr_expect_not_null(arena_alloc(&a, 10));
	arena_free(&a);
	cr_expect_null(a.chunks);
	cr_expect_not_null(arena_alloc(&a, 10));
	arena_free(&a);
}
