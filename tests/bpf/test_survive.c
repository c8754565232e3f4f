/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows of a fleet that changes stay where they are: none of those that are never
 * silent for longer than the idle gap to protect is moved. tests/bench/bench_flows.c
 * does the same with many more flows. Two services are served; see fleet.h.
 */
#include <criterion/criterion.h>

#include "rig.h"
#include "survive.h"

#define FLOWS 20000

static const struct survive_options usual = {
	.fleet = {
		.servers = 40,
		.slots = 16384,
		.flow_lines = 4096,
		.early_s = 60,
		.idle_s = 300,
	},
	.flows = FLOWS,
	.seconds = 1200,
	.event_every_s = 20,
	.max_gap_s = 280,
	.seed = 0x5a1e5,
};

Test(survive, no_flow_moves_while_its_server_lives)
{
	struct survive_options o = usual;
	struct survive_result r;

	o.flows = rig_scale(FLOWS);
	survive(&o, &r);
	survive_print(&o, &r);
	cr_expect_eq(r.side[FLEET_KEEPS].moved, 0);
	/* Something was at stake. */
	cr_expect_gt(r.side[FLEET_FORGETS].moved, o.flows / 50);
	cr_expect_gt(r.side[FLEET_KEEPS].lost, 0);
	for (int e = 0; e < FLEET_EVENTS; e++)
		cr_expect_gt(r.events[e], 0, "nothing was %s", fleet_event_names[e]);
}

/*
 * From a handful of servers to so many that their services need larger blocks of ids
 * and larger tables.
 */
Test(survive, no_flow_moves_while_a_fleet_grows)
{
	struct survive_options o = usual;
	struct survive_result r;

	o.flows = rig_scale(FLOWS);
	o.fleet.servers = 5;
	o.fleet.grow_to = 60;
	o.fleet.slots = 0;
	/* Nearly all flows are pinned, and no line shall be full. */
	o.fleet.flow_lines = 65536;
	o.event_every_s = 15;
	survive(&o, &r);
	survive_print(&o, &r);
	cr_expect_eq(r.side[FLEET_KEEPS].moved, 0);
	cr_expect_gt(r.side[FLEET_FORGETS].moved, o.flows / 10);
	cr_expect_gt(r.moved_blocks, 0);
}

/* Ten SYNs a packet. */
Test(survive, hardly_a_flow_moves_under_a_flood)
{
	struct survive_options o = usual;
	struct survive_result r;

	o.flows = rig_scale(FLOWS);
	o.flood_per_s = o.flows / 3;
	survive(&o, &r);
	survive_print(&o, &r);
	cr_expect_leq(r.side[FLEET_KEEPS].moved, r.side[FLEET_FORGETS].moved / 1000);
	cr_expect_gt(r.flood, 5 * r.packets);
}

/* What is promised has a price, and it is this; and what counts broken flows, counts. */
Test(survive, a_flow_that_is_silent_for_longer_may_move)
{
	struct survive_options o = usual;
	struct survive_result r;

	o.flows = rig_scale(FLOWS);
	o.fleet.idle_s = 60;
	survive(&o, &r);
	survive_print(&o, &r);
	cr_expect_gt(r.side[FLEET_KEEPS].moved, 0);
	cr_expect_lt(r.side[FLEET_KEEPS].moved, r.side[FLEET_FORGETS].moved);
}

/* --- services that share -------------------------------------------------------- */

/* Until no slot is in transition any more, and some seconds. */
static void wait(struct fleet *f)
{
	for (__u32 s = 0; s < 1000 && fleet_count_crossing(f); s++)
		fleet_tick(f);
	cr_expect_eq(fleet_count_crossing(f), 0);
	for (int s = 0; s < 5; s++)
		fleet_tick(f);
}

Test(survive, what_befalls_both_services_does_not_part_them)
{
	_cleanup_(fleet_closep) struct fleet *f = fleet_open(&usual.fleet);

	cr_expect(fleet_is_shared(f));
	f->servers[3].up = false;
	fleet_follow(f);
	cr_expect(fleet_is_shared(f));
	f->servers[3].up = true;
	fleet_follow(f);
	cr_expect_gt(fleet_count_crossing(f), 0);
	cr_expect(fleet_is_shared(f));
	wait(f);
	cr_expect(fleet_is_shared(f));
}

Test(survive, services_part_and_come_together_again)
{
	_cleanup_(fleet_closep) struct fleet *f = fleet_open(&usual.fleet);

	fleet_drain(f, 3, 0, true);
	cr_expect_not(fleet_is_shared(f));
	wait(f);
	cr_expect_not(fleet_is_shared(f));
	fleet_drain(f, 3, 0, false);
	cr_expect_not(fleet_is_shared(f));
	wait(f);
	cr_expect(fleet_is_shared(f));
}
