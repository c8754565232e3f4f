/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "health/check_sched.h"

int check_sched_reserve(struct check_sched *s, size_t room)
{
	struct check_entry *heap;
	uint32_t *place;

	if (room <= s->room)
		return 0;
	heap = realloc(s->heap, room * sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	s->heap = heap;
	place = realloc(s->place, room * sizeof(*place));
	if (!place)
		return -ENOMEM;
	memset(place + s->room, 0, (room - s->room) * sizeof(*place));
	s->place = place;
	s->room = room;
	return 0;
}

void check_sched_free(struct check_sched *s)
{
	free(s->heap);
	free(s->place);
	*s = (struct check_sched){ 0 };
}

static void put(struct check_sched *s, size_t i, struct check_entry e)
{
	s->heap[i] = e;
	s->place[e.id] = i + 1;
}

static size_t sift_up(struct check_sched *s, size_t i, struct check_entry e)
{
	while (i > 0 && s->heap[(i - 1) / 2].at_ms > e.at_ms) {
		put(s, i, s->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return i;
}

static size_t sift_down(struct check_sched *s, size_t i, struct check_entry e)
{
	size_t child;

	while ((child = 2 * i + 1) < s->n) {
		if (child + 1 < s->n && s->heap[child + 1].at_ms < s->heap[child].at_ms)
			child++;
		if (s->heap[child].at_ms >= e.at_ms)
			break;
		put(s, i, s->heap[child]);
		i = child;
	}
	return i;
}

/* Put @e where it belongs, given that place @i is free. */
static void settle(struct check_sched *s, size_t i, struct check_entry e)
{
	put(s, sift_down(s, sift_up(s, i, e), e), e);
}

static void set(struct check_sched *s, struct check_entry e)
{
	assert(e.id < s->room);
	settle(s, s->place[e.id] ? s->place[e.id] - 1 : s->n++, e);
}

void check_sched_wait(struct check_sched *s, uint32_t id, uint64_t at_ms)
{
	set(s, (struct check_entry){ .at_ms = at_ms, .id = id });
}

void check_sched_fly(struct check_sched *s, uint32_t id, uint64_t deadline_ms)
{
	set(s, (struct check_entry){ .at_ms = deadline_ms, .id = id, .flying = true });
}

void check_sched_remove(struct check_sched *s, uint32_t id)
{
	size_t i;

	assert(id < s->room);
	if (!s->place[id])
		return;
	i = s->place[id] - 1;
	s->place[id] = 0;
	if (i < --s->n)
		settle(s, i, s->heap[s->n]);
}

enum check_due check_sched_take(struct check_sched *s, uint64_t now_ms, uint32_t *id)
{
	struct check_entry first;

	if (check_sched_next_ms(s) > now_ms || !s->n)
		return CHECK_NOTHING;
	first = s->heap[0];
	check_sched_remove(s, first.id);
	*id = first.id;
	return first.flying ? CHECK_OVERDUE : CHECK_START;
}

uint64_t check_sched_next_ms(const struct check_sched *s)
{
	return s->n ? s->heap[0].at_ms : CHECK_NEVER;
}
