/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables in the slots map: where a slot lies, and what its two halves say; written
 * a second time, from the drawings in shunt/abi.h, and shared by nothing but tests.
 */
#ifndef TESTS_BPF_SLOTS_H
#define TESTS_BPF_SLOTS_H

#include "shunt/abi.h"

/**
 * struct slots - a table
 * @first: its first line in the map
 * @n: a power of two, at least SHUNT_SLOTS_PER_LINE
 */
struct slots {
	__u32 first;
	__u32 n;
};

/* A slot as it lies in the map. */
struct slot_halves {
	__u16 owner;
	__u16 transit;
};

/*
 * A word that is STABLE keeps its prev in the transit half: a packet may see that
 * while the slot is written, and must not mind.
 */
struct slot_halves slot_halves(__u32 word);
/* What a packet is to make of them. */
__u32 slot_word(struct slot_halves halves);

/* Of one table, owners and transits. */
__u32 slots_lines(const struct slots *s);

/* What a service says that sends its packets there; and back. */
struct shunt_service slots_service(const struct slots *s, __u32 base);
struct slots slots_of(const struct shunt_service *service);

/* In lines that begin with line 0 of the map. The transit is stored first. */
void slots_put(struct shunt_slot_line *lines, const struct slots *s, __u32 slot,
	       struct slot_halves halves);
struct slot_halves slots_get(const struct shunt_slot_line *lines, const struct slots *s,
			     __u32 slot);

#endif /* TESTS_BPF_SLOTS_H */
