/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frame as the proofs of nat look at it (nat_proof.h): a packet, and one that it quotes
 * if it is an ICMP error.
 */
#ifndef TESTS_BPF_NAT_LOOK_H
#define TESTS_BPF_NAT_LOOK_H

#include "headers.h"

/**
 * struct look
 * @ip, @l4: of the packet, and of the one that it quotes; NULL: there is none. There is no
 *	header of TCP or UDP in a later fragment.
 */
struct look {
	struct frame f;
	struct headers h;
	const struct header *ip[2];
	const struct header *l4[2];
};

void look_at(struct look *l, const struct frame *f);

/* Say on stderr what does not hold. Return: @holds. */
bool look_must(bool holds, const char *what);

/* --- what it says; @depth: 0: the packet, 1: what it quotes -------------------------- */

bool look_is_v6(const struct look *l, int depth);
bool look_is_error(const struct look *l);
__u8 *look_bytes(struct look *l, const struct header *hdr);
/* @which: 0: the source, 1: the destination. */
struct shunt_addr look_addr(struct look *l, int depth, int which);
void look_put_addr(struct look *l, int depth, int which, const struct shunt_addr *a);

/* Of the flow that it belongs to: an error is about a packet that went the other way. */
struct shunt_tuple look_tuple(struct look *l);

/* --- checksums ----------------------------------------------------------------------- */

/* Is there one of TCP or UDP, within what was sent? */
bool look_has_csum(const struct look *l, int depth);

/*
 * What a checksum of TCP or UDP is to keep, however little of the packet there is: the sum
 * of the addresses, the ports and itself, modulo 0xffff.
 */
__u32 look_kept_sum(struct look *l, int depth);

/* The checksums of @a and @b are as wrong as each other, as far as they can be known. */
bool look_same_error(const struct look *in, const struct header *a, const struct look *out,
		     const struct header *b, const char *what);
bool look_is_right(const struct look *l, const struct header *hdr, const char *what);

#endif /* TESTS_BPF_NAT_LOOK_H */
