/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The firewall at the border: who may send to services. Under the rules of shunt/abi.h.
 *
 * Every rule has an id, by which its hits are counted; ids belong to user space. What is
 * found of a packet is a verdict: the rule that decides, and what it says.
 *
 * Prefixes. Each list, that of all services and those of services, is kept as sorted
 * boundaries: from one on, up to the next, addresses have one verdict. User space has worked
 * out which prefix of several counts, so the program only has to find the last boundary that
 * is not behind an address: it computes a bucket and halves what is in that.
 *
 * All lists of one moment are one array of lines, which nobody writes to any more once
 * shunt_guard_lists names it: packets see all of the former lists, or all of the next.
 *
 *	line 0				struct shunt_guard_head
 *	line 1 + 2 * LIST + FAMILY	struct shunt_guard_list; list 0 is that of all services
 *	then, as words of 64 bits	the lists of services by their base, 16 bits each;
 *					buckets; boundaries of IPv4
 *	then, as lines			boundaries of IPv6: struct shunt_guard_bound6
 *
 *	a bucket			boundaries << 32 | where the first one is, or with
 *					0 boundaries: the verdict of all of it
 *	a boundary of IPv4		address << 32 | verdict
 *
 * The first boundary of a bucket is not behind its first address. Words are numbered from
 * line 0 on; a boundary of IPv6 has the number of its line. Keys are addresses as numbers: of
 * IPv4 all 32 bits, of IPv6 the high 64, by which the bucket is found.
 */
#ifndef SHUNT_GUARD_H
#define SHUNT_GUARD_H

#include "shunt/abi.h"

/* struct shunt_rodata.guard: which stages there are */
#define SHUNT_GUARD_PREFIXES (1U << 0) /* some list has a prefix */
#define SHUNT_GUARD_LIMITS (1U << 1)
#define SHUNT_GUARD_FLAGS (1U << 2)
#define SHUNT_GUARD_SYN (1U << 3)
#define SHUNT_GUARD_FLAGS_MONITOR (1U << 4) /* with SHUNT_GUARD_FLAGS: it is tried out */

/* Rules there can be; id 0 is nobody's. */
#define SHUNT_GUARD_RULES 4096
/* The last one is about TCP flags. */
#define SHUNT_GUARD_FLAGS_RULE (SHUNT_GUARD_RULES - 1)

/* A verdict; 0: no rule says anything. */
#define SHUNT_GUARD_RULE(verdict) ((verdict)&0xffffU)
#define SHUNT_GUARD_ALLOW (1U << 16)
#define SHUNT_GUARD_DENY (1U << 17)
/* It is counted, and nothing else: a rule that is being tried out. */
#define SHUNT_GUARD_MONITOR (1U << 18)

#define SHUNT_GUARD_WORDS_PER_LINE 4

/* The array is made of these; what one holds depends on where it is. */
struct shunt_guard_line {
	__u64 word[SHUNT_GUARD_WORDS_PER_LINE];
};

/**
 * struct shunt_guard_head
 * @lists: there are
 * @services: word that the lists of services begin with: four in a word, the lowest bits first
 * @bases: how many of them there are; services with greater bases have none of their own
 */
struct shunt_guard_head {
	__u32 lists;
	__u32 services;
	__u32 bases;
	__u32 pad[5];
};

/**
 * struct shunt_guard_list - a list for one family
 * @first: the first boundary's key; what is before it has no verdict
 * @buckets: word of its first bucket; 0: the list is empty
 * @last: number of its last bucket, which takes all the rest
 * @shift: (key - @first) >> @shift is the number of a bucket
 */
struct shunt_guard_list {
	__u64 first;
	__u32 buckets;
	__u32 last;
	__u32 shift;
	__u32 pad[3];
};

/* A boundary of IPv6, in host order. */
struct shunt_guard_bound6 {
	__u64 high;
	__u64 low;
	__u32 verdict;
	__u32 pad[3];
};

/* Boundaries of one bucket are fewer than 2 to this. */
#define SHUNT_GUARD_STEPS 22

/*
 * Sieves. Most addresses are in no prefix at all, and one word is to say so. A sieve is of one
 * family, and of the list of all services, or of all lists there are, for services that have
 * one of their own. Addresses are cut into cells, which have the first bits of their keys in
 * common. A hash gives each cell three bits of one word (Bloom 1970, blocked as by Putze,
 * Sanders, Singler 2007), which are 1 if a prefix meets the cell. So an address of whose bits
 * one is 0 is in no prefix; of one whose bits are all 1 the lists know.
 */
#define SHUNT_GUARD_SIEVES 4
#define SHUNT_GUARD_SIEVE(v6, own) ((v6) + 2U * (own))

/* Words of a sieve are 2 to at most this. */
#define SHUNT_GUARD_SIEVE_LOG2 14
#define SHUNT_GUARD_SIEVE_WORDS (1U << SHUNT_GUARD_SIEVE_LOG2)
/* Each sieve twice: one that packets look at, and one to make the next one in. */
#define SHUNT_GUARD_ALL_SIEVE_WORDS (2 * SHUNT_GUARD_SIEVES * SHUNT_GUARD_SIEVE_WORDS)

/*
 * Where a sieve is, in one word, so that it changes whole; 0: there is none, and the lists are
 * asked of everybody.
 *
 *	 63 62      48 47        40 39       32 31                0
 *	+--+----------+------------+-----------+-------------------+
 *	| 1|          | 64 - log2  | shift: of | the first one of  |
 *	|  |          | of words   | key: cell | its words         |
 *	+--+----------+------------+-----------+-------------------+
 */
#define SHUNT_GUARD_SIEVED(first, shift, log2_words)                                               \
	(1ULL << 63 | (64ULL - (log2_words)) << 40 | (__u64)(shift) << 32 | (first))
#define SHUNT_GUARD_SIEVED_FIRST(sieved) ((__u32)(sieved))
#define SHUNT_GUARD_SIEVED_SHIFT(sieved) ((sieved) >> 32 & 63)

/* 2^64 divided by the golden ratio: neighbours are far from each other (Knuth, 6.4). */
#define SHUNT_GUARD_SIEVE_MIX 0x9e3779b97f4a7c15ULL

/* The hash of a key, of which the highest bits are the best. */
#define SHUNT_GUARD_SIEVE_HASH(sieved, key)                                                        \
	(((key) >> SHUNT_GUARD_SIEVED_SHIFT(sieved)) * SHUNT_GUARD_SIEVE_MIX)
/* Its word, behind the first one; and its bits in that. */
#define SHUNT_GUARD_SIEVE_WORD(sieved, hash) ((__u32)((hash) >> ((sieved) >> 40 & 63)))
#define SHUNT_GUARD_SIEVE_MASK(hash)                                                               \
	(1ULL << ((hash) >> 44 & 63) | 1ULL << ((hash) >> 38 & 63) | 1ULL << ((hash) >> 32 & 63))

/**
 * struct shunt_guard_sieve - all of them
 * @live: by SHUNT_GUARD_SIEVE(): SHUNT_GUARD_SIEVED()
 */
struct shunt_guard_sieve {
	__u64 live[SHUNT_GUARD_SIEVES];
	__u64 pad[4];
	__u64 word[SHUNT_GUARD_ALL_SIEVE_WORDS];
};

/* Where a service with the base @base has its list. */
#define SHUNT_GUARD_LIST_WORD(base) ((base) / 4)
#define SHUNT_GUARD_LIST_SHIFT(base) ((base) % 4 * 16)

_Static_assert(sizeof(struct shunt_guard_line) == 32, "ABI");
_Static_assert(sizeof(struct shunt_guard_head) == sizeof(struct shunt_guard_line), "ABI");
_Static_assert(sizeof(struct shunt_guard_list) == sizeof(struct shunt_guard_line), "ABI");
_Static_assert(sizeof(struct shunt_guard_bound6) == sizeof(struct shunt_guard_line), "ABI");
_Static_assert(sizeof(struct shunt_guard_sieve) == (1 << 20) + 64, "ABI");

#endif /* SHUNT_GUARD_H */
