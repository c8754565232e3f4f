/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The flow cache: which backend a flow keeps while its slot is in transition.
 *
 * A line is one cache line of eight entries, so a lookup costs one miss however
 * many flows there are. Entries are plain 64-bit loads and stores without a lock:
 * of two CPUs that write one line at once, one may lose its pin, and the flow's
 * next packet writes it again. A false match, 8 in 2^32, sends a flow to another
 * backend of its service.
 */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include "maps.h"
#include "rodata.h"

#define NS_PER_S 1000000000ULL

/* Seconds of the monotonic clock, by the helper that reads no timer. */
static __always_inline __u32 flow_now(void)
{
	return bpf_ktime_get_coarse_ns() / NS_PER_S;
}

static __always_inline __u32 flow_index(__u64 hash)
{
	return hash >> 32 & shunt_rodata.flow_mask;
}

static __always_inline struct shunt_flow_line *flow_line(__u64 hash)
{
	__u32 index = flow_index(hash);

	return bpf_map_lookup_elem(&shunt_flows, &index);
}

static __always_inline struct shunt_flow_line *flow_fresh_line(__u64 hash)
{
	__u32 index = hash >> 32 & (SHUNT_FRESH_LINES - 1);

	return bpf_map_lookup_elem(&shunt_fresh, &index);
}

/* Where the mark of a flow is: a word of shunt_marks, and the bit in it. */
static __always_inline __u64 *flow_mark_word(__u64 hash)
{
	const __u32 line = flow_index(hash), index = line / SHUNT_MARKS_PER_VALUE;
	struct shunt_flow_marks *marks = bpf_map_lookup_elem(&shunt_marks, &index);

	return marks ? &marks->word[line % SHUNT_MARKS_PER_VALUE / 8] : NULL;
}

static __always_inline __u64 flow_mark_bit(__u64 hash)
{
	return (__u64)SHUNT_FLOW_MARK(hash) << flow_index(hash) % 8 * 8;
}

/* May the flow be in its line? If not, the line need not be read. */
static __always_inline bool flow_is_marked(__u64 hash)
{
	const __u64 *word = flow_mark_word(hash);

	return word && *(const volatile __u64 *)word & flow_mark_bit(hash);
}

/* After its entry was stored: who takes a mark away looks at the line once more. */
static __always_inline void flow_mark(__u64 hash)
{
	__u64 *word = flow_mark_word(hash);

	if (word && !(*(volatile __u64 *)word & flow_mark_bit(hash)))
		__sync_fetch_and_or(word, flow_mark_bit(hash));
}

/*
 * The functions that walk a line are global and not inlined: the verifier
 * then looks at each once, and not at eight ways through it in every state that
 * its callers are in, which took a third of a second.
 */

/* The place of a flow, from 1; 0 if the line has none. */
__noinline __u32 flow_find(const struct shunt_flow_line *line, __u32 tag)
{
	if (!line)
		return 0;
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = ((const volatile struct shunt_flow_line *)line)->entry[i];

		if (entry && SHUNT_FLOW_TAG(entry) == tag)
			return i + 1;
	}
	return 0;
}

/* How good a place an entry is to be written over: its own, an empty one, the oldest. */
static __always_inline __u32 flow_rank(__u64 entry, __u32 tag, __u32 now)
{
	if (!entry)
		return 1 << 16;
	if (SHUNT_FLOW_TAG(entry) == tag)
		return 1 << 17;
	return (__u16)(now - SHUNT_FLOW_TIME(entry));
}

static __always_inline void flow_store(struct shunt_flow_line *line, __u32 place, __u64 entry)
{
	((volatile struct shunt_flow_line *)line)->entry[place & (SHUNT_FLOWS_PER_LINE - 1)] =
		entry;
}

/* Enter a flow, or change it. Return: 0. */
__noinline int flow_put(struct shunt_flow_line *line, __u32 tag, __u32 backend, __u32 now)
{
	__u32 best = 0, place = 0;

	if (!line)
		return 0;
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u32 rank = flow_rank(line->entry[i], tag, now);

		if (rank > best) {
			best = rank;
			place = i;
		}
	}
	flow_store(line, place, SHUNT_FLOW(tag, backend, now));
	return 0;
}

/* An entry of a line is free, or the flow's own: nobody has to give way. */
__noinline int flow_has_room(const struct shunt_flow_line *line, __u32 tag)
{
	if (!line)
		return 0;
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = ((const volatile struct shunt_flow_line *)line)->entry[i];

		if (!entry || SHUNT_FLOW_TAG(entry) == tag)
			return 1;
	}
	return 0;
}

/*
 * Note where a new flow went, in front of the line; the others move back, and the
 * last one gives way. By age alone, in seconds, all notes of a flood look alike, and
 * a connection's own was gone before its second packet came. Return: 0.
 */
__noinline int flow_note(struct shunt_flow_line *line, __u32 tag, __u32 backend, __u32 now)
{
	__u64 next = SHUNT_FLOW(tag, backend, now);

	if (!line)
		return 0;
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = line->entry[i];

		flow_store(line, i, next);
		if (!entry || SHUNT_FLOW_TAG(entry) == tag)
			return 0;
		next = entry;
	}
	return 0;
}

/*
 * The entry at a place that flow_find() gave, or 0 if it gave none or another CPU
 * has written over it since.
 */
static __always_inline __u64 flow_at(const struct shunt_flow_line *line, __u32 found, __u32 tag)
{
	const __u32 place = (found - 1) & (SHUNT_FLOWS_PER_LINE - 1);
	__u64 entry;

	if (!found)
		return 0;
	entry = ((const volatile struct shunt_flow_line *)line)->entry[place];
	return SHUNT_FLOW_TAG(entry) == tag ? entry : 0;
}

/* May this CPU pin one more flow this second? A flood must not fill the cache. */
static __always_inline bool flow_may_pin(__u32 now)
{
	struct shunt_pin_budget *budget;
	__u32 zero = 0;

	budget = bpf_map_lookup_elem(&shunt_pin_budget, &zero);
	if (!budget)
		return false;
	if (budget->second != now) {
		budget->second = now;
		budget->used = 0;
	}
	if (budget->used >= shunt_rodata.pins_per_s)
		return false;
	budget->used++;
	return true;
}

#endif /* BPF_FLOW_H */
