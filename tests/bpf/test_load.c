/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every load-time specialisation loads, and what it leaves out is named or left
 * to the stack. The verifier never sees what a zero switches off, so a
 * combination that is not loaded here is one that nobody verified.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "fixture.h"
#include "rig.h"
#include "shunt/guard.h"
#include "walk.h"

/* The switches of struct shunt_rodata, a bit each. */
#define SPECIALISATIONS 512
#define WALK_STEPS 300
#define SEED 0x10ad5eedULL

static void specialise(struct shunt_rodata *ro, unsigned int bits)
{
	__u8 *switches[] = { &ro->ipv4,	    &ro->ipv6,	  &ro->direct, &ro->ipip4, &ro->ipip6,
			     &ro->any_port, &ro->tracked, &ro->rich,   &ro->nat };

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		*switches[i] = bits >> i & 1;
	/* It is looked at in half of them, with and without each of the others. */
	ro->resets = __builtin_parity(bits);
	/* And these without a prefix, and without a service that has cookies. */
	ro->guard = __builtin_parity(bits >> 1) ? SHUNT_GUARD_PREFIXES | SHUNT_GUARD_SYN : 0;
}

/* All fixtures agree with what the reference makes of the same switches. */
static void expect_fixtures(struct world *w, unsigned int bits)
{
	_cleanup_rig_ struct rig *rig = NULL;

	world_build_town(w);
	specialise(&w->rodata, bits);
	rig = rig_open_world(w);
	for (size_t i = 0; i < n_fixtures; i++) {
		struct frame in;

		frame_build(&fixtures[i].in, &in);
		cr_expect(rig_check(rig, &in), "switches %03x: %s", bits, fixtures[i].name);
	}
	cr_expect(rig_check_totals(rig), "switches %03x", bits);
}

static void track_nothing(struct world *w)
{
	for (__u32 i = 0; i < w->n_services; i++)
		w->services[i].flags &= ~(SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED |
					  3U << SHUNT_SERVICE_CHOICE_SHIFT);
}

/* A walk agrees with the model. */
static void expect_walk(struct world *w, unsigned int bits)
{
	_cleanup_free_ struct walk *walk = malloc(sizeof(*walk));
	_cleanup_crossing_ struct crossing *t = NULL;

	cr_assert(walk);
	crossing_build_town(w);
	specialise(&w->rodata, bits);
	if (!w->rodata.tracked)
		track_nothing(w);
	t = crossing_open(w);
	walk_begin(walk, t, SEED + bits);
	for (__u32 i = 0; i < WALK_STEPS; i++)
		cr_assert(walk_step(walk), "switches %03x: step %u", bits, i);
	cr_expect(rig_check_totals(t->rig), "switches %03x", bits);
}

/*
 * Half of them meet the fixtures, the other half a walk: each switch on and off
 * meets both. 97 and 512 have no common divisor: a smaller scale takes a mixture.
 */
Test(load, every_specialisation)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	const unsigned int n = rig_scale(SPECIALISATIONS);

	cr_assert(w);
	for (unsigned int i = 0; i < n; i++) {
		const unsigned int bits = ~(i * 97) % SPECIALISATIONS;

		if (__builtin_parity(bits))
			expect_fixtures(w, bits);
		else
			expect_walk(w, bits);
	}
}
