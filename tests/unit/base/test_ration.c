/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "base/ration.h"

static int take(struct ration *r, uint64_t now_ms, int times)
{
	int taken = 0;

	while (times--)
		taken += ration_take(r, 3, now_ms);
	return taken;
}

Test(ration, is_that_of_each_second)
{
	struct ration r = { 0 };

	cr_expect_eq(take(&r, 5000, 2), 2);
	cr_expect_eq(take(&r, 5999, 5), 1);
	cr_expect_eq(take(&r, 6000, 5), 3);
	cr_expect_eq(take(&r, 60000, 1), 1);
}

Test(ration, of_nothing_is_nothing)
{
	struct ration r = { 0 };

	cr_expect_not(ration_take(&r, 0, 0));
}
