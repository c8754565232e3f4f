/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the reference (ref.h) that knows of fragments. What is remembered of
 * datagrams is in the world; of first fragments it says what has to be remembered.
 *
 *   RFC 791, 3.2	a datagram is told by addresses, protocol and identification
 *   RFC 8200, 4.5	and in IPv6 without the protocol
 *   RFC 1858, 3128	what must not be let through: TCP headers in pieces
 *   RFC 6946		a fragment that is all of its datagram is none
 */
#ifndef TESTS_BPF_REF_FRAGMENT_H
#define TESTS_BPF_REF_FRAGMENT_H

#include "shunt/reason.h"
#include "view.h"
#include "world.h"

/* Is @v, which is of neither TCP nor UDP, to be judged all the same? */
bool ref_fragment_is_ours(const struct view *v);

/* What is wrong with the fragment @v of @f, that of whole packets aside. */
enum shunt_reason ref_fragment_fault(const struct frame *f, const struct view *v);

/* Give @v the ports, and the protocol, of the first fragment if they are remembered. */
void ref_fragment_recall(const struct world *w, struct view *v);

/**
 * ref_fragment_admit() - judge the fragment @v
 * @s: the service that it is for, or NULL
 * @is_vip: its destination is one
 * @note: whether the first fragment @v must be remembered
 */
enum shunt_reason ref_fragment_admit(const struct world *w, const struct view *v,
				     const struct world_service *s, bool is_vip, bool *note);

/* What the first fragment @v says. */
struct world_fragment ref_fragment_of(const struct view *v);

#endif /* TESTS_BPF_REF_FRAGMENT_H */
