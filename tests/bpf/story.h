/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stories: what a packet meets whose slot is in transition, where it goes, and
 * what is remembered afterwards; the table in shunt/abi.h row by row, in words.
 * Backends are members of the block of the packet's service.
 */
#ifndef TESTS_BPF_STORY_H
#define TESTS_BPF_STORY_H

#include "crossing.h"

/**
 * struct story - one packet
 * @word: of its slot
 * @pinned, @noted: backends that are remembered for its flow; 0 for none
 * @spent: the CPU has no pins left to give in this second
 * @port: its service; 0 for CROSSING_PLAIN
 * @udp: instead of TCP
 * @flags: of TCP; 0 for ACK
 * @goes: to this backend; 0: it is dropped
 * @pins, @notes: the backends that are remembered afterwards
 */
struct story {
	const char *name;
	__u32 word;
	__u32 pinned;
	__u32 noted;
	bool spent;
	enum crossing_port port;
	bool udp;
	__u16 flags;
	__u32 goes;
	__u32 pins;
	__u32 notes;
};

extern const struct story stories[];
extern const size_t n_stories;

#endif /* TESTS_BPF_STORY_H */
