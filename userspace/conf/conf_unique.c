/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "conf/conf_unique.h"

struct conf_unique conf_unique_make(struct conf_job *job, size_t max)
{
	return (struct conf_unique){
		.entries = conf_job_scratch(job, max * sizeof(struct conf_entry)),
	};
}

void conf_unique_add(struct conf_unique *u, struct conf_entry entry)
{
	if (u->entries)
		u->entries[u->n++] = entry;
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

void conf_unique_report(struct conf_job *job, struct conf_unique *u,
			void (*report)(struct conf_job *job, const struct conf_entry *first,
				       const struct conf_entry *again))
{
	const struct conf_entry *first = u->entries;

	if (u->n < 2)
		return;
	qsort(u->entries, u->n, sizeof(u->entries[0]), compare);
	for (const struct conf_entry *e = first + 1; e < u->entries + u->n; e++) {
		if (compare_keys(first, e))
			first = e;
		else
			report(job, first, e);
	}
}
