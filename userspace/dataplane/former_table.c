/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of former maps, in words of the plan's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "dataplane/former_layout.h"

static size_t table_bytes(const struct former_service *s)
{
	return s->slots / FORMER_SLOTS_PER_LINE * sizeof(struct shunt_slot_line);
}

/* Tables begin anywhere in a page. */
static size_t before_table(const struct former_service *s)
{
	return s->first * sizeof(struct shunt_slot_line) % sysconf(_SC_PAGESIZE);
}

const void *former_map_table(const struct former *f, const struct former_service *s)
{
	const size_t before = before_table(s);
	const char *p =
		mmap(NULL, before + table_bytes(s), PROT_READ, MAP_SHARED, f->fds[LOAD_SLOTS],
		     s->first * sizeof(struct shunt_slot_line) - before);

	return p == MAP_FAILED ? NULL : p + before;
}

void former_unmap_table(const struct former_service *s, const void *table)
{
	const size_t before = before_table(s);

	munmap((char *)table - before, before + table_bytes(s));
}

/**
 * struct reading - a table that is being read
 * @member_of: by what stands in its slots: 1 + member of @to, or 0 while not known
 */
struct reading {
	const struct former *former;
	const struct former_service *from;
	const struct plan_table *to;
	uint16_t *member_of;
};

static uint32_t find_member(const struct reading *r, uint32_t former_member)
{
	const uint32_t id = former_find_backend(r->former, r->from->base + former_member,
						r->from->conf_service);

	return id > r->to->base && id - r->to->base < SHUNT_MAX_MEMBERS ? id - r->to->base : 0;
}

static uint32_t member_of(const struct reading *r, uint32_t former_member)
{
	uint16_t *known = &r->member_of[former_member];

	if (!former_member)
		return 0;
	if (!*known)
		*known = 1 + find_member(r, former_member);
	return *known - 1;
}

/*
 * Whoever owned a slot in transition, flows of it may be pinned elsewhere. So the
 * slot is at least PINNED, also where the two that it names have gone; and so is one at
 * rest, of services that kept all flows in the cache.
 */
static uint32_t translate(const struct reading *r, uint32_t word)
{
	const uint32_t state = SHUNT_SLOT_STATE(word);
	const uint32_t cur = member_of(r, SHUNT_SLOT_CUR(word));
	uint32_t prev;

	if (state == SHUNT_SLOT_STABLE)
		return SHUNT_SLOT(r->from->forgets ? SHUNT_SLOT_PINNED : state, 0, cur);
	prev = state == SHUNT_SLOT_PINNED ? 0 : member_of(r, SHUNT_SLOT_PREV(word));
	return SHUNT_SLOT(prev ? state : SHUNT_SLOT_PINNED, prev, cur);
}

static const struct former_service *find_service(const struct former *f,
						 const struct plan_table *table)
{
	if (f->lost_flows)
		return NULL;
	array_for_each (s, f->services, f->n_services)
		if (s->found && s->table == table->number)
			return s;
	return NULL;
}

uint32_t former_table_slots(const struct former *f, const struct plan_table *table)
{
	const struct former_service *s = find_service(f, table);

	return s ? s->slots : 0;
}

int former_read_table(const struct former *f, const struct plan_table *table, uint32_t *words)
{
	const struct former_service *from = find_service(f, table);
	_cleanup_free_ uint16_t *known = calloc(SHUNT_SLOT_MASK + 1, sizeof(*known));
	const struct reading r = { f, from, table, known };
	const void *former;

	if (!from)
		return -ENOENT;
	if (!known)
		return -ENOMEM;
	former = former_map_table(f, from);
	if (!former)
		return -errno;
	for (uint32_t i = 0; i < table->slots; i++)
		words[i] =
			translate(&r, f->layout->word(former, from->slots, i & (from->slots - 1)));
	former_unmap_table(from, former);
	return 0;
}

/* --- what its program may still learn -------------------------------------------- */

static bool is_at_rest(const struct former *f, const struct former_service *s)
{
	const void *table = former_map_table(f, s);
	bool rests = table;

	for (uint32_t i = 0; rests && i < s->slots; i++)
		rests = SHUNT_SLOT_STATE(f->layout->word(table, s->slots, i)) == SHUNT_SLOT_STABLE;
	if (table)
		former_unmap_table(s, table);
	return rests;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct shunt_service_key));
}

int former_find_learning(struct former *f)
{
	enum {
		NOT_KNOWN,
		RESTS,
		MOVES
	};
	_cleanup_free_ uint8_t *states = calloc(former_count_values(f, LOAD_SLOTS) + 1, 1);

	f->learning = calloc(f->n_services + 1, sizeof(*f->learning));
	if (!states || !f->learning)
		return -ENOMEM;
	array_for_each (s, f->services, f->n_services) {
		uint8_t *state = &states[s->first];

		if (*state == NOT_KNOWN)
			*state = is_at_rest(f, s) ? RESTS : MOVES;
		if (s->tracked || *state == MOVES)
			f->learning[f->n_learning++] = s->key;
	}
	qsort(f->learning, f->n_learning, sizeof(*f->learning), compare_keys);
	return 0;
}

bool former_learns(const struct former *f, const struct shunt_service_key *key)
{
	return !f->lost_flows && f->n_learning &&
	       bsearch(key, f->learning, f->n_learning, sizeof(*key), compare_keys);
}
