/* SPDX-License-Identifier: BSD-2-Clause */
#include "story.h"

/* Who is who. */
enum {
	NOBODY,
	OLD = CROSSING_LIVE,
	NEW,
	THIRD,
	DEAD = CROSSING_DEAD,
	GONE = CROSSING_GONE,
	NEVER = CROSSING_NEVER,
};

#define STABLE(prev, cur) .word = SHUNT_SLOT(SHUNT_SLOT_STABLE, prev, cur)
#define MIGRATING(prev, cur) .word = SHUNT_SLOT(SHUNT_SLOT_MIGRATING, prev, cur)
#define PINNING(prev, cur) .word = SHUNT_SLOT(SHUNT_SLOT_PINNING, prev, cur)
#define PINNED(prev, cur) .word = SHUNT_SLOT(SHUNT_SLOT_PINNED, prev, cur)

#define SYN .flags = FRAME_SYN
#define RST .flags = FRAME_RST
#define UDP .udp = true
#define TRACKED .port = CROSSING_TRACKED
#define MOVES .port = CROSSING_UDP_MOVES
#define BOTH .port = CROSSING_BOTH
#define SPENT .spent = true

/* clang-format off */
const struct story stories[] = {
	/* STABLE: the slot decides, and nothing is looked up or remembered. */
	{ "a new flow of a stable slot", STABLE(0, NEW), SYN, .goes = NEW },
	{ "an old flow of a stable slot", STABLE(0, NEW), .goes = NEW },
	{ "a stable slot that still names a prev", STABLE(OLD, NEW), .goes = NEW },
	{ "a stable slot does not ask for pins", STABLE(0, NEW), .pinned = OLD, .goes = NEW, .pins = OLD },
	{ "nor for notes", STABLE(0, NEW), .noted = OLD, .goes = NEW, .notes = OLD },
	{ "nor writes them", STABLE(0, NEW), SYN, .pinned = OLD, .goes = NEW, .pins = OLD },
	{ "nor does it ask whether its owner lives", STABLE(OLD, DEAD), .goes = DEAD },
	{ "a stable slot that nobody owns", STABLE(OLD, NOBODY), .goes = NOBODY },

	/* MIGRATING: a new flow goes to cur and is noted. */
	{ "a flow begins", MIGRATING(OLD, NEW), SYN, .goes = NEW, .notes = NEW },
	{ "a flow begins again", MIGRATING(OLD, NEW), SYN, .noted = THIRD, .goes = NEW, .notes = NEW },
	{ "a flow begins where another one was pinned", MIGRATING(OLD, NEW), SYN, .pinned = THIRD,
	  .goes = NEW, .pins = NEW, .notes = NEW },
	{ "a flow begins and nobody takes it", MIGRATING(OLD, NOBODY), SYN, .goes = NOBODY },
	{ "its predecessor's pin is left", MIGRATING(OLD, NOBODY), SYN, .pinned = OLD, .goes = NOBODY,
	  .pins = OLD },
	{ "a flow begins, asking for ECN", MIGRATING(OLD, NEW), .flags = FRAME_SYN | 0xc0, .goes = NEW,
	  .notes = NEW },
	{ "a flow begins, and carries data and its end", MIGRATING(OLD, NEW),
	  .flags = FRAME_SYN | FRAME_FIN, .goes = NEW, .notes = NEW },
	{ "a SYN that resets begins nothing", MIGRATING(OLD, NEW), .flags = FRAME_SYN | FRAME_RST,
	  .goes = NEW },
	{ "SYN and ACK is not a beginning", MIGRATING(OLD, NEW), .flags = FRAME_SYN | FRAME_ACK,
	  .goes = OLD },
	{ "a packet without flags is not a beginning", MIGRATING(OLD, NEW), .flags = FRAME_NO_FLAGS,
	  .goes = OLD },
	{ "pins need not be left for a beginning", MIGRATING(OLD, NEW), SYN, SPENT, .goes = NEW,
	  .notes = NEW },

	/* MIGRATING: other packets: pinned, noted, prev, cur. */
	{ "an old flow stays", MIGRATING(OLD, NEW), .goes = OLD },
	{ "an old flow ends", MIGRATING(OLD, NEW), .flags = FRAME_FIN | FRAME_ACK, .goes = OLD },
	{ "a new flow goes on, and is pinned", MIGRATING(OLD, NEW), .noted = NEW, .goes = NEW,
	  .pins = NEW, .notes = NEW },
	{ "pins need not be left for a new flow", MIGRATING(OLD, NEW), .noted = NEW, SPENT, .goes = NEW,
	  .pins = NEW, .notes = NEW },
	{ "a pinned flow goes on", MIGRATING(OLD, NEW), .pinned = THIRD, .goes = THIRD, .pins = THIRD },
	{ "a pin is worth more than a note", MIGRATING(OLD, NEW), .pinned = THIRD, .noted = NEW,
	  .goes = THIRD, .pins = THIRD, .notes = NEW },
	{ "a pin to the dead is as none", MIGRATING(OLD, NEW), .pinned = DEAD, .goes = OLD, .pins = DEAD },
	{ "a pin to one that is gone is as none", MIGRATING(OLD, NEW), .pinned = GONE, .goes = OLD,
	  .pins = GONE },
	{ "a pin to one that never was is as none", MIGRATING(OLD, NEW), .pinned = NEVER, .goes = OLD,
	  .pins = NEVER },
	{ "a note of the dead is as none", MIGRATING(OLD, NEW), .noted = DEAD, .goes = OLD,
	  .notes = DEAD },
	{ "a note overrules a pin to the dead", MIGRATING(OLD, NEW), .pinned = DEAD, .noted = NEW,
	  .goes = NEW, .pins = NEW, .notes = NEW },
	{ "an old flow of the dead moves", MIGRATING(DEAD, NEW), .goes = NEW },
	{ "an old flow of one that is gone moves", MIGRATING(GONE, NEW), .goes = NEW },
	/* MIGRATING from nobody is PINNED. */
	{ "an old flow of nobody moves", MIGRATING(NOBODY, NEW), .goes = NEW },
	{ "a flow begins where nobody was", MIGRATING(NOBODY, NEW), SYN, .goes = NEW },
	{ "a pinned flow goes on where nobody was", MIGRATING(NOBODY, NEW), .pinned = OLD, .goes = OLD,
	  .pins = OLD },
	{ "an old flow stays though nobody takes new ones", MIGRATING(OLD, NOBODY), .goes = OLD },
	{ "the dead and nobody", MIGRATING(DEAD, NOBODY), .goes = NOBODY },
	{ "a slot on its way back", MIGRATING(OLD, OLD), .goes = OLD },
	{ "a slot on its way back: who moved, stays", MIGRATING(OLD, OLD), .noted = NEW, .goes = NEW,
	  .pins = NEW, .notes = NEW },

	/* PINNING: the same, and who goes to prev is pinned there. */
	{ "late: a flow begins", PINNING(OLD, NEW), SYN, .goes = NEW, .notes = NEW },
	{ "late: a flow begins where another one was pinned", PINNING(OLD, NEW), SYN, .pinned = OLD,
	  .goes = NEW, .pins = NEW, .notes = NEW },
	{ "late: an old flow is pinned", PINNING(OLD, NEW), .goes = OLD, .pins = OLD },
	{ "late: an old flow stays though no pin is left", PINNING(OLD, NEW), SPENT, .goes = OLD },
	{ "late: a pin to the dead is written over", PINNING(OLD, NEW), .pinned = DEAD, .goes = OLD,
	  .pins = OLD },
	{ "late: a new flow goes on", PINNING(OLD, NEW), .noted = NEW, .goes = NEW, .pins = NEW,
	  .notes = NEW },
	{ "late: a pinned flow goes on", PINNING(OLD, NEW), .pinned = THIRD, .goes = THIRD,
	  .pins = THIRD },
	{ "late: an old flow of the dead moves", PINNING(DEAD, NEW), .goes = NEW },
	{ "late: an old flow of nobody moves", PINNING(NOBODY, NEW), .goes = NEW },
	{ "late: a flow begins where nobody was", PINNING(NOBODY, NEW), SYN, .goes = NEW, .notes = NEW },
	{ "late: an old flow stays though nobody takes new ones", PINNING(OLD, NOBODY), .goes = OLD,
	  .pins = OLD },

	/* PINNED: pins and notes, then cur; prev counts no more. */
	{ "after: a flow begins", PINNED(OLD, NEW), SYN, .goes = NEW },
	{ "after: a flow begins where another one was pinned", PINNED(OLD, NEW), SYN, .pinned = OLD,
	  .goes = NEW, .pins = NEW },
	{ "after: a flow begins where another one was noted", PINNED(OLD, NEW), SYN, .noted = THIRD,
	  .goes = NEW, .notes = NEW },
	{ "after: an old flow that did not show itself moves", PINNED(OLD, NEW), .goes = NEW },
	{ "after: a pinned flow goes on", PINNED(0, NEW), .pinned = OLD, .goes = OLD, .pins = OLD },
	{ "after: a new flow goes on", PINNED(0, NEW), .noted = THIRD, .goes = THIRD, .pins = THIRD,
	  .notes = THIRD },
	{ "after: a pin to the dead is as none", PINNED(0, NEW), .pinned = DEAD, .goes = NEW,
	  .pins = DEAD },
	{ "after: nobody takes what is not pinned", PINNED(0, NOBODY), .goes = NOBODY },
	{ "after: a pinned flow does not mind", PINNED(0, NOBODY), .pinned = OLD, .goes = OLD,
	  .pins = OLD },

	/* A reset finds its way and leaves no trace. */
	{ "a reset of an old flow", PINNING(OLD, NEW), RST, .goes = OLD },
	{ "a reset of a new flow", PINNING(OLD, NEW), RST, .noted = NEW, .goes = NEW, .notes = NEW },
	{ "a reset of a pinned flow", PINNING(OLD, NEW), RST, .pinned = THIRD, .goes = THIRD,
	  .pins = THIRD },
	{ "a reset of a tracked flow", STABLE(0, NEW), RST, TRACKED, .goes = NEW },

	/* UDP has no beginning that could be seen. */
	{ "UDP stays", MIGRATING(OLD, NEW), UDP, .goes = OLD },
	{ "UDP is pinned late", PINNING(OLD, NEW), UDP, .goes = OLD, .pins = OLD },
	{ "UDP moves afterwards", PINNED(OLD, NEW), UDP, .goes = NEW },
	{ "UDP that is pinned goes on", PINNED(0, NEW), UDP, .pinned = OLD, .goes = OLD, .pins = OLD },
	{ "UDP is never noted", MIGRATING(OLD, NEW), UDP, .noted = NEW, .goes = OLD, .notes = NEW },
	{ "UDP of the dead moves", MIGRATING(DEAD, NEW), UDP, .goes = NEW },
	{ "UDP that moves, early", MIGRATING(OLD, NEW), UDP, MOVES, .goes = NEW },
	{ "UDP that moves, late", PINNING(OLD, NEW), UDP, MOVES, .goes = NEW },
	{ "UDP that moves asks for no pins", PINNED(OLD, NEW), UDP, MOVES, .pinned = OLD, .goes = NEW,
	  .pins = OLD },
	{ "TCP stays where UDP moves", PINNING(OLD, NEW), MOVES, .goes = OLD, .pins = OLD },

	/* Tracked: every flow is remembered, in every state. */
	{ "tracked: a flow begins", STABLE(0, NEW), SYN, TRACKED, .goes = NEW, .pins = NEW },
	{ "tracked: a flow begins, early", MIGRATING(OLD, NEW), SYN, TRACKED, .goes = NEW, .pins = NEW },
	{ "tracked: a flow begins, late", PINNING(OLD, NEW), SYN, TRACKED, SPENT, .goes = NEW,
	  .pins = NEW },
	{ "tracked: a flow begins, after", PINNED(0, NEW), SYN, TRACKED, .goes = NEW, .pins = NEW },
	{ "tracked: a flow goes on", STABLE(0, NEW), TRACKED, .pinned = THIRD, .goes = THIRD,
	  .pins = THIRD },
	{ "tracked: a flow is met", STABLE(0, NEW), TRACKED, .goes = NEW, .pins = NEW },
	{ "tracked: a flow is met, and no pin is left", STABLE(0, NEW), TRACKED, SPENT, .goes = NEW },
	{ "tracked: a flow is met, early", MIGRATING(OLD, NEW), TRACKED, .goes = OLD, .pins = OLD },
	{ "tracked: a flow is met, after", PINNED(0, NEW), TRACKED, .goes = NEW, .pins = NEW },
	{ "tracked: a flow of the dead", STABLE(0, NEW), TRACKED, .pinned = DEAD, .goes = NEW,
	  .pins = NEW },
	{ "tracked: a flow that was noted", STABLE(0, NEW), TRACKED, .noted = THIRD, .goes = THIRD,
	  .pins = THIRD, .notes = THIRD },
	{ "tracked: nobody takes it", STABLE(0, NOBODY), TRACKED, .goes = NOBODY },
	{ "tracked: UDP is met", STABLE(0, NEW), UDP, TRACKED, .goes = NEW, .pins = NEW },
	{ "tracked: UDP goes on", STABLE(0, NEW), UDP, TRACKED, .pinned = OLD, .goes = OLD, .pins = OLD },
	{ "tracked: UDP that could move does not", MIGRATING(OLD, NEW), UDP, BOTH, .goes = OLD,
	  .pins = OLD },
};
/* clang-format on */

const size_t n_stories = sizeof(stories) / sizeof(stories[0]);
