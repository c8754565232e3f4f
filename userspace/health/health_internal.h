/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Internal: what health.c and health_probers.c share. health.c owns the schedule
 * and what follows from answers; health_probers.c keeps the probers alive and
 * at work.
 */
#ifndef HEALTH_HEALTH_INTERNAL_H
#define HEALTH_HEALTH_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ration.h"
#include "health/check_sched.h"
#include "health/health.h"
#include "health/prober_link.h"
#include "health/target_queue.h"

/**
 * struct health_prober - what health has of one
 * @queue: of targets that it did not take yet
 * @wanted: it shall run
 */
struct health_prober {
	struct prober_link link;
	struct target_queue queue;
	bool wanted;
};

/* @suspects: who is probed out of turn. */
struct health {
	int epoll_fd;
	int timer_fd;
	uint64_t seed;
	struct health_prober probers[PROBER_TRADES];
	struct target_set set;
	struct check_sched sched;
	struct ration suspects;
	struct health_sockets sockets;
};

/* The prober that @t is probed by. */
struct health_prober *health_prober_of(struct health *h, const struct target *t);

/* When something is to be done about @p's life, if nothing else happens; or CHECK_NEVER. */
uint64_t health_prober_due_ms(const struct health_prober *p);

/* @t waits until its prober runs again; spread, so that not all come at once then. */
void health_postpone(struct health *h, struct target *t, uint64_t now_ms);

/* Hand over what is due, as far as it is taken now. */
void health_send(struct health *h, struct health_prober *p, uint64_t now_ms);

/* Replace @p if it has ended. */
void health_keep_alive(struct health *h, struct health_prober *p, uint64_t now_ms);

/* Have those probers that the targets need. */
void health_hire(struct health *h, uint64_t now_ms);

#endif /* HEALTH_HEALTH_INTERNAL_H */
