/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damage to frames, at random: to any byte of them, and to what their headers say, those
 * of packets in packets included. Lengths and checksums follow it or do not.
 */
#ifndef TESTS_BPF_DAMAGE_H
#define TESTS_BPF_DAMAGE_H

#include "frame.h"
#include "headers.h"

/**
 * damage_frame() - one to three changes
 * @other: a frame whose headers may come into @f's place; or NULL
 * @gue_port: see headers_read()
 * @state: of rig_random()
 */
void damage_frame(struct frame *f, const struct frame *other, __u16 gue_port, __u64 *state);

/* --- for damage_header.c ---------------------------------------------------------- */

/* @n bytes more at @at, or fewer. False: there is no room. The headers have moved then. */
bool damage_insert(struct frame *f, size_t at, size_t n);
bool damage_remove(struct frame *f, size_t at, size_t n);

/* Change what one header says, or put another one beside it. @r: random */
void damage_header(struct frame *f, const struct headers *h, const struct header *hdr, __u64 r);

/* What stands in a header before one of that kind. */
void damage_name_next(struct frame *f, const struct header *hdr, const struct header *next);

#endif /* TESTS_BPF_DAMAGE_H */
