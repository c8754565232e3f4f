/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The flow cache: which backend a flow keeps while its slot is in transition. What
 * lines, places and marks are stands in shunt/abi.h.
 */
#ifndef BPF_PIN_H
#define BPF_PIN_H

#include <stdbool.h>

#include "flow.h"

/* --- marks -------------------------------------------------------------------- */

/* The word of shunt_marks that has the byte of a line. */
static __always_inline __u64 *mark_word(__u32 line)
{
	const __u32 index = line / SHUNT_MARKS_PER_VALUE;
	struct shunt_flow_marks *marks = bpf_map_lookup_elem(&shunt_marks, &index);

	return marks ? &marks->word[line % SHUNT_MARKS_PER_VALUE / sizeof(__u64)] : NULL;
}

static __always_inline __u64 mark_bit(__u32 line, __u32 tag)
{
	return (__u64)SHUNT_FLOW_MARK(tag) << line % sizeof(__u64) * 8;
}

/* May the flow be in that line? If not, the line need not be read. */
static __always_inline bool mark_is_set(__u32 line, __u32 tag)
{
	const __u64 *word = mark_word(line);

	return word && *(const volatile __u64 *)word & mark_bit(line, tag);
}

/* After the entry was stored: who takes a mark away looks at the line once more. */
static __always_inline void mark_set(__u32 line, __u32 tag)
{
	__u64 *word = mark_word(line);

	if (word && !(*(volatile __u64 *)word & mark_bit(line, tag)))
		__sync_fetch_and_or(word, mark_bit(line, tag));
}

/* --- pins --------------------------------------------------------------------- */

/* Where an entry is: its line, and which of the eight; from 1, so that 0 is nowhere. */
#define PIN_PLACE(line, i) ((line)*SHUNT_FLOWS_PER_LINE + (i) + 1)
#define PIN_LINE(place) (((place)-1) / SHUNT_FLOWS_PER_LINE)

static __always_inline __u32 pin_first_line(__u64 hash)
{
	return hash >> 32 & shunt_rodata.flow_mask;
}

static __always_inline __u32 pin_other_line(__u64 hash)
{
	return shunt_flow_other(pin_first_line(hash), hash, shunt_rodata.flow_mask);
}

static __always_inline __u32 pin_find_in(__u32 index, __u32 tag)
{
	__u32 found;

	if (!mark_is_set(index, tag))
		return 0;
	found = flow_find(bpf_map_lookup_elem(&shunt_flows, &index), tag);
	return found ? PIN_PLACE(index, found - 1) : 0;
}

/* The place of a flow, or 0. */
__noinline __u32 pin_find(__u64 hash)
{
	return pin_find_in(pin_first_line(hash), hash) ?: pin_find_in(pin_other_line(hash), hash);
}

static __always_inline __u64 pin_load(__u32 place, __u32 tag)
{
	const __u32 index = PIN_LINE(place);
	const struct shunt_flow_line *line = bpf_map_lookup_elem(&shunt_flows, &index);

	return line && place ? flow_load(line, place - 1, tag) : 0;
}

static __always_inline void pin_store(__u32 place, __u64 entry)
{
	const __u32 index = PIN_LINE(place);
	struct shunt_flow_line *line = bpf_map_lookup_elem(&shunt_flows, &index);

	if (!line || !place)
		return;
	flow_store(line, place - 1, entry);
	mark_set(index, SHUNT_FLOW_TAG(entry));
}

/* Ranks of lines: that of one with n free entries, above all ages. */
#define PIN_RANK_FREE(n) ((1U << 16) + (n))

/* How good a line is for one more flow, and its best entry: rank * 8 + entry. */
__noinline __u32 pin_rank(__u32 index, __u32 now)
{
	const struct shunt_flow_line *line = bpf_map_lookup_elem(&shunt_flows, &index);
	__u32 oldest = 0, which = 0, n_free = 0;

	if (!line)
		return 0;
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = ((const volatile struct shunt_flow_line *)line)->entry[i];
		const __u32 age = SHUNT_FLOW_AGE(entry, now);

		if (!entry && !n_free++)
			which = i;
		if (n_free || age <= oldest)
			continue;
		oldest = age;
		which = i;
	}
	return (n_free ? PIN_RANK_FREE(n_free) : oldest) * SHUNT_FLOWS_PER_LINE + which;
}

/*
 * Where a flow is entered: in its first line if that is half empty, else in the
 * emptier one; or, with @evict, in place of the flow that was seen longest ago.
 */
static __always_inline __u32 pin_choose(__u64 hash, __u32 now, bool evict)
{
	__u32 index = pin_first_line(hash);
	__u32 best = pin_rank(index, now), other;

	if (best / SHUNT_FLOWS_PER_LINE < PIN_RANK_FREE(SHUNT_FLOWS_PER_LINE / 2)) {
		other = pin_rank(pin_other_line(hash), now);
		if (other / SHUNT_FLOWS_PER_LINE > best / SHUNT_FLOWS_PER_LINE) {
			best = other;
			index = pin_other_line(hash);
		}
	}
	if (best / SHUNT_FLOWS_PER_LINE < PIN_RANK_FREE(1) && !evict)
		return 0;
	return PIN_PLACE(index, best % SHUNT_FLOWS_PER_LINE);
}

/*
 * Enter a flow, or change it. Return: 1; 0 if both lines are full of others, of which
 * without @evict none gives way.
 */
__noinline int pin_put(__u64 hash, __u32 backend, __u32 now, int evict)
{
	const __u32 place = pin_find(hash) ?: pin_choose(hash, now, evict);

	pin_store(place, SHUNT_FLOW(hash, backend, now));
	return place != 0;
}

/* May this CPU pin one more flow this second? A flood must not fill the cache. */
static __always_inline bool pin_is_in_budget(__u32 now)
{
	const __u32 zero = 0;

	return clock_take(bpf_map_lookup_elem(&shunt_pin_budget, &zero), shunt_rodata.pins_per_s,
			  now);
}

#endif /* BPF_PIN_H */
