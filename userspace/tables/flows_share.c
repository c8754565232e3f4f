/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tables/flows_share.h"

/* A note: theirs, with the time in the other bits; or ours, with what was told. */
#define NOTE_THEIRS 0x8000U

int flows_share_init(struct flows_share *s, size_t n)
{
	s->notes = calloc(n, SHUNT_FLOWS_PER_LINE * sizeof(*s->notes));
	if (!s->notes)
		return -ENOMEM;
	s->n = n;
	return 0;
}

void flows_share_free(struct flows_share *s)
{
	free(s->notes);
	*s = (struct flows_share){ 0 };
}

/* Of an entry, whenever it was seen; never 0. One in 2^15 others has the same. */
static uint16_t told_note(uint64_t entry)
{
	const uint64_t what = entry & ~(uint64_t)SHUNT_FLOW_TIME_MASK;

	return (what * 0x9e3779b97f4a7c15ULL >> 49) | 1;
}

static uint16_t their_note(uint64_t entry)
{
	return NOTE_THEIRS | SHUNT_FLOW_TIME(entry);
}

size_t flows_share_look(const struct flows_share *s, enum flows_which which, size_t at,
			const struct shunt_flow_line *line, uint64_t out[SHUNT_FLOWS_PER_LINE])
{
	const uint16_t *notes = &s->notes[at * SHUNT_FLOWS_PER_LINE];
	size_t n = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const uint64_t entry = __atomic_load_n(&line->entry[i], __ATOMIC_RELAXED);

		out[i] = entry;
		if ((which != FLOWS_EVERY && notes[i] == their_note(entry)) ||
		    (which == FLOWS_NEWS && notes[i] == told_note(entry)))
			out[i] = 0;
		n += out[i] != 0;
	}
	return n;
}

void flows_share_told(struct flows_share *s, size_t at, const uint64_t told[SHUNT_FLOWS_PER_LINE])
{
	uint16_t *notes = &s->notes[at * SHUNT_FLOWS_PER_LINE];

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (told[i] && notes[i] != their_note(told[i]))
			notes[i] = told_note(told[i]);
}

enum flows_verdict flows_share_enter(struct flows_share *s, const struct flows_cache *cache,
				     const struct flows_told *told, uint16_t now_s)
{
	enum flows_verdict verdict = FLOWS_OURS;

	/* Each of these lines would give away an older one for it. */
	if (cache->n / told->lines > FLOWS_SHARE_LARGER)
		return FLOWS_OTHER_SIZE;
	for (size_t at = told->line & (cache->n - 1); at < cache->n; at += told->lines) {
		struct flows_place p = { .line = at };

		if (!flows_enter(cache, &p, told->entry, now_s))
			continue;
		s->notes[p.line * SHUNT_FLOWS_PER_LINE + p.i] = their_note(told->entry);
		if (verdict == FLOWS_OURS)
			verdict = p.was ? FLOWS_REFRESHED : FLOWS_ENTERED;
	}
	return verdict;
}
