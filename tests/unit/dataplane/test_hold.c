/* SPDX-License-Identifier: BSD-2-Clause */
/* From the first flow that is carried to the last one services hold; and no longer. */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "dataplane/internal.h"
#include "ns.h"
#include "town.h"

static const struct town_shape shape = { .base = { 64, 128 }, .table = { 0, 1 }, .slots = 1024 };

static struct dataplane *open_maps(bool adopt)
{
	const struct dataplane_sizes sizes = {
		.slot_lines = 128, .backends = 255, .services = 16, .flow_lines = 128
	};
	const struct shunt_rodata rodata = { .flow_mask = sizes.flow_lines - 1,
					     .hash_key = { 11, 12 } };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, adopt, &dp), 0);
	return dp;
}

static size_t count_in(const struct shunt_service_line *lines, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++)
			found += !!(lines[i].listing[j].flags & SHUNT_SERVICE_HOLDS);
	return found;
}

static size_t count_holding(const struct dataplane *dp)
{
	return count_in(dp->services, dp->n_service_lines);
}

static struct dataplane *open_town(struct town *town)
{
	struct dataplane *dp;

	ns_enter();
	town_make(town, &shape);
	dp = open_maps(true);
	town_apply(town, dp, clock_now_ms());
	cr_assert_eq(count_holding(dp), 0UL, "there was nothing to carry");
	cr_assert_eq(dataplane_commit(dp), 0);
	return dp;
}

/* The former maps of @town go on in others, and one of their slots is not at rest. */
static struct dataplane *follow(struct dataplane *from, struct town *town, uint32_t word)
{
	struct shunt_slot_line *lines;
	struct dataplane *to;

	lines = mmap(NULL, sizeof(*lines), PROT_READ | PROT_WRITE, MAP_SHARED,
		     from->fds[LOAD_SLOTS], 0);
	cr_assert_neq(lines, MAP_FAILED);
	if (word)
		lines->half[3] = word;
	munmap(lines, sizeof(*lines));
	to = open_maps(false);
	dataplane_carry(from, to);
	town_apply(town, to, clock_now_ms());
	return to;
}

#define MOVING (SHUNT_SLOT_MOVES | 1)

Test(hold, until_all_flows_are_there)
{
	struct dataplane *from, *to;
	struct town town;

	from = open_town(&town);
	to = follow(from, &town, MOVING);
	cr_assert_gt(count_holding(to), 0UL);
	cr_assert_eq(count_holding(from), 0UL);
	cr_assert_eq(dataplane_commit(to), 0);
	cr_assert_eq(count_holding(to), 0UL);
	town_apply(&town, to, clock_now_ms());
	cr_assert_eq(count_holding(to), 0UL);
	dataplane_close(to);
	dataplane_close(from);
}

/* What is at rest has nothing to learn. */
Test(hold, nothing_that_is_at_rest)
{
	struct dataplane *from, *to;
	struct town town;

	from = open_town(&town);
	to = follow(from, &town, 0);
	cr_assert_eq(count_holding(to), 0UL);
	dataplane_close(to);
	dataplane_close(from);
}

/* The program may be attached somewhere, with nobody to tell it that all are there. */
Test(hold, nothing_when_the_change_is_given_up)
{
	struct dataplane *from, *to;
	struct shunt_service_line *lines;
	struct town town;
	size_t n;

	from = open_town(&town);
	to = follow(from, &town, MOVING);
	n = to->n_service_lines;
	lines = mmap(NULL, n * sizeof(*lines), PROT_READ, MAP_SHARED, to->fds[LOAD_SERVICES], 0);
	cr_assert_neq(lines, MAP_FAILED);
	cr_assert_gt(count_in(lines, n), 0UL);
	dataplane_close(to);
	cr_assert_eq(count_in(lines, n), 0UL);
	munmap(lines, n * sizeof(*lines));
	dataplane_close(from);
}

/* Whoever was killed before the end of it has left services that hold. */
Test(hold, nothing_that_was_adopted)
{
	struct dataplane *dp;
	struct town town;

	dp = open_town(&town);
	for (size_t i = 0; i < dp->n_service_lines; i++)
		for (int j = 0; j < SHUNT_LISTINGS_PER_LINE; j++)
			dp->services[i].listing[j].flags |= SHUNT_SERVICE_HOLDS;
	dataplane_close(dp);
	dp = open_maps(true);
	cr_assert(dataplane_was_adopted(dp));
	cr_assert_eq(count_holding(dp), 0UL);
	dataplane_close(dp);
}
