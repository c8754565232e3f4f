/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Limits: how many packets of a kind a source, or all sources of a service together, may
 * send. What a bucket is stands in shunt/limit.h; here is where buckets are.
 *
 * A flood invents its sources, so whatever is kept by source must be of a fixed size and
 * must not let inventions push out, or count against, those that are real. Buckets lie in
 * lines of eight, a cache line each. A source has one line, by a keyed hash, and is known
 * in it by a tag of 21 bits. One that is not there takes the place of the bucket that will
 * be empty first, with an empty bucket of its own.
 *
 * Whom that hurts:
 * - Nobody honest. A source that keeps to the limit and loses its bucket has an empty one
 *   next, which is more than it is due. It shares a bucket, and may suffer for it, only
 *   with a source of the same line and tag: with 65536 lines (4 MiB) one in 2^37 of the
 *   others. Of a flood of a million invented sources a second that is one packet in 38
 *   hours.
 * - Nor does who is over the limit get out: his bucket is among the fullest of its line,
 *   and the invented ones, of a packet each, are those that go. He would have to be
 *   slower than invented ones come into his line: 1 M/s of them are 15 a second and
 *   line. Each is in the way for as long as the limit grants a packet (@cost) and no
 *   longer: at 200/s these are 5 ms, and a line that is full of them is as likely as
 *   eight in 5 ms. Only where the limit is lower than that, as 10/m, they fill all lines,
 *   and then a source that sends less than its line takes in has a new bucket for each
 *   packet and is not limited, as long as the flood lasts. What passes so are 15 packets a
 *   second and source, beside 1 M/s that pass because no source of them sends two. Against
 *   that no limit by source helps, but one by service.
 *
 * Considered:
 * - An LRU hash of the kernel by source: each invented source takes a lock, and the place
 *   of one that is real, whatever that one has sent.
 * - A count-min sketch of decaying cells, which asks for no tags: below saturation it is
 *   as good, above it limits everybody, and it is saturated by @rate times the number of
 *   its cells. For 4 MiB and two rows that is a flood of 262 144 * rate, where the table
 *   begins to forget the slow at 524 288 * rate, and is wrong in favour of the source.
 *   As a door-keeper before the table it costs two more cache lines for each packet, and
 *   moves that threshold by half.
 * - To enter a source only now and then, by chance: a limit is then exact for nobody.
 *
 * CPUs change a bucket by compare-and-swap, and look again if another one was faster. Who
 * is slower SHUNT_BUCKET_TRIES times lets the packet pass uncounted: that takes as many other
 * CPUs that have succeeded with the same bucket meanwhile. What is over the limit writes
 * nothing, so that a flood of one source has no cache line to quarrel about.
 *
 * The clock is that of the kernel's ticks, 1 to 10 ms: reading it costs next to nothing,
 * and a burst is at least what comes in 10 ms.
 */
#ifndef BPF_GUARD_LIMIT_H
#define BPF_GUARD_LIMIT_H

#include <bpf/bpf_helpers.h>
#include <linux/in.h>
#include <stdbool.h>

#include "guard_rule.h"
#include "maps.h"
#include "parse.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/hash.h"
#include "shunt/limit.h"

/* Beside SHUNT_LIMIT_*: the packet is of IPv6. */
#define GUARD_LIMIT_V6 (1U << 31)

/* In shunt_limits_of: of what no service is known of; those of services are at base + 1. */
#define GUARD_LIMIT_OF_NOBODY 0

/* --- buckets -------------------------------------------------------------------- */

/* Global, so that the verifier looks at it once. */
__noinline __u32 guard_limit_find(const struct shunt_bucket_line *line, __u64 tag, __u64 now)
{
	return line ? shunt_bucket_find(line, tag, now) : 0;
}

static __always_inline __u64 guard_limit_hash(const struct shunt_limit *limit, __u64 src0,
					      __u64 src1, bool v6)
{
	const __u64 rule = (__u64)SHUNT_GUARD_RULE(limit->verdict) << 32;
	__u64 h = shunt_rodata.hash_key[0];

	if (v6) {
		h = shunt_hash_word(h, src0 & limit->mask6[0]);
		h = shunt_hash_word(h, src1 & limit->mask6[1]);
		h = shunt_hash_word(h, rule);
	} else {
		h = shunt_hash_word(h, rule | ((__u32)src1 & limit->mask4));
	}
	return shunt_hash_word(h, shunt_rodata.hash_key[1]);
}

/* One more of a source. Return: not too many. */
static __always_inline bool guard_limit_take(const struct shunt_limit *limit, __u64 hash, __u64 now)
{
	const __u64 tag = SHUNT_BUCKET_TAG(hash);
	__u32 index = hash >> 32 & ((1U << shunt_rodata.bucket_bits) - 1);
	struct shunt_bucket_line *line = bpf_map_lookup_elem(&shunt_buckets, &index);

	if (!line)
		return true;
	index = guard_limit_find(line, tag, now) & (SHUNT_BUCKETS_PER_LINE - 1);
	return shunt_bucket_take(limit, &line->bucket[index], tag, now);
}

/* --- limits --------------------------------------------------------------------- */

/*
 * Is a packet too many for one limit? @what: SHUNT_LIMIT_*, GUARD_LIMIT_V6; @src0, @src1:
 * the source address, of IPv4 the last word of it is @src1. Global: the verifier looks at
 * it once, and not for each of SHUNT_MAX_LIMITS. Return: enum shunt_reason.
 */
__noinline int guard_limit_judge(__u32 index, __u64 src0, __u64 src1, __u32 what, __u64 now)
{
	struct shunt_limit *limit = bpf_map_lookup_elem(&shunt_limits, &index);
	bool fits;

	if (!limit || !(limit->match & what))
		return SHUNT_CONTINUE;
	if (limit->flags & SHUNT_LIMIT_BY_SERVICE)
		fits = shunt_bucket_take(limit, &limit->total, 0, now);
	else
		fits = guard_limit_take(
			limit, guard_limit_hash(limit, src0, src1, what & GUARD_LIMIT_V6), now);
	return fits ? SHUNT_CONTINUE : guard_hit(limit->verdict, SHUNT_RATE_LIMITED);
}

/* @of: struct shunt_limits_of, as a word. All of them. Return: enum shunt_reason. */
__noinline int guard_limits(__u64 src0, __u64 src1, __u32 what, __u64 of)
{
	const __u64 now = shunt_bucket_now(bpf_ktime_get_coarse_ns());
	const __u32 first = SHUNT_LIMITS_FIRST(of), n = SHUNT_LIMITS_N(of);

#pragma nounroll
	for (__u32 i = 0; i < SHUNT_MAX_LIMITS && i < n; i++) {
		const int reason = guard_limit_judge(first + i, src0, src1, what, now);

		if (reason)
			return reason;
	}
	return SHUNT_CONTINUE;
}

/* Later fragments are of UDP, or of no kind: their flags are not known. */
static __always_inline __u32 guard_limit_what(const struct pkt *pkt, const bool v6)
{
	const __u32 what = SHUNT_LIMIT_PACKETS | (v6 ? GUARD_LIMIT_V6 : 0);

	if (pkt->proto == IPPROTO_UDP)
		return what | SHUNT_LIMIT_UDP;
	if ((pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return what | SHUNT_LIMIT_SYN;
	return what;
}

/*
 * @place: in shunt_limits_of. Most limits are about SYNs: packets that no limit is about make
 * no call. By value: a struct pkt whose address is taken does not stay in registers.
 */
static __always_inline enum shunt_reason guard_limit_of(const struct shunt_addr *src, __u32 what,
							__u32 place, const bool v6)
{
	const struct shunt_limits_of *at = bpf_map_lookup_elem(&shunt_limits_of, &place);
	const __u64 of = at ? *(const volatile __u64 *)at : 0;

	if (!(SHUNT_LIMITS_MATCH(of) & what))
		return SHUNT_CONTINUE;
	return guard_limits(v6 ? src->d[0] : 0, v6 ? src->d[1] : src->w[3], what, of);
}

/* A packet of a service. An error about a flow has been asked as what it is, below. */
static __always_inline enum shunt_reason guard_limit(const struct pkt *pkt, const bool v6)
{
	if (!(shunt_rodata.guard & SHUNT_GUARD_LIMITS) || pkt->odd & PKT_ICMP)
		return SHUNT_CONTINUE;
	return guard_limit_of(&pkt->src, guard_limit_what(pkt, v6), pkt->service.base + 1, v6);
}

/* An ICMP message to a VIP. */
static __always_inline enum shunt_reason guard_limit_icmp(const struct shunt_addr *src,
							  const bool v6)
{
	const __u32 what = SHUNT_LIMIT_PACKETS | SHUNT_LIMIT_ICMP | (v6 ? GUARD_LIMIT_V6 : 0);

	if (!(shunt_rodata.guard & SHUNT_GUARD_LIMITS))
		return SHUNT_CONTINUE;
	return guard_limit_of(src, what, GUARD_LIMIT_OF_NOBODY, v6);
}

#endif /* BPF_GUARD_LIMIT_H */
