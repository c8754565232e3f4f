/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Is an address in no prefix at all? One word says so of nearly all clients; what it is stands
 * in shunt/guard.h.
 *
 * It is one value of an array, so that there is no call to reach it. Sieve and lists are
 * replaced one after the other, and yet no packet sees some of the former prefixes and some
 * of the next: either the sieve alone decides, or the lists alone do.
 *
 * The hash has no key. Who finds an address whose bits are set by accident makes his
 * packets cost what the lists cost, no more.
 */
#ifndef BPF_GUARD_SIEVE_H
#define BPF_GUARD_SIEVE_H

#include <bpf/bpf_helpers.h>
#include <stdbool.h>

#include "maps.h"
#include "shunt/guard.h"

/* @key: of shunt/guard.h; @which: SHUNT_GUARD_SIEVE(). False: ask the lists. */
static __always_inline bool guard_sieve_passes(__u64 key, __u32 which)
{
	const __u32 zero = 0;
	const struct shunt_guard_sieve *sieve = bpf_map_lookup_elem(&shunt_guard_sieve, &zero);
	__u64 live, hash, mask;
	__u32 at;

	if (!sieve)
		return false;
	live = *(const volatile __u64 *)&sieve->live[which % SHUNT_GUARD_SIEVES];
	if (!live)
		return false;
	hash = SHUNT_GUARD_SIEVE_HASH(live, key);
	mask = SHUNT_GUARD_SIEVE_MASK(hash);
	at = SHUNT_GUARD_SIEVED_FIRST(live) + SHUNT_GUARD_SIEVE_WORD(live, hash);
	return mask & ~sieve->word[at % SHUNT_GUARD_ALL_SIEVE_WORDS];
}

#endif /* BPF_GUARD_SIEVE_H */
