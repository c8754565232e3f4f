/* SPDX-License-Identifier: BSD-2-Clause */
#include "tables/flows.h"
#include "tables/transit.h"

/*
 * The program's clock and ours are the same, but it may write while we look: an
 * entry from the near future is one of now.
 */
#define FUTURE_S 256

static uint16_t age_of(uint64_t entry, uint16_t now_s)
{
	const uint16_t age = SHUNT_FLOW_AGE(entry, now_s);

	return age > SHUNT_FLOW_TIME_MASK - FUTURE_S ? 0 : age;
}

static uint16_t max_age_of(const struct flows_scan *s, const struct flows_backend *b,
			   uint64_t entry)
{
	const uint16_t age = b->max_age_s ? b->max_age_s : s->max_age_s;

	if (!(entry & SHUNT_FLOW_CLOSING) || !s->closing_age_s)
		return age;
	return s->closing_age_s < age ? s->closing_age_s : age;
}

/* The backend of an entry; NULL if it does not count any more. */
static struct flows_backend *backend_of(const struct flows_scan *s, uint64_t entry)
{
	const uint16_t id = SHUNT_FLOW_BACKEND(entry);
	struct flows_backend *b = id < s->n_backends ? &s->backends[id] : NULL;

	if (!b || !b->alive || age_of(entry, s->now_s) > max_age_of(s, b, entry))
		return NULL;
	return b;
}

/* False if it does not count any more. */
static bool look_at(struct flows_scan *s, uint64_t entry)
{
	struct flows_backend *b = backend_of(s, entry);

	if (!b)
		return false;
	if (b->seen)
		transit_see(b->seen, SHUNT_FLOW_TAG(entry) & b->slot_mask, b->member);
	b->flows++;
	b->open += !(entry & SHUNT_FLOW_CLOSING);
	return true;
}

const uint16_t flows_ages_s[FLOWS_AGES - 1] = { 10, 60, 300, 3600 };

static size_t which_age(uint16_t age_s)
{
	size_t i = 0;

	while (i < FLOWS_AGES - 1 && age_s >= flows_ages_s[i])
		i++;
	return i;
}

static void count(const struct flows_scan *s, uint64_t entry, struct flows_tally *tallies)
{
	struct flows_tally *t = &tallies[SHUNT_FLOW_BACKEND(entry)];

	if (!backend_of(s, entry))
		return;
	t->by_age[which_age(age_of(entry, s->now_s))]++;
	t->closing += !!(entry & SHUNT_FLOW_CLOSING);
}

void flows_count(const struct flows_scan *s, const struct shunt_flow_line *lines, size_t n,
		 struct flows_tally *tallies)
{
	for (size_t i = 0; i < n; i++)
		for (int j = 0; j < SHUNT_FLOWS_PER_LINE; j++) {
			const __u64 entry = __atomic_load_n(&lines[i].entry[j], __ATOMIC_RELAXED);

			if (entry)
				count(s, entry, tallies);
		}
}

static __u64 *entry_at(struct shunt_flow_line *lines, size_t i)
{
	return &lines[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE];
}

/* Unless the program was faster: then @at holds something younger. */
static bool replace(__u64 *at, __u64 entry, __u64 next)
{
	return __atomic_compare_exchange_n(at, &entry, next, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

void flows_scan(struct flows_scan *s, struct shunt_flow_line *lines, size_t n)
{
	for (size_t i = 0; i < n * SHUNT_FLOWS_PER_LINE; i++) {
		__u64 *at = entry_at(lines, i);
		const __u64 entry = __atomic_load_n(at, __ATOMIC_RELAXED);

		if (entry && !look_at(s, entry))
			replace(at, entry, 0);
	}
}

static uint8_t marks_of(const struct shunt_flow_line *line)
{
	uint8_t marks = 0;

	for (int i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = __atomic_load_n(&line->entry[i], __ATOMIC_RELAXED);

		if (entry)
			marks |= SHUNT_FLOW_MARK(SHUNT_FLOW_TAG(entry));
	}
	return marks;
}

/*
 * The program enters a flow first and marks it then. So whoever takes a mark away
 * looks once more: an entry made meanwhile is there by then, or will be marked.
 */
void flows_unmark(const struct shunt_flow_line *lines, size_t n, uint8_t *marks)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t needed = marks_of(&lines[i]);

		if (!(__atomic_load_n(&marks[i], __ATOMIC_RELAXED) & ~needed))
			continue;
		__atomic_fetch_and(&marks[i], needed, __ATOMIC_SEQ_CST);
		__atomic_fetch_or(&marks[i], marks_of(&lines[i]), __ATOMIC_SEQ_CST);
	}
}

/* How good a place @at is for a flow: its own, an empty one, the oldest; as the program. */
static uint32_t rank_of(uint64_t at, uint32_t tag, uint16_t now_s)
{
	if (at && SHUNT_FLOW_TAG(at) == tag)
		return UINT16_MAX + 2;
	return at ? age_of(at, now_s) : UINT16_MAX + 1;
}

/* The best place that line @at has for a flow. */
static __u64 *place_in(const struct flows_cache *to, size_t at, uint32_t tag, uint16_t now_s)
{
	struct shunt_flow_line *line = &to->lines[at];
	__u64 *best = &line->entry[0];

	for (int i = 1; i < SHUNT_FLOWS_PER_LINE; i++)
		if (rank_of(line->entry[i], tag, now_s) > rank_of(*best, tag, now_s))
			best = &line->entry[i];
	return best;
}

bool flows_enter(const struct flows_cache *to, struct flows_place *p, uint64_t entry,
		 uint16_t now_s)
{
	const uint32_t tag = SHUNT_FLOW_TAG(entry);
	const size_t other = to->marks ? shunt_flow_other(p->line, tag, to->n - 1) : p->line;
	__u64 *place = place_in(to, p->line, tag, now_s);
	__u64 *second = place_in(to, other, tag, now_s);
	bool is_new;

	if (rank_of(*second, tag, now_s) > rank_of(*place, tag, now_s)) {
		place = second;
		p->line = other;
	}
	p->i = place - to->lines[p->line].entry;
	p->was = __atomic_load_n(place, __ATOMIC_RELAXED);
	is_new = !p->was || age_of(p->was, now_s) > age_of(entry, now_s);
	if (is_new)
		replace(place, p->was, entry);
	if (to->marks)
		__atomic_fetch_or(&to->marks[p->line], SHUNT_FLOW_MARK(tag), __ATOMIC_SEQ_CST);
	return is_new;
}

static void enter(const struct flows_cache *to, size_t at, uint64_t entry, uint16_t now_s)
{
	struct flows_place place = { .line = at };

	flows_enter(to, &place, entry, now_s);
}

void flows_carry(const struct flows_cache *from, const struct flows_cache *to,
		 const struct flows_ids *ids, uint16_t now_s)
{
	for (size_t i = 0; i < from->n * SHUNT_FLOWS_PER_LINE; i++) {
		const uint64_t entry = __atomic_load_n(entry_at(from->lines, i), __ATOMIC_RELAXED);
		const uint16_t id = SHUNT_FLOW_BACKEND(entry);
		const size_t line = i / SHUNT_FLOWS_PER_LINE;

		if (!entry || id >= ids->n || !ids->to[id])
			continue;
		for (size_t j = line & (to->n - 1); j < to->n; j += from->n)
			enter(to, j, SHUNT_FLOW_OF(entry, ids->to[id]), now_s);
	}
}

/* The move that backend @id takes part in; NULL: it stays. */
static const struct flows_move *find_move(const struct flows_move *moves, size_t n, uint32_t id)
{
	size_t low = 0, high = n;

	/* Between those that begin at @id or before, and those that do not. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (moves[middle].from <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low && id - moves[low - 1].from < moves[low - 1].span ? &moves[low - 1] : NULL;
}

uint32_t flows_moved_id(const struct flows_move *moves, size_t n_moves, uint32_t id)
{
	const struct flows_move *move = find_move(moves, n_moves, id);

	return move ? move->to + id - move->from : 0;
}

size_t flows_move(const struct flows_move *moves, size_t n_moves, struct shunt_flow_line *lines,
		  size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n * SHUNT_FLOWS_PER_LINE; i++) {
		__u64 *at = entry_at(lines, i);
		const __u64 entry = __atomic_load_n(at, __ATOMIC_RELAXED);
		const uint32_t id =
			entry ? flows_moved_id(moves, n_moves, SHUNT_FLOW_BACKEND(entry)) : 0;

		if (!id)
			continue;
		replace(at, entry, SHUNT_FLOW_OF(entry, id));
		found++;
	}
	return found;
}
