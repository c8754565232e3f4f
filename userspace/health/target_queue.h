/* SPDX-License-Identifier: BSD-2-Clause */
/* Due targets that the prober did not take yet, in the order they fell due. */
#ifndef HEALTH_TARGET_QUEUE_H
#define HEALTH_TARGET_QUEUE_H

#include "health/target.h"

/* To be set up with target_queue_init(); holds no memory. */
struct target_queue {
	struct target *head;
	struct target **end;
};

void target_queue_init(struct target_queue *q);

/* @t must not be queued. */
void target_queue_add(struct target_queue *q, struct target *t);

/* Take out @t; nothing happens if it is not queued. Takes long far from the head. */
void target_queue_remove(struct target_queue *q, struct target *t);

#endif /* HEALTH_TARGET_QUEUE_H */
