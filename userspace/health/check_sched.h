/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to happen when: a heap of times, one for each id, on the caller's
 * clock. An id waits to be started, or flies (is under way) and has a deadline,
 * or is neither: so there is never more than one probe of a target.
 */
#ifndef HEALTH_CHECK_SCHED_H
#define HEALTH_CHECK_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* check_sched_next_ms() of an empty schedule. */
#define CHECK_NEVER UINT64_MAX

enum check_due {
	CHECK_NOTHING, /* not yet */
	CHECK_START, /* it waited, and may start */
	CHECK_OVERDUE, /* it flew, and its deadline has passed */
};

struct check_entry {
	uint64_t at_ms;
	uint32_t id;
	bool flying;
};

/**
 * struct check_sched - zero-initialised is empty and valid
 * @heap: the earliest entry first
 * @place: by id: index in @heap + 1; 0 if the id has no entry
 * @room: ids may be [0, @room)
 */
struct check_sched {
	struct check_entry *heap;
	size_t n;
	uint32_t *place;
	size_t room;
};

/* Make room for the ids [0, @room). Return: 0, or -ENOMEM and nothing changed. */
int check_sched_reserve(struct check_sched *s, size_t room);
void check_sched_free(struct check_sched *s);

/* @id waits until @at_ms, whatever it did before. */
void check_sched_wait(struct check_sched *s, uint32_t id, uint64_t at_ms);

/* @id flies, and must be back by @deadline_ms. */
void check_sched_fly(struct check_sched *s, uint32_t id, uint64_t deadline_ms);

/* Forget @id. */
void check_sched_remove(struct check_sched *s, uint32_t id);

/* Take out the earliest entry if its time has come. */
enum check_due check_sched_take(struct check_sched *s, uint64_t now_ms, uint32_t *id);

/* The time of the earliest entry, or CHECK_NEVER. */
uint64_t check_sched_next_ms(const struct check_sched *s);

#endif /* HEALTH_CHECK_SCHED_H */
