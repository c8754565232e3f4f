/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fixtures: a packet each, and how it must end in the town of world.h.
 * This table doubles as the specification of the program; the bytes of a
 * forwarded frame are the reference's to say.
 */
#ifndef TESTS_BPF_FIXTURE_H
#define TESTS_BPF_FIXTURE_H

#include "shunt/reason.h"
#include "frame.h"

struct fixture {
	const char *name;
	struct packet in;
	enum shunt_reason reason;
};

extern const struct fixture fixtures[];
extern const size_t n_fixtures;

#endif /* TESTS_BPF_FIXTURE_H */
