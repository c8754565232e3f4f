/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of prefixes at random, and what they say of an address, written a second time with
 * no care for speed: of all prefixes that have it the longest that is allowed, or else the
 * longest that is denied; of equal ones the first.
 */
#ifndef TESTS_LIB_GUARD_REF_H
#define TESTS_LIB_GUARD_REF_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "plan/firewall.h"

static inline bool guard_ref_is_v4(const struct shunt_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a->b, mapped, sizeof(mapped));
}

static inline bool guard_ref_bit(const struct shunt_addr *a, unsigned int bit)
{
	return a->b[bit / 8] >> (7 - bit % 8) & 1;
}

static inline void guard_ref_put_bit(struct shunt_addr *a, unsigned int bit, bool value)
{
	a->b[bit / 8] &= ~(1 << (7 - bit % 8));
	a->b[bit / 8] |= value << (7 - bit % 8);
}

/* Bits before those that prefixes count. */
static inline unsigned int guard_ref_first_bit(const struct shunt_addr *a)
{
	return guard_ref_is_v4(a) ? 96 : 0;
}

static inline bool guard_ref_has(const struct firewall_prefix *p, const struct shunt_addr *a)
{
	if (guard_ref_is_v4(&p->addr) != guard_ref_is_v4(a))
		return false;
	for (unsigned int i = 0; i < guard_ref_first_bit(a) + p->bits; i++)
		if (guard_ref_bit(&p->addr, i) != guard_ref_bit(a, i))
			return false;
	return true;
}

static inline uint32_t guard_ref(const struct firewall_list *list, const struct shunt_addr *a)
{
	const struct firewall_prefix *best = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct firewall_prefix *p = &list->prefixes[i];
		const bool allows = p->verdict & SHUNT_GUARD_ALLOW;
		const bool best_allows = best && best->verdict & SHUNT_GUARD_ALLOW;

		if (!guard_ref_has(p, a))
			continue;
		if (!best || allows > best_allows ||
		    (allows == best_allows && p->bits > best->bits))
			best = p;
	}
	return best ? best->verdict : 0;
}

/* splitmix64 */
static inline uint64_t guard_ref_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline struct shunt_addr guard_ref_addr(bool v4, uint64_t *state)
{
	const uint64_t words[2] = { guard_ref_random(state), guard_ref_random(state) };
	struct shunt_addr a;

	memcpy(a.b, words, sizeof(words));
	if (v4) {
		memset(a.b, 0, 12);
		a.b[10] = a.b[11] = 0xff;
	}
	return a;
}

/* The first (@bit 0) or last (1) address of a prefix. */
static inline struct shunt_addr guard_ref_end(const struct firewall_prefix *p, bool bit)
{
	struct shunt_addr a = p->addr;

	for (unsigned int i = guard_ref_first_bit(&a) + p->bits; i < 128; i++)
		guard_ref_put_bit(&a, i, bit);
	return a;
}

/* The address behind @a (@up), or before it; of the family the last one is followed by the first. */
static inline struct shunt_addr guard_ref_next(struct shunt_addr a, bool up)
{
	for (unsigned int i = 128; i-- > guard_ref_first_bit(&a);) {
		const bool was = guard_ref_bit(&a, i);

		guard_ref_put_bit(&a, i, !was);
		if (was != up)
			break;
	}
	return a;
}

/* How prefixes are spread; what is odd is likely. */
static inline unsigned int guard_ref_bits(unsigned int most, uint64_t r)
{
	switch (r % 8) {
	case 0:
		return most;
	case 1:
		return r >> 8 & 1 ? 0 : most - 1;
	case 2:
		return most / 2;
	default:
		return (r >> 8) % (most + 1);
	}
}

/* The same prefix, or a part of it that is no longer all of the addresses, or half of them. */
static inline struct firewall_prefix guard_ref_narrow(struct firewall_prefix p)
{
	if (p.bits < 6)
		p.bits += 6;
	p.addr = guard_ref_end(&p, 0);
	return p;
}

/*
 * One at random, near one of the @n there are in half of all cases: within it, beside it, the
 * same once more.
 */
static inline struct firewall_prefix guard_ref_prefix(const struct firewall_prefix *have, size_t n,
						      uint32_t rule, uint64_t *state)
{
	const uint64_t r = guard_ref_random(state);
	struct firewall_prefix p = { .addr = guard_ref_addr(r & 1, state) };

	if (n && r & 2) {
		p.addr = have[(r >> 32) % n].addr;
		if (r & 4)
			p.addr = guard_ref_next(guard_ref_end(&have[(r >> 32) % n], r >> 5 & 1),
						r >> 4 & 1);
	}
	p.bits = guard_ref_bits(guard_ref_is_v4(&p.addr) ? 32 : 128, guard_ref_random(state));
	if (n && (r & 0xf00) == 0x200)
		p = have[(r >> 32) % n];
	p.addr = guard_ref_end(&p, 0);
	p.verdict = rule | (r & 0x3000 ? SHUNT_GUARD_DENY : SHUNT_GUARD_ALLOW);
	return p;
}

#endif /* TESTS_LIB_GUARD_REF_H */
