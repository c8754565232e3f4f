/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Take and give back bits of shunt_conn_bits and shunt_port_bits: records and ports
 * that are in use. Whoever sets a bit that was not set has it.
 *
 * The search begins anywhere. So CPUs seldom meet in one word; a port that was given
 * back is not the next one that is handed out, before its server has forgotten what it
 * was used for; and nobody can say which port comes next (RFC 6056). Considered: a cursor
 * that turns, which all CPUs would write, and which tells the next port.
 */
#ifndef BPF_BITS_H
#define BPF_BITS_H

#include <stdbool.h>

#include "maps.h"

/*
 * Words that are looked at: all of 16384 bits. Of a larger set that is full but for one
 * bit in a thousand it still finds one, but for one time in ten million.
 */
#define BITS_WORDS_TRIED 256
/*
 * And where many searches have just been in vain: who floods us would else make each of
 * his packets cost microseconds. Of a set of which one bit in a hundred is free this still
 * finds one, but for one time in thirty thousand.
 */
#define BITS_WORDS_TRIED_AGAIN 16

#define BITS_PER_WORD 64
#define BITS_WORDS_PER_LINE (SHUNT_BITS_PER_LINE / BITS_PER_WORD)

/* No bit: as struct shunt_conn.port_bit says it. */
#define BITS_NONE SHUNT_NO_PORT_BIT

enum bits_map {
	BITS_CONNS,
	BITS_PORTS,
};

static __always_inline __u64 *bits_word(enum bits_map map, __u32 line, __u32 word)
{
	struct shunt_bit_line *bits;

	line += word / BITS_WORDS_PER_LINE;
	bits = map == BITS_PORTS ? bpf_map_lookup_elem(&shunt_port_bits, &line)
				 : bpf_map_lookup_elem(&shunt_conn_bits, &line);
	return bits ? &bits->word[word % BITS_WORDS_PER_LINE] : NULL;
}

/* Where the lowest bit is set: how many are below. There is no instruction for it. */
static __always_inline __u32 bits_lowest(__u64 word)
{
	__u64 n = (word & -word) - 1;

	n -= n >> 1 & 0x5555555555555555ULL;
	n = (n & 0x3333333333333333ULL) + (n >> 2 & 0x3333333333333333ULL);
	n = (n + (n >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return n * 0x0101010101010101ULL >> 56;
}

/*
 * One of the bits @free of @word, the next from @turn on. BITS_NONE if another CPU
 * took it meanwhile; then there are other words.
 */
static __always_inline __u32 bits_take_of(__u64 *word, __u64 free, __u32 turn)
{
	const __u64 turned = free >> turn | free << (-turn & (BITS_PER_WORD - 1));
	const __u32 bit = (bits_lowest(turned) + turn) & (BITS_PER_WORD - 1);
	const __u64 mask = 1ULL << bit;

	return __sync_fetch_and_or(word, mask) & mask ? BITS_NONE : bit;
}

/*
 * One of word @at of @n bits, which begin anew behind the last; BITS_NONE if there is none.
 * Global, and compares in here: the verifier would remember the outcomes, and look at
 * each word in all the ways that those before it had ended.
 */
__noinline __u32 bits_try(__u32 map, __u32 line, __u32 at, __u32 n, __u32 turn)
{
	const __u32 last = (n - 1) / BITS_PER_WORD;
	__u64 *word, free;
	__u32 bit;

	if (at > last)
		at -= last + 1;
	word = bits_word(map, line, at);
	if (!word)
		return BITS_NONE;
	free = ~*(volatile __u64 *)word;
	if (at == last)
		free &= ~0ULL >> (-n & (BITS_PER_WORD - 1));
	if (!free)
		return BITS_NONE;
	bit = bits_take_of(word, free, turn & (BITS_PER_WORD - 1));
	return bit == BITS_NONE ? BITS_NONE : at * BITS_PER_WORD + bit;
}

/*
 * Take one of @n bits from the one on that @line begins with, of which @tried words are
 * looked at. Return: its number from there, or BITS_NONE.
 */
__noinline __u32 bits_take(__u32 map, __u32 line, __u32 n, __u32 tried)
{
	const __u32 words = (n + BITS_PER_WORD - 1) / BITS_PER_WORD;
	const __u64 start = (__u64)bpf_get_prandom_u32() * words;

#pragma nounroll
	for (__u32 i = 0; i < BITS_WORDS_TRIED && i < tried && i < words; i++) {
		const __u32 bit =
			bits_try(map, line, (start >> 32) + i, n, (__u32)start >> (32 - 6));

		if (bit != BITS_NONE)
			return bit;
	}
	return BITS_NONE;
}

/* Bit @bit from the one on that the map begins with. */
static __always_inline void bits_give(enum bits_map map, __u32 bit)
{
	__u64 *word = bits_word(map, 0, bit / BITS_PER_WORD);

	if (word)
		__sync_fetch_and_and(word, ~(1ULL << bit % BITS_PER_WORD));
}

#endif /* BPF_BITS_H */
