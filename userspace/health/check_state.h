/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict on one backend: pure, on the caller's clock.
 *
 *	            pass                        fail x fall
 *	UNKNOWN ------------> UP      UP --------------------> DOWN
 *	UNKNOWN ------------> DOWN    UP <-------------------- DOWN
 *	            fail                        pass x rise
 *
 * One contrary result ends a streak. A void result (the fault is on this side:
 * no socket, no prober) moves nothing, because it says nothing of the backend;
 * otherwise a balancer short of file descriptors would take all its backends
 * down.
 *
 * The wait runs from the start of one check to the start of the next:
 * fast_interval while a verdict is changing or unknown, down_interval while
 * down and not rising, else interval. It is spread by +- jitter. The first
 * wait after a verdict is drawn from the whole interval instead: first checks
 * come close together, so that a start is quick, and this is what sets them
 * apart for good.
 */
#ifndef HEALTH_CHECK_STATE_H
#define HEALTH_CHECK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health/health.h"

/* First checks of a config are spread over this, or over less. */
#define CHECK_SPREAD_MS 500

struct check_timing {
	uint32_t interval_ms;
	uint32_t fast_interval_ms;
	uint32_t down_interval_ms;
	uint32_t rise;
	uint32_t fall;
	uint32_t jitter_percent;
};

enum check_outcome {
	CHECK_FAILED,
	CHECK_PASSED,
	CHECK_VOID,
};

/**
 * struct check_state - what is believed, and when to look again
 * @rising, @falling: consecutive results against @state; at most one is not 0
 * @started_ms: when the last check started
 * @due_ms: when the next one shall start
 * @random: state of the target's own generator
 * @apart: the first wait after a verdict has been drawn
 */
struct check_state {
	enum health_state state;
	uint32_t rising;
	uint32_t falling;
	uint64_t started_ms;
	uint64_t due_ms;
	uint64_t random;
	bool apart;
};

/* Unknown, first due at @due_ms; the same @seed gives the same waits. */
void check_state_init(struct check_state *s, uint64_t seed, uint64_t due_ms);

/* Believe @state from the start; the next results confirm or change it. */
void check_state_adopt(struct check_state *s, enum health_state state);

/* A check starts. */
void check_state_start(struct check_state *s, uint64_t now_ms);

/**
 * check_state_finish() - a check ended
 *
 * Sets @s->due_ms: never before @now_ms, even if the check took longer than
 * the interval.
 *
 * Return: true if the state changed.
 */
bool check_state_finish(struct check_state *s, const struct check_timing *t,
			enum check_outcome outcome, uint64_t now_ms);

/**
 * check_state_hasten() - something says that a backend which is up may not be
 *
 * Brings @s->due_ms forward to @now_ms, or to fast_interval after the last check
 * started: so often it is checked while a verdict is changing, and not more often
 * because of this. Many may be hastened at once: their next waits set them apart.
 */
void check_state_hasten(struct check_state *s, const struct check_timing *t, uint64_t now_ms);

/*
 * The same for one that is down and may be needed: but if it would not be sooner, false,
 * and nothing is changed.
 */
bool check_state_hasten_down(struct check_state *s, const struct check_timing *t, uint64_t now_ms);

/* That would be sooner than it is due. */
bool check_state_may_hasten(const struct check_state *s, const struct check_timing *t,
			    uint64_t now_ms);

/* When the @index-th of @n first checks starts, counted from now. */
uint64_t check_state_first_ms(const struct check_timing *t, size_t index, size_t n);

/* A number in [0, @bound); 0 if @bound is 0. */
uint64_t check_state_draw(struct check_state *s, uint64_t bound);

#endif /* HEALTH_CHECK_STATE_H */
