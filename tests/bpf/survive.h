/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many flows through a fleet that changes: how many are sent to another server
 * while theirs lives? Packets go through the program; the balancer that forgets is
 * asked beside it.
 *
 * A flow is a SYN, the ACK that a round trip later completes the handshake, packets
 * with gaps of up to @max_gap_s between them, a FIN; then another begins. Flows are
 * as in the field: most are short, some live on and on. A flow that was sent
 * elsewhere is broken, and counted once on that side.
 */
#ifndef TESTS_BPF_SURVIVE_H
#define TESTS_BPF_SURVIVE_H

#include "fleet.h"

/**
 * struct survive_options
 * @flows: at any time
 * @seconds: simulated
 * @event_every_s: between two changes of the fleet
 * @max_gap_s: between two packets of a flow
 * @flood_per_s: SYNs of random sources
 * @flood_acks: and an ACK behind each, as if its handshake were complete
 * @sample: of the packets whose slot is STABLE, which all go to its owner, one in so
 *	many goes through the program, to see that it says so; 0: all
 */
struct survive_options {
	struct fleet_options fleet;
	__u32 flows;
	__u32 seconds;
	__u32 event_every_s;
	__u32 max_gap_s;
	__u32 flood_per_s;
	bool flood_acks;
	__u32 sample;
	__u64 seed;
};

/**
 * struct survive_side - the fate of flows at one balancer
 * @moved: broken while their server lived
 * @moved_at_once: of these, before their handshake was complete
 * @lost: broken because their server failed, or was removed
 */
struct survive_side {
	__u64 moved;
	__u64 moved_at_once;
	__u64 lost;
};

/**
 * struct survive_result
 * @most_crossing: slots in transition, at most, in thousandths
 * @shared_s: seconds for which both services had one table
 * @moved_blocks: how often the backends of a service got other ids
 * @most_pins: entries of the flow cache in use, at most
 */
struct survive_result {
	struct survive_side side[FLEET_SIDES];
	__u64 packets;
	__u64 flood;
	__u64 begun;
	__u64 events[FLEET_EVENTS];
	__u32 most_crossing;
	__u32 shared_s;
	__u64 moved_blocks;
	__u64 most_pins;
};

void survive(const struct survive_options *o, struct survive_result *r);

/* A few lines to stderr. */
void survive_print(const struct survive_options *o, const struct survive_result *r);

#endif /* TESTS_BPF_SURVIVE_H */
