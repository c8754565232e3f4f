/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What time makes of backends: pure, on the caller's clock. Who comes up cold warms up
 * by steps (slow start); who is drained, or went down where that is like a drain, has
 * its flows for a while (drain.timeout).
 *
 *	a start             what is up is warm: it was so before, or all come up together
 *	new after a reload  cold
 *	went down, maint    cold, when it is up again
 *	a restart           goes on where it was: struct life is kept in the state file
 */
#ifndef PLAN_LIFE_H
#define PLAN_LIFE_H

#include "base/dict.h"
#include "plan/plan.h"

/* life_next_ms() where time changes nothing. */
#define LIFE_NEVER UINT64_MAX

/* A backend that warms up does it in so many steps, of a second at least. */
#define LIFE_STEPS 9

/**
 * struct life - one backend
 * @health: as it was seen last
 * @is_cold: when it comes up it has to warm up
 * @up_ms: since when it warms up; 0: it is warm, or not up
 * @down_ms: since when it is down; 0: it is not
 */
struct life {
	enum health_state health;
	bool is_cold;
	uint64_t up_ms;
	uint64_t down_ms;
};

/* It is seen like this now; @now_ms is not 0. */
void life_see(struct life *l, enum health_state health, enum admin_state admin, uint64_t now_ms);

/* How warm it is: of PLAN_KEEP_ALL, never 0. */
uint32_t life_warmth(const struct life *l, uint32_t slow_start_ms, uint64_t now_ms);

/**
 * life_is_over() - the time is up in which it may keep its flows
 * @said: of the operator, or NULL
 *
 * Of a drain that has a deadline; or, with on_down: drain, of a backend that is down for
 * longer than drain.timeout, if there is one.
 */
bool life_is_over(const struct life *l, const struct conf_service *service,
		  const struct admin_entry *said, uint64_t now_ms);

/* When one of the two answers differently next, if nothing else happens; or LIFE_NEVER. */
uint64_t life_next_ms(const struct life *l, const struct conf_service *service,
		      const struct admin_entry *said, uint64_t now_ms);

/**
 * struct lives - of all backends of a config; zero-initialised is empty and valid
 * @by_place: in the order of the config; service s begins at @first[s]
 */
struct lives {
	struct life_record **by_place;
	struct dict by_name;
	size_t n;
	size_t *first;
};

struct life_record {
	char *name; /* "service/backend" */
	struct life life;
	bool kept; /* scratch */
};

/**
 * lives_build() - those of @conf, in @next, which is empty
 *
 * Who is in @lives goes on as it was, by name; who is new is cold, unless all are. Either
 * lives_switch() or lives_discard() comes next, before anything else is done with @lives.
 *
 * Return: 0, or -ENOMEM and @next is empty.
 */
int lives_build(struct lives *next, const struct lives *lives, const struct conf *conf);
void lives_discard(struct lives *next);
/* @lives become @next, which is empty then. */
void lives_switch(struct lives *lives, struct lives *next);

/* Both in one step: those of @conf from now on. 0, or -ENOMEM and nothing changed. */
int lives_follow(struct lives *lives, const struct conf *conf);
void lives_free(struct lives *lives);

/* By indices in the config that was followed last. */
struct life *lives_at(const struct lives *lives, size_t service, size_t backend);
/* By name; NULL if there is none. */
struct life *lives_find(const struct lives *lives, const char *service, const char *backend);

#endif /* PLAN_LIFE_H */
