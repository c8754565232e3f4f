/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Internet checksum (RFC 1071) and its incremental update (RFC 1624). */
#ifndef SHUNT_CSUM_H
#define SHUNT_CSUM_H

#include <linux/types.h>

/* Fold a sum of 16-bit words to the checksum that goes into a header. */
static inline __attribute__((always_inline)) __u16 shunt_csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* @csum after one 16-bit word went from @old to @new: RFC 1624, equation 3. */
static inline __attribute__((always_inline)) __u16 shunt_csum_replace(__u16 csum, __u16 old,
								      __u16 new)
{
	return shunt_csum_fold((__u32)(__u16)~csum + (__u16)~old + new);
}

#endif /* SHUNT_CSUM_H */
