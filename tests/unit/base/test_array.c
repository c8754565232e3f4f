/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdint.h>

#include "base/array.h"
#include "base/cleanup.h"

struct item {
	int value;
	int untouched;
};

Test(array, adds_zeroed_elements)
{
	_cleanup_free_ struct item *items = NULL;
	size_t n = 0;

	for (int i = 0; i < 1000; i++) {
		struct item *item = array_add(&items, &n);

		cr_assert_not_null(item);
		cr_assert_eq(item, &items[i]);
		cr_assert_eq(item->value, 0);
		cr_assert_eq(item->untouched, 0);
		item->value = i;
		item->untouched = 0;
	}
	cr_assert_eq(n, 1000);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(items[i].value, i);
}

/* As many as fit in the address space: twice as many do not. */
Test(array, refuses_what_cannot_be_counted_in_bytes)
{
	size_t n = SIZE_MAX / sizeof(struct item) + 1;

	cr_expect_eq(n & (n - 1), 0);
	cr_expect_null(array_grow(NULL, n, sizeof(struct item)));
}

Test(array, walks_an_array_once)
{
	int numbers[] = { 1, 2, 3 };
	int sum = 0;

	array_for_each (n, numbers, array_len(numbers))
		sum += *n;
	cr_expect_eq(sum, 6);
}

Test(array, walks_nothing)
{
	const int *none = NULL;
	int number = 1, seen = 0;

	array_for_each (n, none, 0)
		seen++;
	array_for_each (n, &number, 0)
		seen++;
	cr_expect_eq(seen, 0);
}

static int compare_numbers(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

Test(array, sorts_what_is_in_order_and_what_is_not)
{
	for (int turn = 0; turn < 9; turn++) {
		int n[] = { 1, 2, 2, 3, 4, 5, 6, 7, 8 }, first = n[0];

		n[0] = n[turn];
		n[turn] = first;
		array_sort(n, array_len(n), sizeof(n[0]), compare_numbers);
		for (size_t i = 1; i < array_len(n); i++)
			cr_assert_leq(n[i - 1], n[i], "%d", turn);
	}
	array_sort(NULL, 0, sizeof(int), compare_numbers);
}
