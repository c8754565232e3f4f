/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "conf/conf_unique.h"

struct conf_unique conf_unique_make(struct conf_job *job, size_t max)
{
	struct conf_unique u;

	u.n = 0;
	u.max = max;
	u.many = NULL;
	if (max > CONF_UNIQUE_FEW) {
		u.many = conf_job_scratch(job, max * sizeof(*u.many));
		u.max = u.many ? max : 0;
	}
	return u;
}

void conf_unique_add(struct conf_unique *u, struct conf_entry entry)
{
	struct conf_entry *entries = u->many ? u->many : u->few;

	if (u->n < u->max)
		entries[u->n++] = entry;
}

static int compare_keys(const struct conf_entry *a, const struct conf_entry *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->key, b->key, a->len);
}

static int compare(const void *va, const void *vb)
{
	const struct conf_entry *a = va, *b = vb;
	const struct conf_pos *pa = &a->node->pos, *pb = &b->node->pos;
	int keys = compare_keys(a, b);

	if (keys)
		return keys;
	if (pa->file != pb->file)
		return pa->file - pb->file;
	return pa->line != pb->line ? pa->line - pb->line : pa->column - pb->column;
}

/* Few are compared each with each. */
static bool are_all_different(const struct conf_entry *entries, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (!compare_keys(&entries[i], &entries[j]))
				return false;
	return true;
}

void conf_unique_report(struct conf_job *job, struct conf_unique *u,
			void (*report)(struct conf_job *job, const struct conf_entry *first,
				       const struct conf_entry *again))
{
	struct conf_entry *entries = u->many ? u->many : u->few;
	const struct conf_entry *first = entries;

	if (u->n <= CONF_UNIQUE_FEW && are_all_different(entries, u->n))
		return;
	qsort(entries, u->n, sizeof(*entries), compare);
	for (const struct conf_entry *e = first + 1; e < entries + u->n; e++) {
		if (compare_keys(first, e))
			first = e;
		else
			report(job, first, e);
	}
}
