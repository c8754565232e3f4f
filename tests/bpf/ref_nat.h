/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the reference (ref.h) that knows packets with other addresses: RFC 3022,
 * a byte at a time. Checksums are summed up anew from the whole packet, and never
 * updated, so that nothing here shares a mistake with who does that.
 */
#ifndef TESTS_BPF_REF_NAT_H
#define TESTS_BPF_REF_NAT_H

#include "frame.h"

/* From where to where; ports in host order. */
struct ref_ends {
	struct shunt_addr src;
	struct shunt_addr dst;
	__u16 sport;
	__u16 dport;
};

/* What a packet of TCP or UDP says. */
struct ref_ends ref_ends_of(const struct frame *f);

/**
 * ref_nat() - @in as it goes on between @to, of the same family, a hop further
 *
 * Checksums are as wrong as they were: one's complement is arithmetic modulo 0xffff. A
 * checksum of UDP that is not there is not there.
 */
void ref_nat(const struct frame *in, const struct ref_ends *to, struct frame *out);

/* By how much the checksum of TCP or UDP is wrong, modulo 0xffff; 0 also if there is none. */
__u32 ref_l4_error(const struct frame *f);

#endif /* TESTS_BPF_REF_NAT_H */
