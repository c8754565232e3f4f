/* SPDX-License-Identifier: BSD-2-Clause */
/* Due targets that their prober did not take yet, in the order they fell due. */
#ifndef HEALTH_TARGET_QUEUE_H
#define HEALTH_TARGET_QUEUE_H

#include "health/target.h"

/* To be set up with target_queue_init(); holds no memory. */
struct target_queue {
	struct target *head;
	struct target **end;
};

void target_queue_init(struct target_queue *q);

/* @t must be in no queue. */
void target_queue_add(struct target_queue *q, struct target *t);

/* Take @t out of its queue, if it is in one. Takes long far from the head. */
void target_queue_remove(struct target *t);

#endif /* HEALTH_TARGET_QUEUE_H */
