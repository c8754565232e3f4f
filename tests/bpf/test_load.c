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

/* The switches of struct shunt_rodata, a bit each. */
#define SPECIALISATIONS 256

static void specialise(struct shunt_rodata *ro, unsigned int bits)
{
	__u8 *switches[] = { &ro->ipv4,	  &ro->ipv6,  &ro->tcp,	  &ro->udp,
			     &ro->direct, &ro->ipip4, &ro->ipip6, &ro->any_port };

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		*switches[i] = bits >> i & 1;
}

/* All fixtures agree with what the reference makes of the same switches. */
static void expect_specialisation(struct world *town, unsigned int bits)
{
	_cleanup_rig_ struct rig *rig = NULL;

	specialise(&town->rodata, bits);
	rig = rig_open_world(town);
	for (size_t i = 0; i < n_fixtures; i++) {
		struct frame in;

		frame_build(&fixtures[i].in, &in);
		cr_expect(rig_check(rig, &in), "switches %02x: %s", bits, fixtures[i].name);
	}
	cr_expect(rig_check_totals(rig), "switches %02x", bits);
}

/* 97 and 256 have no common divisor: a smaller scale takes a mixture. */
Test(load, every_specialisation)
{
	_cleanup_free_ struct world *town = malloc(sizeof(*town));
	const unsigned int n = rig_scale(SPECIALISATIONS);

	cr_assert(town);
	world_build_town(town);
	for (unsigned int i = 0; i < n; i++)
		expect_specialisation(town, ~(i * 97) % SPECIALISATIONS);
}
