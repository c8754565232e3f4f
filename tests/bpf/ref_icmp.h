/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the reference (ref.h) about ICMP.
 *
 * The budget of answers is not known here: if there is one at all, it is taken for
 * large enough.
 */
#ifndef TESTS_BPF_REF_ICMP_H
#define TESTS_BPF_REF_ICMP_H

#include "ref.h"
#include "view.h"

/* ICMP in one piece, of the family of its IP header. */
bool ref_icmp_is(const struct view *v);

/**
 * ref_icmp_take() - what becomes of an ICMP message
 * @out: as it came in; turned into the answer to an echo request
 *
 * SHUNT_CONTINUE: an error that is for a flow, which @v is of now.
 */
enum shunt_reason ref_icmp_take(const struct world *w, const struct frame *f, struct view *v,
				struct frame *out);

/**
 * ref_icmp_too_big() - what becomes of a packet that does not fit
 * @mtu: for packets of the client
 * @out: as it came in; turned into what the client is told
 */
enum shunt_reason ref_icmp_too_big(const struct world *w, const struct view *v, size_t mtu,
				   struct frame *out);

#endif /* TESTS_BPF_REF_ICMP_H */
