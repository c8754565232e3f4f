/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What is remembered of flows: lines of eight entries, a cache line each, so that to
 * look a flow up costs one miss however many there are. Entries are plain 64-bit
 * loads and stores without a lock: of two CPUs that write one line at once, one may
 * lose its flow, and the flow's next packet writes it again. A false match, 8 in 2^32,
 * sends a flow to another backend of its service.
 *
 * Here are lines, and the notes of flows that have just begun; the flow cache is in
 * pin.h.
 */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include "clock.h"
#include "maps.h"
#include "rodata.h"

/*
 * The functions that walk a line are global and not inlined: the verifier then looks
 * at each once, and not at eight ways through it in every state that its callers are
 * in, which took a third of a second.
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

/* Another CPU may have written over it since it was found: then 0. */
static __always_inline __u64 flow_load(const struct shunt_flow_line *line, __u32 place, __u32 tag)
{
	const __u64 entry = ((const volatile struct shunt_flow_line *)line)
				    ->entry[place & (SHUNT_FLOWS_PER_LINE - 1)];

	return SHUNT_FLOW_TAG(entry) == tag ? entry : 0;
}

static __always_inline void flow_store(struct shunt_flow_line *line, __u32 place, __u64 entry)
{
	((volatile struct shunt_flow_line *)line)->entry[place & (SHUNT_FLOWS_PER_LINE - 1)] =
		entry;
}

/* --- notes -------------------------------------------------------------------- */

static __always_inline struct shunt_flow_line *note_line(__u64 hash)
{
	__u32 index = hash >> 32 & (SHUNT_FRESH_LINES - 1);

	return bpf_map_lookup_elem(&shunt_fresh, &index);
}

/* The backend that the SYN of a flow went to, or 0. */
static __always_inline __u32 note_find(__u64 hash)
{
	const struct shunt_flow_line *line = note_line(hash);
	const __u32 found = flow_find(line, hash);

	return line && found ? SHUNT_FLOW_BACKEND(flow_load(line, found - 1, hash)) : 0;
}

/*
 * Note where a new flow went, in front of the line; the others move back, and the
 * last one gives way. By age alone, in seconds, all notes of a flood look alike, and
 * a connection's own was gone before its second packet came. Return: 0.
 */
__noinline int note_put(__u64 hash, __u32 backend, __u32 now)
{
	struct shunt_flow_line *line = note_line(hash);
	__u64 next = SHUNT_FLOW(hash, backend, now);

	if (!line)
		return 0;
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = line->entry[i];

		flow_store(line, i, next);
		if (!entry || SHUNT_FLOW_TAG(entry) == (__u32)hash)
			return 0;
		next = entry;
	}
	return 0;
}

#endif /* BPF_FLOW_H */
