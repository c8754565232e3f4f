/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables in the slots map: where a slot lies, and what its two halves say; written
 * a second time, from the drawings in shunt/abi.h, and shared by nothing but tests.
 */
#ifndef TESTS_BPF_SLOT_TABLE_H
#define TESTS_BPF_SLOT_TABLE_H

#include "shunt/abi.h"

/**
 * struct slot_table - a table
 * @first: its first line in the map
 * @n: a power of two, at least SHUNT_SLOTS_PER_LINE
 */
struct slot_table {
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
__u32 slot_table_lines(const struct slot_table *s);

/* What a service says that sends its packets there; and back. */
struct shunt_service slot_table_service(const struct slot_table *s, __u32 base);
struct slot_table slot_table_of(const struct shunt_service *service);

/* In lines that begin with line 0 of the map. The transit is stored first. */
void slot_table_put(struct shunt_slot_line *lines, const struct slot_table *s, __u32 slot,
		    struct slot_halves halves);
struct slot_halves slot_table_get(const struct shunt_slot_line *lines, const struct slot_table *s,
				  __u32 slot);

#endif /* TESTS_BPF_SLOT_TABLE_H */
