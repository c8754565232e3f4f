/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's lines of flows: where an entry is, where there is room, who gives way. */
#include <string.h>

#include "flow_model.h"

/* --- lines ------------------------------------------------------------------ */

const __u64 *flow_model_find(const struct shunt_flow_line *line, __u32 tag)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (line->entry[i] && line->entry[i] >> 32 == tag)
			return &line->entry[i];
	return NULL;
}

static int find_empty(const struct shunt_flow_line *line)
{
	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (!line->entry[i])
			return i;
	return -1;
}

__u64 flow_model_entry(__u32 tag, __u32 backend, __u32 now_s)
{
	return (__u64)tag << 32 | (backend & 0xffff) << 16 | (now_s & 0x7fff);
}

/* The newest is in front; what is before the place that it leaves or takes moves back. */
void flow_model_note(struct shunt_flow_line *line, __u32 tag, __u32 backend, __u32 now_s)
{
	const __u64 *own = flow_model_find(line, tag);
	const int empty = find_empty(line);
	int gap = own ? (int)(own - line->entry) : SHUNT_FLOWS_PER_LINE - 1;

	if (empty >= 0 && empty < gap)
		gap = empty;
	memmove(&line->entry[1], &line->entry[0], gap * sizeof(line->entry[0]));
	line->entry[0] = flow_model_entry(tag, backend, now_s);
}

/* --- the lines of a flow ------------------------------------------------------ */

struct flow_lines flow_model_lines(const struct flow_model *m, __u64 hash)
{
	const __u32 mask = m->rodata.flow_mask, first = hash >> 32 & mask;
	const __u32 other = shunt_flow_other(first, (__u32)hash, mask);
	struct flow_lines at = { .n = other == first ? 1 : 2, .index = { first, other } };

	for (int l = 0; l < at.n; l++) {
		at.line[l] = m->flows[at.index[l]];
		at.marks[l] = m->marks[at.index[l]];
	}
	return at;
}

static __u8 mark_of(__u32 tag)
{
	return 1 << (tag >> 29);
}

const __u64 *flow_model_look_up(const struct flow_lines *at, __u32 tag)
{
	for (int l = 0; l < at->n; l++) {
		const __u64 *entry = flow_model_find(&at->line[l], tag);

		if (entry && at->marks[l] & mark_of(tag))
			return entry;
	}
	return NULL;
}

/* An entry of one of the lines. */
struct place {
	int line;
	int entry;
};

static bool find_own(const struct flow_lines *at, __u32 tag, struct place *own)
{
	const __u64 *entry = flow_model_look_up(at, tag);

	for (int l = 0; entry && l < at->n; l++)
		for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
			if (entry == &at->line[l].entry[i])
				*own = (struct place){ l, i };
	return entry;
}

static int count_empty(const struct shunt_flow_line *line)
{
	int n = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		n += !line->entry[i];
	return n;
}

/* The first line unless it is more than half full and the other one has more room. */
static bool find_room(const struct flow_lines *at, struct place *room)
{
	const int in_first = count_empty(&at->line[0]);
	const int in_other = at->n > 1 ? count_empty(&at->line[1]) : 0;
	const int l = in_first < SHUNT_FLOWS_PER_LINE / 2 && in_other > in_first;

	*room = (struct place){ l, find_empty(&at->line[l]) };
	return in_first || in_other;
}

/* The first of those that were seen longest ago. */
static struct place find_oldest(const struct flow_lines *at, __u32 now_s)
{
	struct place oldest = {};
	int most = -1;

	for (int l = 0; l < at->n; l++)
		for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
			const __u16 age = SHUNT_FLOW_AGE(at->line[l].entry[i], now_s);

			if (age <= most)
				continue;
			most = age;
			oldest = (struct place){ l, i };
		}
	return oldest;
}

bool flow_model_enter(struct flow_lines *at, __u32 tag, __u32 backend, __u32 now_s, bool evict)
{
	struct place p;

	if (!find_own(at, tag, &p) && !find_room(at, &p)) {
		if (!evict)
			return false;
		p = find_oldest(at, now_s);
	}
	at->line[p.line].entry[p.entry] = flow_model_entry(tag, backend, now_s);
	at->marks[p.line] |= mark_of(tag);
	return true;
}
