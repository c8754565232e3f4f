/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fixed hash behind slot tables. It has no key and never changes: every
 * balancer of a fleet, of whatever build, must compute the same tables. The
 * golden checksums in tests/unit/plan/test_golden.c stand guard.
 */
#ifndef PLAN_TABLE_HASH_H
#define PLAN_TABLE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* What a hash is for, so that no two uses draw the same numbers. */
enum table_purpose {
	TABLE_SHUFFLE = 1,
	TABLE_SCAN,
	TABLE_KEEP,
	TABLE_SLOT,
	TABLE_POSITION,
	TABLE_OFFSET,
	TABLE_SKIP,
	TABLE_CREDIT,
};

/* Every bit of @x to every bit: the finalizer of splitmix64 (Steele et al., OOPSLA'14). */
static inline uint64_t table_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static inline uint64_t table_hash(enum table_purpose purpose, uint64_t a)
{
	return table_mix(table_mix(purpose * 0x9e3779b97f4a7c15ULL) ^ a);
}

/* Of two hashes, a third that is worth comparing: half the price of table_mix(). */
static inline uint64_t table_pair(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ b) * 0xbf58476d1ce4e5b9ULL;

	return (x ^ x >> 32) * 0x94d049bb133111ebULL;
}

/* A number in [0, @n), from the high bits of @hash: a multiplication, no division. */
static inline uint32_t table_below(uint64_t hash, uint32_t n)
{
	return (hash >> 32) * n >> 32;
}

/* FNV-1a over @len bytes; start with @hash 0 or continue. */
static inline uint64_t table_hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	hash ^= 0xcbf29ce484222325ULL;
	while (len--)
		hash = (hash ^ *p++) * 0x100000001b3ULL;
	return hash;
}

#endif /* PLAN_TABLE_HASH_H */
