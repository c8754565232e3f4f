/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "tables/limits.h"

static const uint8_t matches[] = {
	[CONF_LIMIT_TCP_SYN] = SHUNT_LIMIT_SYN,
	[CONF_LIMIT_UDP] = SHUNT_LIMIT_UDP,
	[CONF_LIMIT_PACKETS] = SHUNT_LIMIT_PACKETS,
	[CONF_LIMIT_ICMP] = SHUNT_LIMIT_ICMP,
};

/* The first @bits of 64 are set. */
static uint64_t leading(uint32_t bits)
{
	return bits < 64 ? ~(~0ULL >> bits) : ~0ULL;
}

struct shunt_limit limits_make(const struct limits_rule *rule)
{
	const struct conf_limit *c = rule->conf;
	const uint64_t period = SHUNT_LIMIT_UNITS_PER_S * c->rate.per_s;
	struct shunt_limit l = {
		.cost = (period + c->rate.count / 2) / c->rate.count,
		.mask6 = { htobe64(leading(c->prefix6)),
			   htobe64(c->prefix6 > 64 ? leading(c->prefix6 - 64) : 0) },
		.mask4 = htonl(leading(c->prefix4) >> 32),
		.verdict = rule->verdict,
		.match = matches[c->match],
		.flags = c->by == CONF_LIMIT_BY_SERVICE ? SHUNT_LIMIT_BY_SERVICE : 0,
	};

	l.depth = l.cost * c->burst;
	l.ahead = l.depth + SHUNT_LIMIT_LATEST;
	return l;
}

/* --- what may be shared -------------------------------------------------------------- */

static bool has_buckets(const struct limits_list *list)
{
	array_for_each (r, list->rules, list->n)
		if (r->conf->by == CONF_LIMIT_BY_SERVICE)
			return true;
	return false;
}

static bool rules_are_same(const struct limits_list *a, const struct limits_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->rules[i].conf != b->rules[i].conf ||
		    a->rules[i].verdict != b->rules[i].verdict)
			return false;
	return true;
}

/*
 * Many services have the rules of all services and no others, so the first list without
 * buckets is the only one that others are compared with.
 */
static const struct limits_list *find_common(const struct limits_list *lists, size_t n)
{
	array_for_each (l, lists, n)
		if (l->n && !has_buckets(l))
			return l;
	return NULL;
}

static bool is_shared(const struct limits_list *list, const struct limits_list *common)
{
	return list->same || (common && list != common && rules_are_same(list, common));
}

size_t limits_count(const struct limits_list *lists, size_t n)
{
	const struct limits_list *common = find_common(lists, n);
	size_t count = 0;

	array_for_each (l, lists, n)
		count += is_shared(l, common) ? 0 : l->n;
	return count;
}

/* --- the maps ------------------------------------------------------------------------- */

static struct shunt_limits_of of_load(const struct shunt_limits_of *at)
{
	struct shunt_limits_of of;
	uint64_t word = __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);

	memcpy(&of, &word, sizeof(of));
	return of;
}

/* Whoever sees it sees the limits that it names. */
static void of_store(struct shunt_limits_of *at, struct shunt_limits_of of)
{
	uint64_t word;

	memcpy(&word, &of, sizeof(word));
	__atomic_store_n((uint64_t *)at, word, __ATOMIC_RELEASE);
}

void limits_adopt(struct limits *l)
{
	l->second = false;
	for (uint32_t i = 0; i < l->n_of; i++) {
		const struct shunt_limits_of of = of_load(&l->of[i]);

		l->second |= of.n && of.first >= l->half;
	}
}

/* What a service is sent to: the limits of @list, from @first on. */
static struct shunt_limits_of of_make(uint32_t first, const struct limits_list *list)
{
	struct shunt_limits_of of = { .first = first, .n = list->n };

	array_for_each (rule, list->rules, list->n)
		of.match |= matches[rule->conf->match];
	return of;
}

/* What a service had by the rule, or NULL. */
static const struct shunt_limit *find_former(const struct limits *l, uint32_t of, uint32_t rule)
{
	const struct shunt_limits_of former = of_load(&l->of[of]);

	for (uint32_t i = 0; i < former.n && former.first + i < 2 * l->half; i++) {
		const struct shunt_limit *limit = &l->limits[former.first + i];

		if (SHUNT_GUARD_RULE(limit->verdict) == rule)
			return limit;
	}
	return NULL;
}

/* What the service of @list had by it, at any of its places before @end. */
static const struct shunt_limit *find_own(const struct limits *l, const struct limits_list *list,
					  const struct limits_list *end, uint32_t rule)
{
	const struct shunt_limit *found = find_former(l, list->of, rule);

	while (!found && ++list < end && list->same)
		found = find_former(l, list->of, rule);
	return found;
}

static uint64_t ahead_of(const struct shunt_limit *former, uint64_t ahead)
{
	return former && former->ahead > ahead ? former->ahead : ahead;
}

/*
 * Buckets may be as full as the former rule let them be. One for all services is also in the
 * list of what is of no service, for a service that is new.
 */
static void put_list(struct limits *l, uint32_t first, const struct limits_list *list,
		     const struct limits_list *end, uint64_t now)
{
	array_for_each (rule, list->rules, list->n) {
		const uint32_t id = SHUNT_GUARD_RULE(rule->verdict);
		const struct shunt_limit *own = find_own(l, list, end, id);
		struct shunt_limit limit = limits_make(rule);

		limit.total = own ? own->total : now;
		limit.ahead = ahead_of(own, ahead_of(find_former(l, 0, id), limit.ahead));
		l->limits[first++] = limit;
	}
}

/* Who has none any more. Lists are few beside what there is room for. */
static void clear_others(struct limits *l, uint32_t first)
{
	for (uint32_t i = 0; i < l->n_of; i++) {
		const struct shunt_limits_of of = of_load(&l->of[i]);

		if (of.n && of.first - first >= l->half)
			of_store(&l->of[i], (struct shunt_limits_of){ 0 });
	}
}

static bool fits(const struct limits *l, const struct limits_list *lists, size_t n)
{
	array_for_each (list, lists, n)
		if (list->of >= l->n_of)
			return false;
	return limits_count(lists, n) <= l->half;
}

/* Nobody is there, unless a daemon died while it sent services from there to the other half. */
static void leave_half(const struct limits *l, uint32_t first)
{
	for (uint32_t i = 0; i < l->n_of; i++) {
		const struct shunt_limits_of of = of_load(&l->of[i]);

		if (of.n && of.first - first < l->half)
			of_store(&l->of[i], (struct shunt_limits_of){ 0 });
	}
}

int limits_put(struct limits *l, const struct limits_list *lists, size_t n, uint64_t now)
{
	const struct limits_list *common = find_common(lists, n);
	const uint32_t first = l->second ? 0 : l->half;
	struct shunt_limits_of is = { 0 }, shared = { 0 };
	uint32_t at = first;

	if (!fits(l, lists, n))
		return -ENOSPC;
	leave_half(l, first);
	array_for_each (list, lists, n) {
		if (!is_shared(list, common)) {
			put_list(l, at, list, lists + n, now);
			is = of_make(at, list);
			at += list->n;
		} else if (!list->same) {
			is = shared;
		}
		shared = list == common ? is : shared;
		of_store(&l->of[list->of], is);
	}
	clear_others(l, first);
	l->second = first;
	return 0;
}

/* --- sweep ---------------------------------------------------------------------------- */

/* One that a packet is just putting something into is left alone. */
static void sweep_bucket(__u64 *at, uint64_t now, uint64_t empty)
{
	__u64 was = __atomic_load_n(at, __ATOMIC_RELAXED);

	if (was && !shunt_bucket_level(was, now, SHUNT_LIMIT_MAX_AHEAD))
		__atomic_compare_exchange_n(at, &was, empty, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
}

void limits_sweep_sources(struct shunt_bucket_line *lines, size_t n, uint64_t now)
{
	for (size_t i = 0; i < n; i++)
		for (int b = 0; b < SHUNT_BUCKETS_PER_LINE; b++)
			sweep_bucket(&lines[i].bucket[b], now, 0);
}

void limits_sweep(struct limits *l, uint64_t now)
{
	for (uint32_t i = 0; i < 2 * l->half; i++)
		sweep_bucket(&l->limits[i].total, now, now);
}
