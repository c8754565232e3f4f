/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>

#include "lines.h"

/* The first entry that is free, or behind the line. */
static int find_room(const struct shunt_flow_line *line, int *n_free)
{
	int room = SHUNT_FLOWS_PER_LINE;

	*n_free = 0;
	for (int i = SHUNT_FLOWS_PER_LINE - 1; i >= 0; i--) {
		if (line->entry[i])
			continue;
		++*n_free;
		room = i;
	}
	return room;
}

__u32 lines_enter(struct shunt_flow_line *lines, __u32 mask, __u64 hash, __u64 entry)
{
	const __u32 first = hash >> 32 & mask;
	const __u32 other = shunt_flow_other(first, (__u32)hash, mask);
	int in_first, in_other;
	const int room = find_room(&lines[first], &in_first),
		  room_in_other = find_room(&lines[other], &in_other);
	const bool goes_first = in_first >= SHUNT_FLOWS_PER_LINE / 2 || in_first >= in_other;

	if (!in_first && !in_other)
		return LINES_FULL;
	lines[goes_first ? first : other].entry[goes_first ? room : room_in_other] = entry;
	return goes_first ? first : other;
}
