/* SPDX-License-Identifier: BSD-2-Clause */
#include "forge.h"

#include "shunt/hash.h"

/* The factor of shunt_hash_word(). */
#define FACTOR 0x9e3779b97f4a7c15ULL

/* 1 / @odd modulo 2^64: each step of Newton's doubles the bits that are right. */
static __u64 invert(__u64 odd)
{
	__u64 x = odd; /* right in three bits */

	for (int i = 0; i < 5; i++)
		x *= 2 - odd * x;
	return x;
}

/* h ^ word, from shunt_hash_word(h, word). */
static __u64 take_back(__u64 hashed)
{
	return (hashed ^ hashed >> 32) * invert(FACTOR);
}

struct shunt_addr forge_source(const __u64 key[2], __u64 hash, const struct shunt_addr *dst,
			       __be32 ports, __u8 proto)
{
	struct shunt_addr src = { .b = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x0f, 0, 0x0f } };
	__u64 h = hash;

	h = take_back(h) ^ key[1];
	h = take_back(h) ^ ((__u64)proto << 32 | ports);
	h = take_back(h) ^ dst->d[1];
	h = take_back(h) ^ dst->d[0];
	src.d[1] = take_back(h) ^ shunt_hash_word(key[0], src.d[0]);
	return src;
}
