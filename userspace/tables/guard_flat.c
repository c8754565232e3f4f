/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables/guard_flat.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"

#define KEY_BITS 128
/* Of an address of IPv4 in a key. */
#define V4_OFFSET 32

/**
 * struct span - a prefix
 * @last: the last key in it
 * @bits: of the key
 * @order: in its list
 */
struct span {
	struct guard_key first, last;
	uint32_t bits;
	uint32_t verdict;
	uint32_t order;
};

/**
 * struct open_span - one that the sweep is in
 * @allow, @deny: of those around it and itself, the longest of each kind
 */
struct open_span {
	struct guard_key last;
	uint32_t bits;
	uint32_t allow;
	uint32_t deny;
};

/**
 * struct sweep - from the lowest address to the highest
 * @open: of @depth spans, each in the one before it
 * @bounds, @n: found so far
 */
struct sweep {
	struct open_span open[KEY_BITS + 1];
	size_t depth;
	struct guard_bound *bounds;
	size_t n;
};

struct guard_key guard_key_of(const struct shunt_addr *addr)
{
	if (addr_is_v4(addr))
		return (struct guard_key){ .high = be32toh(addr->w[3]) };
	return (struct guard_key){ be64toh(addr->d[0]), be64toh(addr->d[1]) };
}

int guard_key_compare(const struct guard_key *a, const struct guard_key *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

/* Ones behind the first @bits of 64. */
static uint64_t ones_behind(uint32_t bits)
{
	return bits < 64 ? UINT64_MAX >> bits : 0;
}

static struct span span_of(const struct firewall_prefix *p, uint32_t order)
{
	const uint32_t bits = p->bits + (addr_is_v4(&p->addr) ? V4_OFFSET : 0);
	const struct guard_key first = guard_key_of(&p->addr);

	return (struct span){
		.first = first,
		.last = { first.high | ones_behind(bits),
			  first.low | (bits > 64 ? ones_behind(bits - 64) : UINT64_MAX) },
		.bits = bits,
		.verdict = p->verdict,
		.order = order,
	};
}

/* Who contains others comes before them; of equal ones the first is last: it has its word then. */
static int compare_spans(const void *va, const void *vb)
{
	const struct span *a = va, *b = vb;
	const int by_key = guard_key_compare(&a->first, &b->first);

	if (by_key)
		return by_key;
	if (a->bits != b->bits)
		return a->bits < b->bits ? -1 : 1;
	return a->order > b->order ? -1 : 1;
}

/* The key behind @key; false: that was the last one. */
static bool step(struct guard_key *key)
{
	return ++key->low || ++key->high;
}

/* From @key on that is the verdict. One that was put there before is of no account. */
static void put_bound(struct sweep *s, struct guard_key key, uint32_t verdict)
{
	if (s->n && !guard_key_compare(&s->bounds[s->n - 1].key, &key))
		s->n--;
	if (verdict != (s->n ? s->bounds[s->n - 1].verdict : 0))
		s->bounds[s->n++] = (struct guard_bound){ key, verdict };
}

static uint32_t verdict_now(const struct sweep *s)
{
	const struct open_span *o = s->depth ? &s->open[s->depth - 1] : NULL;

	return o ? o->allow ?: o->deny : 0;
}

/* Leave those that end before @until; all of them if that is NULL. */
static void close_spans(struct sweep *s, const struct guard_key *until)
{
	while (s->depth) {
		struct guard_key behind = s->open[s->depth - 1].last;

		if (until && guard_key_compare(&behind, until) >= 0)
			return;
		s->depth--;
		if (step(&behind))
			put_bound(s, behind, verdict_now(s));
	}
}

static void open_one(struct sweep *s, const struct span *span)
{
	struct open_span o = s->depth ? s->open[s->depth - 1] : (struct open_span){ 0 };

	/* In that one, and as long as it: it is the same one again. */
	if (s->depth && o.bits == span->bits)
		s->depth--;
	o.last = span->last;
	o.bits = span->bits;
	if (span->verdict & SHUNT_GUARD_ALLOW)
		o.allow = span->verdict;
	else
		o.deny = span->verdict;
	s->open[s->depth++] = o;
	put_bound(s, span->first, verdict_now(s));
}

static size_t find_spans(const struct firewall_list *list, bool v6, struct span *out)
{
	size_t n = 0;

	array_for_each (p, list->prefixes, list->n)
		if (addr_is_v4(&p->addr) != v6)
			out[n++] = span_of(p, p - list->prefixes);
	qsort(out, n, sizeof(*out), compare_spans);
	return n;
}

int guard_flatten(const struct firewall_list *list, bool v6, struct guard_bound **out, size_t *n)
{
	_cleanup_free_ struct span *spans = calloc(list->n + 1, sizeof(*spans));
	_cleanup_free_ struct guard_bound *bounds = calloc(2 * list->n + 1, sizeof(*bounds));
	struct sweep s = { .bounds = bounds };
	size_t n_spans;

	if (!spans || !bounds)
		return -ENOMEM;
	n_spans = find_spans(list, v6, spans);
	array_for_each (span, spans, n_spans) {
		close_spans(&s, &span->first);
		open_one(&s, span);
	}
	close_spans(&s, NULL);
	/* Behind the last address of IPv4 is none. */
	if (!v6 && s.n && bounds[s.n - 1].key.high > UINT32_MAX)
		s.n--;
	*out = take_ptr(&bounds);
	*n = s.n;
	return 0;
}
