/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the reference (ref.h) that clamps the MSS of SYNs, from RFC 9293, 3.1 and
 * 3.2: the checksum is computed over all of the segment again. A wrong one stays wrong
 * by as much as it was.
 */
#ifndef TESTS_BPF_REF_MSS_H
#define TESTS_BPF_REF_MSS_H

#include "view.h"

/* Lower the MSS options of the TCP packet @v in @f to @mss. */
void ref_mss_clamp(const struct view *v, __u16 mss, struct frame *f);

/* The one's complement sum of a segment and its pseudo header: 0xffff if it is right. */
__u16 ref_tcp_sum(const struct view *v, const struct frame *f);

#endif /* TESTS_BPF_REF_MSS_H */
