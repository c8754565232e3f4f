/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Limits of packets: what lies in the maps, and the arithmetic of a bucket, which both
 * sides and the tests share. Part of the border (shunt/abi.h), and under its rules.
 *
 * A bucket is a leaky one, of which only the time is kept when it will be empty (the
 * "theoretical arrival time" of GCRA, ITU-T I.371): each packet puts it off by @cost,
 * and a packet that would put it off by more than @depth from now is too many. So a
 * bucket is one number, one that nobody has touched for long needs no care, and what is
 * over the limit writes nothing.
 *
 *    63          42 41                                 0
 *   +--------------+-----------------------------------+
 *   |     tag      |      when it will be empty        |
 *   +--------------+-----------------------------------+
 *
 * Times are of the monotonic clock, in units of 4 ns, modulo 2^42: 4.9 hours. A time
 * that is further ahead than a bucket can be is of the past: the bucket is empty. User
 * space sees to it that none is so old that it would be taken for one to come.
 */
#ifndef SHUNT_LIMIT_H
#define SHUNT_LIMIT_H

#include <linux/types.h>

/* ns to units of time. */
#define SHUNT_LIMIT_TIME_SHIFT 2
#define SHUNT_LIMIT_UNITS_PER_S (1000000000ULL >> SHUNT_LIMIT_TIME_SHIFT)

#define SHUNT_BUCKET_TIME_BITS 42
#define SHUNT_BUCKET_TIME_MASK ((1ULL << SHUNT_BUCKET_TIME_BITS) - 1)
/*
 * The tag of a source, from the low bits of a hash; its line is from the high half. Never
 * 0: in a line that is of buckets that are nobody's.
 */
#define SHUNT_BUCKET_TAG(hash) ((__u64)((hash) | 1) << SHUNT_BUCKET_TIME_BITS)

/* No bucket is deeper, so that most of the circle of times is the past. */
#define SHUNT_LIMIT_MAX_DEPTH (3600 * SHUNT_LIMIT_UNITS_PER_S)

/*
 * A CPU that was held up between looking at the clock and at a bucket finds that further
 * ahead than it can be: by a tick, or by as long as a hypervisor took the CPU away. Up to
 * the first it is just full, and is left alone; up to the second it is not of the past.
 */
#define SHUNT_LIMIT_LATE (SHUNT_LIMIT_UNITS_PER_S / 10)
#define SHUNT_LIMIT_LATEST (60 * SHUNT_LIMIT_UNITS_PER_S)
#define SHUNT_LIMIT_MAX_AHEAD (SHUNT_LIMIT_MAX_DEPTH + SHUNT_LIMIT_LATEST)

/* Kinds of packets; each has the first one, and at most one more. */
#define SHUNT_LIMIT_PACKETS (1U << 0) /* all of them */
#define SHUNT_LIMIT_SYN (1U << 1) /* the first one of a TCP connection */
#define SHUNT_LIMIT_UDP (1U << 2)
#define SHUNT_LIMIT_ICMP (1U << 3) /* to a VIP: of no service */

/* struct shunt_limit.flags */
/* One bucket, @total, for all sources; else one for each prefix. */
#define SHUNT_LIMIT_BY_SERVICE (1U << 0)

/**
 * struct shunt_limit - a limit, as one service or several services have it: a cache line
 * @cost: of a packet: the time in which the limit allows one
 * @depth: @cost times the packets that may come at once
 * @ahead: what buckets that are there may be ahead: @depth and SHUNT_LIMIT_LATEST, and
 *	more if the limit was deeper before
 * @mask6: of sources, as they lie in the packet
 * @mask4: likewise
 * @verdict: of shunt/guard.h, about what is too much; buckets of different rules differ
 * @match: kinds: the packet is of one of them
 * @flags: SHUNT_LIMIT_BY_SERVICE
 * @total: with SHUNT_LIMIT_BY_SERVICE: the bucket, without a tag
 */
struct shunt_limit {
	__u64 cost;
	__u64 depth;
	__u64 ahead;
	__u64 mask6[2];
	__be32 mask4;
	__u32 verdict;
	__u8 match;
	__u8 flags;
	__u8 pad[6];
	__u64 total;
};

/* Of one service. */
#define SHUNT_MAX_LIMITS 16

/**
 * struct shunt_limits_of - the limits of a service: one word, so that it changes whole
 * @first: in shunt_limits
 * @n: as many, at most SHUNT_MAX_LIMITS, in the order in which they are asked
 * @match: kinds that any of them is about, so that other packets ask none
 */
struct shunt_limits_of {
	__u32 first;
	__u16 n;
	__u16 match;
};

/* The same of its word, that was read at once. */
#define SHUNT_LIMITS_FIRST(of) ((__u32)(of))
#define SHUNT_LIMITS_N(of) ((of) >> 32 & 0xffff)
#define SHUNT_LIMITS_MATCH(of) ((of) >> 48)

/* Buckets of sources, a cache line of them. */
#define SHUNT_BUCKETS_PER_LINE 8

struct shunt_bucket_line {
	__u64 bucket[SHUNT_BUCKETS_PER_LINE];
};

static inline __attribute__((always_inline)) __u64 shunt_bucket_now(__u64 ns)
{
	return ns >> SHUNT_LIMIT_TIME_SHIFT & SHUNT_BUCKET_TIME_MASK;
}

/* How far it is ahead of the clock, if that is no more than @most; else 0. */
static inline __attribute__((always_inline)) __u64 shunt_bucket_level(__u64 bucket, __u64 now,
								      __u64 most)
{
	const __u64 ahead = (bucket - now) & SHUNT_BUCKET_TIME_MASK;

	return ahead <= most ? ahead : 0;
}

/**
 * shunt_bucket_put() - a packet more
 * @tag: of the bucket, or 0
 * @next: what the bucket becomes; the same where nothing has to be written
 *
 * One that is fuller than the limit allows, because it was another one, becomes just
 * full. Return: 1, or 0: it would be too many.
 */
static inline __attribute__((always_inline)) int
shunt_bucket_put(const struct shunt_limit *limit, __u64 bucket, __u64 tag, __u64 now, __u64 *next)
{
	const __u64 level = shunt_bucket_level(bucket, now, limit->ahead);
	const int fits = level + limit->cost <= limit->depth;

	if (fits)
		*next = tag | ((now + level + limit->cost) & SHUNT_BUCKET_TIME_MASK);
	else if (level <= limit->depth + SHUNT_LIMIT_LATE)
		*next = bucket;
	else
		*next = tag | ((now + limit->depth) & SHUNT_BUCKET_TIME_MASK);
	return fits;
}

/*
 * The lesser of two numbers below 2^63, without a branch: who looks for the least of
 * eight with branches has the verifier follow all the ways that they can be ordered.
 */
static inline __attribute__((always_inline)) __u64 shunt_bucket_lesser(__u64 a, __u64 b)
{
	const __s64 less = (__s64)(a - b);

	return b + (less & less >> 63);
}

/*
 * Where in a line a source without a bucket may have one: that which will be empty
 * first. What is empty already was so for nobody knows how long: all such are equal.
 */
static inline __attribute__((always_inline)) __u32
shunt_bucket_lightest(const struct shunt_bucket_line *line, __u64 now)
{
	__u64 least = ~0ULL >> 1;

	for (__u32 i = 0; i < SHUNT_BUCKETS_PER_LINE; i++) {
		const __u64 bucket = ((const volatile struct shunt_bucket_line *)line)->bucket[i];
		/* Of nobody's nothing: such a time may be one to come. */
		const __u64 is_used = (__s64)(bucket | -bucket) >> 63;
		const __u64 level =
			shunt_bucket_level(bucket, now, SHUNT_LIMIT_MAX_AHEAD) & is_used;

		least = shunt_bucket_lesser(level << 3 | i, least);
	}
	return least & (SHUNT_BUCKETS_PER_LINE - 1);
}

static inline __attribute__((always_inline)) int shunt_bucket_is_of(__u64 bucket, __u64 tag)
{
	return (bucket & ~SHUNT_BUCKET_TIME_MASK) == tag;
}

/* Where in a line the source with @tag has its bucket, or else may have one. */
static inline __attribute__((always_inline)) __u32
shunt_bucket_find(const struct shunt_bucket_line *line, __u64 tag, __u64 now)
{
	for (__u32 i = 0; i < SHUNT_BUCKETS_PER_LINE; i++)
		if (shunt_bucket_is_of(((const volatile struct shunt_bucket_line *)line)->bucket[i],
				       tag))
			return i;
	return shunt_bucket_lightest(line, now);
}

/* Who has been overtaken by other CPUs so often goes on uncounted. */
#define SHUNT_BUCKET_TRIES 4

/**
 * shunt_bucket_take() - a packet more for a bucket that other CPUs may be writing to
 * @tag: whose it is from now on; that of somebody else is given up
 * @now: modulo 2^42
 *
 * Return: 1, or 0: it would be too many.
 */
static inline __attribute__((always_inline)) int shunt_bucket_take(const struct shunt_limit *limit,
								   __u64 *at, __u64 tag, __u64 now)
{
	for (int i = 0; i < SHUNT_BUCKET_TRIES; i++) {
		const __u64 was = *(const volatile __u64 *)at;
		const __u64 bucket = shunt_bucket_is_of(was, tag) ? was : tag | now;
		__u64 next;
		const int fits = shunt_bucket_put(limit, bucket, tag, now, &next);

		if (next == was || __sync_val_compare_and_swap(at, was, next) == was)
			return fits;
	}
	return 1;
}

_Static_assert(sizeof(struct shunt_limit) == 64, "ABI");
_Static_assert(sizeof(struct shunt_limits_of) == 8, "ABI");
_Static_assert(sizeof(struct shunt_bucket_line) == 64, "ABI");

#endif /* SHUNT_LIMIT_H */
