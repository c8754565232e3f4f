/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who sends a packet: prefixes that are allowed or denied, for all services and for one. How
 * they lie in memory stands in shunt/guard.h.
 *
 * Most clients are in no prefix: the sieve says so (guard_sieve.h), and nothing here is run.
 * For the others a lookup takes two dependent loads for an address in whose bucket nothing
 * begins, and one more for each halving of what begins there: about two, where prefixes are
 * spread as real ones are, 17 where 100 000 hosts of one network are listed one by one.
 *
 * Considered:
 * - BPF_MAP_TYPE_LPM_TRIE, which goes from node to node, one for each prefix that contains
 *   another, and hardly less than log2 of their number deep, each a load from anywhere; and
 *   which cannot be changed as a whole.
 * - A table by the high 16 bits alone, which is the same for IPv4, and spreads no IPv6: a
 *   registry's networks have the first twelve bits in common.
 * - Two halves of one array, and a word that says which counts: the kernel looks up an array
 *   in line, and one that stands in another by a call for each look, whose return alone costs
 *   as much as several loads where returns are guarded against speculation. But then there is
 *   an upper limit, which to raise takes other maps and another program. The sieve, whose size
 *   is fixed, lies so, and saves most packets all calls.
 */
#ifndef BPF_GUARD_PREFIX_H
#define BPF_GUARD_PREFIX_H

#include <bpf/bpf_endian.h>

#include "guard_rule.h"
#include "guard_sieve.h"
#include "maps.h"
#include "pkt.h"
#include "rodata.h"

/* Instead of a base: of no service, or of one without lists of its own. */
#define GUARD_NO_SERVICE 0xffffffffU

static __always_inline const struct shunt_guard_line *guard_line(void *lists, __u32 at)
{
	return bpf_map_lookup_elem(lists, &at);
}

static __always_inline __u64 guard_word(void *lists, __u32 at)
{
	const struct shunt_guard_line *line = guard_line(lists, at / SHUNT_GUARD_WORDS_PER_LINE);

	return line ? line->word[at % SHUNT_GUARD_WORDS_PER_LINE] : 0;
}

static __always_inline const struct shunt_guard_list *guard_list(void *lists, __u32 number,
								 const bool v6)
{
	return (const void *)guard_line(lists, 1 + 2 * number + v6);
}

/* The list of a service's own; 0, which is that of all services, if there is none. */
static __always_inline __u32 guard_list_of(void *lists, __u32 base)
{
	const struct shunt_guard_head *head = (const void *)guard_line(lists, 0);

	if (!head || base >= head->bases)
		return 0;
	return guard_word(lists, head->services + SHUNT_GUARD_LIST_WORD(base)) >>
		       SHUNT_GUARD_LIST_SHIFT(base) &
	       0xffff;
}

/* The bucket of @key; 0: nothing, which is also a verdict. */
static __always_inline __u64 guard_bucket(void *lists, const struct shunt_guard_list *list,
					  __u64 key)
{
	__u64 bucket = key - list->first;

	if (!list->buckets || key < list->first)
		return 0;
	bucket >>= list->shift & 63;
	if (bucket > list->last)
		bucket = list->last;
	return guard_word(lists, list->buckets + bucket);
}

/* All ones if @start is not behind @key, else 0. Numbers of 32 bits. */
static __always_inline __u32 guard_reaches4(__u64 start, __u64 key)
{
	return (__s64)(start - key - 1) >> 63;
}

/*
 * Halved without branches: nobody could predict them. What is left after a step is the
 * larger half, whichever it was, which is at most one boundary too many.
 */
static __always_inline __u32 guard_find4(void *lists, __u32 number, __u32 key)
{
	const struct shunt_guard_list *list = guard_list(lists, number, false);
	const __u64 bucket = list ? guard_bucket(lists, list, key) : 0;
	__u32 at = bucket, n = bucket >> 32;

	if (!n)
		return at;
#pragma nounroll
	for (int i = 0; i < SHUNT_GUARD_STEPS && n > 1; i++) {
		const __u32 half = n / 2;

		at += half & guard_reaches4(guard_word(lists, at + half) >> 32, key);
		n -= half;
	}
	return guard_word(lists, at);
}

static __always_inline bool guard_reaches6(const struct shunt_guard_bound6 *start, __u64 high,
					   __u64 low)
{
	return start->high < high || (start->high == high && start->low <= low);
}

static __always_inline __u32 guard_find6(void *lists, __u32 number, __u64 high, __u64 low)
{
	const struct shunt_guard_list *list = guard_list(lists, number, true);
	const __u64 bucket = list ? guard_bucket(lists, list, high) : 0;
	__u32 at = bucket, n = bucket >> 32;
	const struct shunt_guard_bound6 *bound;

	if (!n)
		return at;
#pragma nounroll
	for (int i = 0; i < SHUNT_GUARD_STEPS && n > 1; i++) {
		const __u32 half = n / 2;

		bound = (const void *)guard_line(lists, at + half);
		if (bound && guard_reaches6(bound, high, low))
			at += half;
		n -= half;
	}
	bound = (const void *)guard_line(lists, at);
	return bound ? bound->verdict : 0;
}

/* What follows from the verdicts of both lists: who is allowed by one is. */
static __always_inline int guard_join(__u32 all, __u32 own)
{
	if (own & SHUNT_GUARD_ALLOW && !(all & SHUNT_GUARD_ALLOW))
		return guard_hit(own, SHUNT_DENIED);
	return guard_hit(all, SHUNT_DENIED) ?: guard_hit(own, SHUNT_DENIED);
}

/*
 * Global, so that the verifier looks at each once. Both lists are of one moment, because the
 * array is looked up once. Return: enum shunt_reason, or GUARD_ALLOWED.
 */
__noinline int guard_prefix4(__u32 src, __u32 base)
{
	const __u32 zero = 0;
	void *lists = bpf_map_lookup_elem(&shunt_guard_lists, &zero);
	__u32 all, own = 0, list;

	if (!lists)
		return SHUNT_CONTINUE;
	all = guard_find4(lists, 0, src);
	list = base == GUARD_NO_SERVICE ? 0 : guard_list_of(lists, base);
	if (list)
		own = guard_find4(lists, list, src);
	return guard_join(all, own);
}

__noinline int guard_prefix6(__u64 high, __u64 low, __u32 base)
{
	const __u32 zero = 0;
	void *lists = bpf_map_lookup_elem(&shunt_guard_lists, &zero);
	__u32 all, own = 0, list;

	if (!lists)
		return SHUNT_CONTINUE;
	all = guard_find6(lists, 0, high, low);
	list = base == GUARD_NO_SERVICE ? 0 : guard_list_of(lists, base);
	if (list)
		own = guard_find6(lists, list, high, low);
	return guard_join(all, own);
}

/* @base: of the service, or GUARD_NO_SERVICE. */
static __always_inline enum shunt_reason guard_prefix_of(const struct shunt_addr *src, __u32 base,
							 const bool v6)
{
	const __u64 key = v6 ? bpf_be64_to_cpu(src->d[0]) : bpf_ntohl(src->w[3]);

	if (!(shunt_rodata.guard & SHUNT_GUARD_PREFIXES))
		return SHUNT_CONTINUE;
	if (guard_sieve_passes(key, SHUNT_GUARD_SIEVE(v6, base != GUARD_NO_SERVICE)))
		return SHUNT_CONTINUE;
	if (v6)
		return guard_prefix6(key, bpf_be64_to_cpu(src->d[1]), base);
	return guard_prefix4(key, base);
}

static __always_inline enum shunt_reason guard_prefix(const struct pkt *pkt, const bool v6)
{
	const bool own = pkt->service_flags & SHUNT_SERVICE_GUARDED;

	return guard_prefix_of(&pkt->src, own ? pkt->service.base : GUARD_NO_SERVICE, v6);
}

#endif /* BPF_GUARD_PREFIX_H */
