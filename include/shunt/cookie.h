/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * SYN cookies: the sequence number of a SYN-ACK that says by itself, when it comes back in
 * the client's ACK, that we have sent it, lately, to that client, in answer to that SYN
 * (D. J. Bernstein, 1996). So nothing is kept of a SYN.
 *
 *    31  30 29   27 26                                  0
 *   +------+-------+-------------------------------------+
 *   | time |  mss  |  SipHash-2-4 of all that is below   |
 *   +------+-------+-------------------------------------+
 *
 * time: the two low bits of the number of the period, of SHUNT_COOKIE_PERIOD_S. One of
 * this period is good, and of the one before; and of the next, for the clock of the
 * balancer that made it may be ahead. mss: place in the list of shunt_cookie_mss(). Hashed
 * are the flow, the client's own sequence number, the period and the MSS, by a key of 128
 * bits. Who sees none of our answers guesses one in 2^27.
 *
 * Considered: the kernel's helpers (bpf_tcp_raw_gen_syncookie_ipv4 and the like, since
 * Linux 6.0), whose secret is the host's own: of balancers behind one router each would
 * refuse what the others have made. This key is that of the flow hash, which a fleet
 * shares; SipHash (J.-P. Aumasson, D. J. Bernstein, 2012) is made for short inputs that
 * strangers choose, and tells nothing of its key.
 */
#ifndef SHUNT_COOKIE_H
#define SHUNT_COOKIE_H

#include "shunt/abi.h"

#define SHUNT_COOKIE_PERIOD_S 32

#define SHUNT_COOKIE_MSS_SHIFT 27
#define SHUNT_COOKIE_MSS_COUNT 8
#define SHUNT_COOKIE_TIME_SHIFT 30
#define SHUNT_COOKIE_HASH_MASK ((1U << SHUNT_COOKIE_MSS_SHIFT) - 1)

/* --- SipHash-2-4, 64 bits -------------------------------------------------------- */

struct shunt_sip {
	__u64 v[4];
};

static inline __attribute__((always_inline)) __u64 shunt_sip_turn(__u64 x, int by)
{
	return x << by | x >> (64 - by);
}

static inline __attribute__((always_inline)) void shunt_sip_round(struct shunt_sip *s)
{
	s->v[0] += s->v[1];
	s->v[2] += s->v[3];
	s->v[1] = shunt_sip_turn(s->v[1], 13) ^ s->v[0];
	s->v[3] = shunt_sip_turn(s->v[3], 16) ^ s->v[2];
	s->v[0] = shunt_sip_turn(s->v[0], 32);
	s->v[2] += s->v[1];
	s->v[0] += s->v[3];
	s->v[1] = shunt_sip_turn(s->v[1], 17) ^ s->v[2];
	s->v[3] = shunt_sip_turn(s->v[3], 21) ^ s->v[0];
	s->v[2] = shunt_sip_turn(s->v[2], 32);
}

static inline __attribute__((always_inline)) struct shunt_sip
shunt_sip_begin(const volatile __u64 *key)
{
	const __u64 k0 = key[0], k1 = key[1];

	return (struct shunt_sip){ { 0x736f6d6570736575ULL ^ k0, 0x646f72616e646f6dULL ^ k1,
				     0x6c7967656e657261ULL ^ k0, 0x7465646279746573ULL ^ k1 } };
}

static inline __attribute__((always_inline)) void shunt_sip_add(struct shunt_sip *s, __u64 word)
{
	s->v[3] ^= word;
	shunt_sip_round(s);
	shunt_sip_round(s);
	s->v[0] ^= word;
}

/* @last: the bytes behind the last whole word, and in the highest one how many there were. */
static inline __attribute__((always_inline)) __u64 shunt_sip_end(struct shunt_sip *s, __u64 last)
{
	shunt_sip_add(s, last);
	s->v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		shunt_sip_round(s);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

/* --- segment sizes ---------------------------------------------------------------- */

/* The list, from the smallest on. The last one is for links of 9000 bytes. */
static inline __attribute__((always_inline)) __u32 shunt_cookie_mss(__u32 index)
{
	const __u64 low = 536 | 1200ULL << 16 | 1300ULL << 32 | 1360ULL << 48;
	const __u64 high = 1400 | 1440ULL << 16 | 1460ULL << 32 | 8940ULL << 48;

	return (index & 4 ? high : low) >> 16 * (index & 3) & 0xffff;
}

/* The largest that is not above @mss; the smallest, if all are. */
static inline __attribute__((always_inline)) __u32 shunt_cookie_mss_index(__u32 mss)
{
	__u32 index = 0;

	for (__u32 i = 1; i < SHUNT_COOKIE_MSS_COUNT; i++)
		index += shunt_cookie_mss(i) <= mss;
	return index;
}

/* --- cookies ---------------------------------------------------------------------- */

/**
 * struct shunt_syn - a SYN that is answered, or was
 * @tuple: of the client's packets
 * @isn: its sequence number, host order
 * @mss: index of its MSS
 * @v6: its family; with 0 only the last words of the addresses count
 */
struct shunt_syn {
	struct shunt_tuple tuple;
	__u32 isn;
	__u32 mss;
	__u32 v6;
};

/**
 * shunt_cookie_make() - the sequence number of its answer
 * @key: struct shunt_rodata.hash_key
 * @period: seconds / SHUNT_COOKIE_PERIOD_S
 */
static inline __attribute__((always_inline)) __u32
shunt_cookie_make(const volatile __u64 *key, const struct shunt_syn *syn, __u32 period)
{
	const struct shunt_tuple *t = &syn->tuple;
	struct shunt_sip s = shunt_sip_begin(key);
	__u64 bytes = 24;

	if (syn->v6) {
		shunt_sip_add(&s, t->src.d[0]);
		shunt_sip_add(&s, t->src.d[1]);
		shunt_sip_add(&s, t->dst.d[0]);
		shunt_sip_add(&s, t->dst.d[1]);
		bytes = 48;
	} else {
		shunt_sip_add(&s, (__u64)t->src.w[3] << 32 | t->dst.w[3]);
	}
	shunt_sip_add(&s, (__u64)syn->isn << 32 | t->ports);
	shunt_sip_add(&s, (__u64)syn->mss << 32 | period);
	return period << SHUNT_COOKIE_TIME_SHIFT | syn->mss << SHUNT_COOKIE_MSS_SHIFT |
	       ((__u32)shunt_sip_end(&s, bytes << 56) & SHUNT_COOKIE_HASH_MASK);
}

/**
 * shunt_cookie_check() - is @cookie one that was made for @syn, but for its MSS?
 * @syn: its MSS is set to what the cookie says
 * @period: now
 */
static inline __attribute__((always_inline)) int
shunt_cookie_check(const volatile __u64 *key, struct shunt_syn *syn, __u32 cookie, __u32 period)
{
	const __u32 age = (period + 1 - (cookie >> SHUNT_COOKIE_TIME_SHIFT)) & 3;

	if (age > 2)
		return 0;
	syn->mss = cookie >> SHUNT_COOKIE_MSS_SHIFT & (SHUNT_COOKIE_MSS_COUNT - 1);
	return shunt_cookie_make(key, syn, period + 1 - age) == cookie;
}

#endif /* SHUNT_COOKIE_H */
