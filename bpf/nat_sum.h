/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sums of what NAT changes (RFC 1071), and checksums that follow a change (RFC 1624).
 *
 * A checksum is updated by what went and what came, not computed again: one that was
 * wrong stays wrong, and the receiver can see it. One that was not there is computed
 * (UDP from IPv4 to IPv6), and one over a packet that is put together anew; that was
 * looked at before.
 *
 * The sums are of words as they lie in the packet, 32 bits at a time in 64. They are
 * the same in both families: ::ffff: of an IPv4 address is 0 in one's complement.
 */
#ifndef BPF_NAT_SUM_H
#define BPF_NAT_SUM_H

#include <bpf/bpf_endian.h>

#include "pkt.h"
#include "shunt/csum.h"

/* A block of words that is added up in one go, and how many there are at most: 9216. */
#define SUM_BLOCK_BYTES 32
#define SUM_BLOCKS 288
#define SUM_BLOCKS_MASK 511
#define SUM_MAX_BYTES (SUM_BLOCKS * SUM_BLOCK_BYTES)
/* Of what is summed the beginning is in the first 16 KiB of a frame. */
#define SUM_OFFSET_MASK 0x3fff

/* 16 bits that are worth @sum. */
static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return ~shunt_csum_fold((__u32)(sum & 0xffff) + (__u32)(sum >> 16));
}

/* What a sum grows by that was @old and is @new. */
static __always_inline __u16 sum_grown(__u64 old, __u64 new)
{
	return sum_fold((__u64)(__u16)~sum_fold(old) + sum_fold(new));
}

static __always_inline __u64 sum_addr(const struct shunt_addr *a)
{
	return (__u64)a->w[0] + a->w[1] + a->w[2] + a->w[3];
}

/* The rest of the pseudo header: RFC 9293, RFC 768, RFC 8200. */
static __always_inline __u64 sum_pseudo(__u32 bytes, __u8 proto)
{
	return bpf_htonl(bytes) + (__u64)bpf_htonl(proto);
}

/* @csum after the sum of what it covers has grown: RFC 1624, equation 3. */
static __always_inline __u16 sum_follow(__u16 csum, __u64 grown)
{
	return ~sum_fold((__u64)(__u16)~csum + sum_fold(grown));
}

/*
 * Loops over a packet have to say this each time round, or the compiler takes the end
 * of the packet for a number and compares with the next one, which the verifier forbids.
 */
#define cursor_keep_end(cur) asm volatile("" : "+r"((cur)->end))

static __always_inline bool sum_block(struct cursor *cur, __u64 *sum)
{
	const struct {
		__u32 w[SUM_BLOCK_BYTES / 4];
	} * block;

	cursor_keep_end(cur);
	if (!cursor_take(cur, block))
		return false;
#pragma unroll
	for (int i = 0; i < SUM_BLOCK_BYTES / 4; i++)
		*sum += block->w[i];
	return true;
}

/*
 * Less than a block, from @offset of the frame on; an odd byte is the first one of its word.
 * Global, and so looked at once and not behind each number of blocks. Return: 16 bits,
 * or -1 if they are not all there.
 */
__noinline int sum_rest(struct xdp_md *xdp, __u32 offset, __u32 bytes)
{
	struct cursor cur = cursor_open(xdp);
	const __u16 *word;
	const __u8 *byte;
	__u64 sum = 0;

	cur.pos += offset & SUM_OFFSET_MASK;
#pragma nounroll
	for (int i = 0; i < SUM_BLOCK_BYTES / 2 && bytes >= 2; i++, bytes -= 2) {
		cursor_keep_end(&cur);
		if (!cursor_take(&cur, word))
			return -1;
		sum += *word;
	}
	if (bytes) {
		if (!cursor_take(&cur, byte))
			return -1;
		sum += *byte;
	}
	return sum_fold(sum);
}

/*
 * The sum of @bytes from @offset of the frame on. Return: 16 bits, or -1 if they are too
 * many or not all there.
 */
__noinline int sum_frame(struct xdp_md *xdp, __u32 offset, __u32 bytes)
{
	/* Masks, which the verifier understands wherever the compiler puts a comparison. */
	const __u32 blocks = bytes / SUM_BLOCK_BYTES & SUM_BLOCKS_MASK;
	struct cursor cur = cursor_open(xdp);
	__u64 sum = 0;
	int rest;

	if (bytes > SUM_MAX_BYTES)
		return -1;
	cur.pos += offset & SUM_OFFSET_MASK;
#pragma nounroll
	for (__u32 i = 0; i < SUM_BLOCKS && i < blocks; i++)
		if (!sum_block(&cur, &sum))
			return -1;
	rest = sum_rest(xdp, offset + blocks * SUM_BLOCK_BYTES, bytes % SUM_BLOCK_BYTES);
	return rest < 0 ? -1 : sum_fold(sum + rest);
}

#endif /* BPF_NAT_SUM_H */
