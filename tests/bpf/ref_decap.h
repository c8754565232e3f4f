/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What shunt-decap's program must make of a frame, written a second time and a byte at a
 * time, as ref.h does for the balancer's. It shares the list of reasons with the program.
 *
 *   RFC 2003, 4213, 2473    IPv4 and IPv6 in IPv4 and IPv6
 *   draft-ietf-intarea-gue  both in UDP: variant 1, and variant 0 that says nothing
 *   RFC 6040, 4.2           what congestion means for the inner packet
 *
 * Where several reasons apply, the first in this order counts: is it for us, outer header,
 * UDP, source, fragment, variant of GUE, inner header, ECN.
 */
#ifndef TESTS_BPF_REF_DECAP_H
#define TESTS_BPF_REF_DECAP_H

#include "frame.h"
#include "shunt/decap.h"

/*
 * @in, to a program that takes from 10.1.0.0/24 and 2001:db8:1::/64, and GUE at @gue_port.
 * @out is @in itself where nothing is taken out.
 */
enum decap_reason ref_decap(const struct frame *in, __u16 gue_port, struct frame *out);

#endif /* TESTS_BPF_REF_DECAP_H */
