/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A random walk through the town of crossing.h: packets of a few flows that
 * share slots, tags and lines, and between them whatever user space, time and
 * other flows can do to what the program reads.
 */
#ifndef TESTS_BPF_WALK_H
#define TESTS_BPF_WALK_H

#include "crossing.h"

#define WALK_FLOWS 192

/* Where a packet whose flow is looked up finds its pin, or makes one. */
enum walk_pin {
	WALK_NO_PIN,
	WALK_NO_ROOM, /* both lines are full, and none gives way */
	WALK_FOUND_IN_FIRST,
	WALK_ROOM_IN_FIRST,
	WALK_OUT_OF_FIRST, /* another flow gives way */
	WALK_FOUND_IN_OTHER,
	WALK_ROOM_IN_OTHER,
	WALK_OUT_OF_OTHER,
	WALK_PINS,
};

/**
 * struct walk - flows, and what was seen on the way
 * @random: state of rig_random()
 * @by: packets by what decided where they go
 * @by_state: the same by the state of the slot
 * @pins: by what became of the flow's pin
 * @notes_lost: notes that another one pushed out
 * @refused: pins that the budget did not allow
 * @unserved: packets that the program was not loaded for
 */
struct walk {
	struct crossing *t;
	__u64 random;
	struct crossing_flow flows[WALK_FLOWS];
	__u64 by[FLOW_BYS];
	__u64 by_state[SHUNT_SLOT_PINNED + 1];
	__u64 pins[WALK_PINS];
	__u64 notes_lost;
	__u64 refused;
	__u64 unserved;
};

void walk_begin(struct walk *w, struct crossing *t, __u64 seed);

/* One packet or one event. Return: false, and why on stderr, if program and model differ. */
bool walk_step(struct walk *w);

#endif /* TESTS_BPF_WALK_H */
