/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the reference (ref.h) that puts outer headers around packets. */
#ifndef TESTS_BPF_REF_TUNNEL_H
#define TESTS_BPF_REF_TUNNEL_H

#include "frame.h"
#include "view.h"

bool ref_is_tunnel(const struct shunt_leg *leg);

/* The family of the outer header, which is that of the backend. */
bool ref_outer_is_v4(const struct shunt_leg *leg);

/* Bytes that @leg puts around a packet; 0 if it is no tunnel. */
size_t ref_outer_len(const struct shunt_leg *leg);

/**
 * ref_encapsulate() - put the headers that @leg, a tunnel, asks for around the packet in @f
 * @v: of @f, before
 * @got: what the program made of it, for what the RFCs leave open
 */
void ref_encapsulate(const struct view *v, const struct shunt_leg *leg,
		     const struct shunt_egress *egress, const struct frame *got, struct frame *f);

#endif /* TESTS_BPF_REF_TUNNEL_H */
