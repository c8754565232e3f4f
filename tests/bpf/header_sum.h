/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checksums of any headers in a frame (headers.h), each summed up as a whole: RFC
 * 1071. What comes of it is by how much one is wrong, modulo 0xffff: 0 if it is right.
 */
#ifndef TESTS_BPF_HEADER_SUM_H
#define TESTS_BPF_HEADER_SUM_H

#include "headers.h"

/* Where the packet of an IP header ends, by its length field. */
size_t header_sum_end(const struct frame *f, const struct header *ip);

/* Where the checksum of a header is; 0 if that kind has none. */
size_t header_sum_place(const struct header *hdr);

/* False: it is not all there, it is a piece of a datagram, or there is no checksum. */
bool header_sum_error(const struct frame *f, const struct headers *h, const struct header *hdr,
		      __u32 *error);

/* Make it right. */
void header_sum_mend(struct frame *f, const struct headers *h, const struct header *hdr);

#endif /* TESTS_BPF_HEADER_SUM_H */
