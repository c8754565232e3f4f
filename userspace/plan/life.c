/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/life.h"

/* --- one ------------------------------------------------------------------------ */

static void cool(struct life *l)
{
	l->is_cold = true;
	l->up_ms = 0;
}

static void come_up(struct life *l, uint64_t now_ms)
{
	if (l->is_cold)
		l->up_ms = now_ms;
	l->is_cold = false;
	l->down_ms = 0;
}

/* What a former daemon knew of its time still holds. */
static void go_down(struct life *l, uint64_t now_ms)
{
	cool(l);
	if (!l->down_ms)
		l->down_ms = now_ms;
}

void life_see(struct life *l, enum health_state health, enum admin_state admin, uint64_t now_ms)
{
	const enum health_state was = l->health;

	l->health = health;
	if (admin == ADMIN_MAINT) {
		cool(l);
		l->down_ms = 0;
		/* Whatever it is afterwards is news. */
		l->health = HEALTH_UNKNOWN;
	} else if (health == HEALTH_DOWN) {
		go_down(l, now_ms);
	} else if (health == HEALTH_UP && was != HEALTH_UP) {
		come_up(l, now_ms);
	} else if (health == HEALTH_UNKNOWN && was != HEALTH_UNKNOWN) {
		/* Another server. */
		cool(l);
		l->down_ms = 0;
	}
}

static uint32_t steps_of(uint32_t slow_start_ms)
{
	const uint32_t seconds = slow_start_ms / 1000;

	return !seconds ? 1 : seconds < LIFE_STEPS ? seconds : LIFE_STEPS;
}

static uint64_t since(uint64_t then_ms, uint64_t now_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* Steps that it has taken; as many as there are: it is warm. */
static uint32_t steps_taken(const struct life *l, uint32_t slow_start_ms, uint64_t now_ms)
{
	const uint32_t steps = steps_of(slow_start_ms);
	const uint64_t age_ms = since(l->up_ms, now_ms);

	if (!l->up_ms || age_ms >= slow_start_ms)
		return steps;
	return age_ms * steps / slow_start_ms;
}

uint32_t life_warmth(const struct life *l, uint32_t slow_start_ms, uint64_t now_ms)
{
	const uint32_t parts = steps_of(slow_start_ms) + 1;
	const uint64_t taken = steps_taken(l, slow_start_ms, now_ms) + 1;

	return (taken * PLAN_KEEP_ALL + parts - 1) / parts;
}

/* When the flows of a backend in this state have had their time; LIFE_NEVER: never. */
static uint64_t end_ms(const struct life *l, const struct conf_service *service,
		       const struct admin_entry *said)
{
	const bool is_drained = said && said->state == ADMIN_DRAIN && said->deadline_ms;
	uint64_t end = is_drained ? said->deadline_ms : LIFE_NEVER;

	if (l->down_ms && service->on_down == CONF_ON_DOWN_DRAIN && service->drain.timeout_ms &&
	    l->down_ms + service->drain.timeout_ms < end)
		end = l->down_ms + service->drain.timeout_ms;
	return end;
}

bool life_is_over(const struct life *l, const struct conf_service *service,
		  const struct admin_entry *said, uint64_t now_ms)
{
	return now_ms >= end_ms(l, service, said);
}

/* When it is warmer than now. */
static uint64_t warmer_ms(const struct life *l, uint32_t slow_start_ms, uint64_t now_ms)
{
	const uint32_t steps = steps_of(slow_start_ms);
	const uint64_t taken = steps_taken(l, slow_start_ms, now_ms);

	if (taken == steps)
		return LIFE_NEVER;
	/* Rounded up, so that the step is taken by then. */
	return l->up_ms + ((taken + 1) * slow_start_ms + steps - 1) / steps;
}

uint64_t life_next_ms(const struct life *l, const struct conf_service *service,
		      const struct admin_entry *said, uint64_t now_ms)
{
	const uint64_t warmer = warmer_ms(l, service->slow_start_ms, now_ms);
	const uint64_t end = end_ms(l, service, said);

	return end > now_ms && end < warmer ? end : warmer;
}

/* --- all of a config -------------------------------------------------------------- */

static void free_record(struct life_record *r)
{
	free(r->name);
	free(r);
}

static void free_arrays(struct lives *lives)
{
	free(lives->by_place);
	dict_free(&lives->by_name);
	free(lives->first);
	*lives = (struct lives){ 0 };
}

void lives_free(struct lives *lives)
{
	array_for_each (r, lives->by_place, lives->n)
		free_record(*r);
	free_arrays(lives);
}

/* Mostly it stands where it stood: its number among all is @place. */
static struct life_record *find_near(const struct lives *lives, size_t place, const char *service,
				     const char *backend)
{
	struct life_record *r = place < lives->n ? lives->by_place[place] : NULL;

	return r && dict_is_pair(r->name, service, backend)
		       ? r
		       : dict_find_pair(&lives->by_name, service, backend);
}

/* The record of that name: that of @old, or a new one; NULL: no memory. */
static struct life_record *adopt(const struct lives *old, size_t place, const char *service,
				 const char *backend)
{
	struct life_record *r = find_near(old, place, service, backend);

	if (r) {
		r->kept = true;
		return r;
	}
	r = calloc(1, sizeof(*r));
	if (r && asprintf(&r->name, "%s/%s", service, backend) < 0) {
		free(r);
		return NULL;
	}
	if (r)
		r->life.is_cold = old->n;
	return r;
}

static int allocate(struct lives *next, const struct conf *conf)
{
	size_t n = 0;

	array_for_each (s, conf->services, conf->n_services)
		n += s->n_backends;
	next->by_place = calloc(n + 1, sizeof(*next->by_place));
	next->first = calloc(conf->n_services + 1, sizeof(*next->first));
	return next->by_place && next->first ? dict_reserve(&next->by_name, n) : -ENOMEM;
}

static int enter(struct lives *next, const struct lives *old, const struct conf *conf)
{
	int err = allocate(next, conf);

	for (size_t s = 0; !err && s < conf->n_services; s++) {
		const struct conf_service *service = &conf->services[s];

		next->first[s] = next->n;
		for (size_t b = 0; b < service->n_backends; b++) {
			struct life_record *r =
				adopt(old, next->n, service->name, service->backends[b].name);

			if (!r)
				return -ENOMEM;
			next->by_place[next->n++] = r;
		}
	}
	return err;
}

/* Those of @leaving that are in no other set. */
static void free_left(struct lives *leaving)
{
	array_for_each (r, leaving->by_place, leaving->n) {
		if (!(*r)->kept)
			free_record(*r);
		else
			(*r)->kept = false;
	}
	free_arrays(leaving);
}

int lives_build(struct lives *next, const struct lives *lives, const struct conf *conf)
{
	const int err = enter(next, lives, conf);

	if (err) {
		lives_discard(next);
		return err;
	}
	array_for_each (r, next->by_place, next->n)
		dict_add(&next->by_name, (*r)->name, *r);
	return 0;
}

void lives_discard(struct lives *next)
{
	free_left(next);
}

void lives_switch(struct lives *lives, struct lives *next)
{
	free_left(lives);
	*lives = *next;
	*next = (struct lives){ 0 };
}

int lives_follow(struct lives *lives, const struct conf *conf)
{
	struct lives next = { 0 };
	const int err = lives_build(&next, lives, conf);

	if (!err)
		lives_switch(lives, &next);
	return err;
}

struct life *lives_at(const struct lives *lives, size_t service, size_t backend)
{
	return &lives->by_place[lives->first[service] + backend]->life;
}

struct life *lives_find(const struct lives *lives, const char *service, const char *backend)
{
	struct life_record *r = dict_find_pair(&lives->by_name, service, backend);

	return r ? &r->life : NULL;
}
