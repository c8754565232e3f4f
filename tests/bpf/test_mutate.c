/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fixtures damaged at random: program and reference must agree about whatever
 * comes of it.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>

#include "damage.h"
#include "fixture.h"
#include "fuzz.h"
#include "rig.h"

#define FRAMES 100000
#define SEED 0x5eedfacadeULL

/* Each first fragment is remembered, and looked for among all. */
#define MOST_FRAGMENTS (WORLD_FRAGMENTS - 1)

/* If the damage is always fatal, or never, this tests little. */
static void expect_variety(const struct rig *rig, __u64 n)
{
	__u64 ended[XDP_REDIRECT + 1] = {};

	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
		ended[ref_action(r)] += rig->tally.reasons[r];
	cr_expect_gt(ended[XDP_TX], n / 10);
	cr_expect_gt(ended[XDP_DROP], n / 10);
	cr_expect_gt(ended[XDP_PASS], n / 10);
	cr_expect_gt(ended[XDP_REDIRECT], n / 100);
}

static const struct fixture *pick_fixture(__u64 *state)
{
	return &fixtures[rig_random(state) % n_fixtures];
}

static void run_round(struct fuzz *fuzz)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 n = rig_scale(FRAMES);
	__u32 i;

	for (i = 0; i < n && rig->world.n_fragments < MOST_FRAGMENTS; i++) {
		const struct fixture *fx = pick_fixture(&fuzz->state);
		struct frame in, other;

		frame_build(&fx->in, &in);
		frame_build(&pick_fixture(&fuzz->state)->in, &other);
		damage_frame(&in, &other, TOWN_GUE_PORT, &fuzz->state);
		cr_assert(rig_check(rig, &in), "frame %u, made from \"%s\"", i, fx->name);
	}
	fuzz->frames += i;
	cr_expect(rig_check_totals(rig));
	expect_variety(rig, i);
}

Test(mutate, agrees_with_the_reference)
{
	struct fuzz fuzz = fuzz_open("mutate", SEED);

	while (fuzz_next(&fuzz))
		run_round(&fuzz);
}
