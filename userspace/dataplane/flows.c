/* SPDX-License-Identifier: BSD-2-Clause */
#include "dataplane/flows.h"
#include "dataplane/transit.h"

/*
 * The program's clock and ours are the same, but it may write while we look: an
 * entry from the near future is one of now.
 */
#define FUTURE_S 256

static uint16_t age_of(uint64_t entry, uint16_t now_s)
{
	const uint16_t age = now_s - SHUNT_FLOW_TIME(entry);

	return age > UINT16_MAX - FUTURE_S ? 0 : age;
}

/* False if it does not count any more. */
static bool look_at(struct flows_scan *s, uint64_t entry)
{
	const uint16_t id = SHUNT_FLOW_BACKEND(entry);

	if (id >= s->n_backends || !s->backends[id].alive || age_of(entry, s->now_s) > s->max_age_s)
		return false;
	if (s->backends[id].seen)
		transit_see(s->backends[id].seen, SHUNT_FLOW_TAG(entry) & s->slot_mask, id);
	s->backends[id].flows++;
	return true;
}

void flows_scan(struct flows_scan *s, struct shunt_flow_line *lines, size_t n)
{
	for (size_t i = 0; i < n * SHUNT_FLOWS_PER_LINE; i++) {
		__u64 *at = &lines[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE];
		__u64 entry = __atomic_load_n(at, __ATOMIC_RELAXED);

		if (entry && !look_at(s, entry))
			__atomic_compare_exchange_n(at, &entry, 0, false, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED);
	}
}

/* How good a place @at is for a flow: its own, an empty one, the oldest; as the program. */
static uint32_t rank_of(uint64_t at, uint32_t tag, uint16_t now_s)
{
	if (at && SHUNT_FLOW_TAG(at) == tag)
		return UINT16_MAX + 2;
	return at ? age_of(at, now_s) : UINT16_MAX + 1;
}

static void enter(struct shunt_flow_line *line, uint64_t entry, uint16_t now_s)
{
	const uint32_t tag = SHUNT_FLOW_TAG(entry);
	__u64 *best = &line->entry[0];
	__u64 old;

	for (int i = 1; i < SHUNT_FLOWS_PER_LINE; i++)
		if (rank_of(line->entry[i], tag, now_s) > rank_of(*best, tag, now_s))
			best = &line->entry[i];
	old = __atomic_load_n(best, __ATOMIC_RELAXED);
	if (!old || age_of(old, now_s) > age_of(entry, now_s))
		__atomic_compare_exchange_n(best, &old, entry, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
}

void flows_carry(const struct shunt_flow_line *from, size_t n_from, struct shunt_flow_line *to,
		 size_t n_to, uint16_t now_s)
{
	for (size_t i = 0; i < n_from * SHUNT_FLOWS_PER_LINE; i++) {
		const size_t line = i / SHUNT_FLOWS_PER_LINE;
		const uint64_t entry = __atomic_load_n(&from[line].entry[i % SHUNT_FLOWS_PER_LINE],
						       __ATOMIC_RELAXED);

		if (!entry)
			continue;
		for (size_t j = line & (n_to - 1); j < n_to; j += n_from)
			enter(&to[j], entry, now_s);
	}
}
