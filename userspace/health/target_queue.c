/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>

#include "health/target_queue.h"

void target_queue_init(struct target_queue *q)
{
	q->head = NULL;
	q->end = &q->head;
}

void target_queue_add(struct target_queue *q, struct target *t)
{
	assert(!t->queue);
	t->queue = q;
	t->next = NULL;
	*q->end = t;
	q->end = &t->next;
}

void target_queue_remove(struct target *t)
{
	struct target_queue *q = t->queue;
	struct target **p;

	if (!q)
		return;
	for (p = &q->head; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	if (!*p)
		q->end = p;
	t->queue = NULL;
}
