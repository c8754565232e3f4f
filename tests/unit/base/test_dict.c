/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/dict.h"

#define N 5000

Test(dict, empty_is_valid)
{
	struct dict d = { 0 };

	cr_expect_null(dict_find(&d, "a"));
	cr_expect_null(dict_find_pair(&d, "a", "b"));
	dict_free(&d);
	cr_assert_eq(dict_reserve(&d, 0), 0);
	cr_expect_null(dict_find(&d, ""));
	dict_free(&d);
	cr_expect_null(d.places);
}

Test(dict, finds_each_of_many_and_no_other)
{
	static char names[N][24];
	_cleanup_(dict_free) struct dict d = { 0 };
	char service[12], backend[12];

	cr_assert_eq(dict_reserve(&d, N), 0);
	for (size_t i = 0; i < N; i++) {
		sprintf(names[i], "s%zu/b%zu", i / 10, i % 10);
		cr_assert_null(dict_find(&d, names[i]));
		dict_add(&d, names[i], names[i]);
	}
	for (size_t i = 0; i < N; i++) {
		sprintf(service, "s%zu", i / 10);
		sprintf(backend, "b%zu", i % 10);
		cr_assert_eq(dict_find(&d, names[i]), names[i]);
		cr_assert_eq(dict_find_pair(&d, service, backend), names[i]);
		sprintf(backend, "c%zu", i % 10);
		cr_assert_null(dict_find_pair(&d, service, backend));
	}
}

Test(dict, a_slash_stands_between_two_parts_only)
{
	_cleanup_(dict_free) struct dict d = { 0 };
	int one, two;

	cr_assert_eq(dict_reserve(&d, 2), 0);
	dict_add(&d, "a/b/c", &one);
	dict_add(&d, "ab", &two);
	cr_expect_eq(dict_find_pair(&d, "a", "b/c"), &one);
	cr_expect_eq(dict_find_pair(&d, "a/b", "c"), &one);
	cr_expect_null(dict_find_pair(&d, "a", "b"));
	cr_expect_null(dict_find_pair(&d, "a", "b/cd"));
	cr_expect_null(dict_find_pair(&d, "a/b/c", ""));
	cr_expect_null(dict_find_pair(&d, "a", ""));
	cr_expect_eq(dict_find(&d, "ab"), &two);
	cr_expect(dict_is_pair("a/b", "a", "b"));
	cr_expect_not(dict_is_pair("a/b", "a/", "b"));
	cr_expect_not(dict_is_pair("a", "a", ""));
}
