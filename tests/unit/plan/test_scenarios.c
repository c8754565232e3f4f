/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole stories on a clock of their own: three servers of a service, what happens to them
 * second by second, and who has how much of the table then. In the middle of each the
 * config is read again, or the daemon is another one.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"
#include "plan/life.h"

#define BEGIN_MS 5000000
#define SLOTS 4096

/* A daemon that keeps time. */
struct play {
	struct conf *conf;
	struct admin admin;
	struct ids *ids;
	struct lives lives;
	struct plan *plan;
	enum health_state health[3];
	uint64_t now_ms;
	uint64_t next_ms;
};

static struct plan_condition condition_of(void *arg, size_t service, size_t backend)
{
	struct play *p = arg;
	const struct conf_service *s = &p->conf->services[service];
	const struct admin_entry *said = admin_find(&p->admin, s->name, s->backends[backend].name);
	struct life *life = lives_at(&p->lives, service, backend);
	uint64_t next_ms;

	life_see(life, p->health[backend], said ? said->state : ADMIN_ENABLED, p->now_ms);
	next_ms = life_next_ms(life, s, said, p->now_ms);
	p->next_ms = next_ms < p->next_ms ? next_ms : p->next_ms;
	return (struct plan_condition){
		.health = p->health[backend],
		.warmth = life_warmth(life, s->slow_start_ms, p->now_ms),
		.is_over = life_is_over(life, s, said, p->now_ms),
	};
}

static void play_plan(struct play *p)
{
	struct plan *next;

	p->next_ms = LIFE_NEVER;
	cr_assert_eq(plan_build(p->conf, &p->admin, p->ids, condition_of, p, &next), 0);
	plan_free(p->plan);
	p->plan = next;
}

static struct conf_service *play_open(struct play *p)
{
	*p = (struct play){ .conf = make_web(SLOTS, 3, 100),
			    .ids = ids_create(),
			    .health = { HEALTH_UP, HEALTH_UP, HEALTH_UP },
			    .now_ms = BEGIN_MS };
	cr_assert_eq(lives_follow(&p->lives, p->conf), 0);
	play_plan(p);
	return &p->conf->services[0];
}

static void play_close(struct play *p)
{
	make_free(&p->conf);
	admin_free(&p->admin);
	ids_free(p->ids);
	lives_free(&p->lives);
	plan_free(p->plan);
}

/* Seconds pass; the daemon wakes when it has said that it would, and at no other time. */
static void pass(struct play *p, uint32_t seconds)
{
	const uint64_t until_ms = p->now_ms + seconds * 1000;

	while (p->next_ms <= until_ms) {
		cr_assert_gt(p->next_ms, p->now_ms, "it would never sleep");
		p->now_ms = p->next_ms;
		play_plan(p);
	}
	p->now_ms = until_ms;
}

static void set_health(struct play *p, size_t i, enum health_state health)
{
	p->health[i] = health;
	play_plan(p);
}

static struct admin_entry *say(struct play *p, size_t i, enum admin_state state)
{
	struct admin_entry *e = admin_get(&p->admin, "web", p->conf->services[0].backends[i].name);

	e->state = state;
	e->deadline_ms = 0;
	return e;
}

/* The config as it was is read again. */
static void reload(struct play *p)
{
	cr_assert_eq(lives_follow(&p->lives, p->conf), 0);
	play_plan(p);
}

/* Another daemon goes on @away_s later, and knows what the state file says. */
static void restart(struct play *p, uint32_t away_s)
{
	struct life kept[3];

	for (size_t i = 0; i < 3; i++)
		kept[i] = *lives_at(&p->lives, 0, i);
	lives_free(&p->lives);
	p->now_ms += away_s * 1000;
	cr_assert_eq(lives_follow(&p->lives, p->conf), 0);
	for (size_t i = 0; i < 3; i++)
		*lives_at(&p->lives, 0, i) = (struct life){ .is_cold = kept[i].down_ms,
							    .up_ms = kept[i].up_ms,
							    .down_ms = kept[i].down_ms };
	play_plan(p);
}

static const struct plan_backend *server(const struct play *p, size_t i)
{
	return plan_backend_of(p->plan, 0, i);
}

/* In percent, rounded. */
static void expect_warmth(const struct play *p, size_t i, uint32_t percent)
{
	const uint32_t got = (server(p, i)->warmth * 100ULL + PLAN_KEEP_ALL / 2) / PLAN_KEEP_ALL;

	cr_assert_eq(got, percent, "%lu s: %u %%, not %u", (p->now_ms - BEGIN_MS) / 1000, got,
		     percent);
}

/* --- slow start ------------------------------------------------------------------------ */

Test(scenarios, slow_start_over_a_reload_and_a_restart)
{
	_cleanup_(play_close) struct play p;
	struct conf_service *s = play_open(&p);

	s->slow_start_ms = 90000;
	play_plan(&p);
	expect_warmth(&p, 0, 100);
	set_health(&p, 0, HEALTH_DOWN);
	pass(&p, 10);
	set_health(&p, 0, HEALTH_UP);
	expect_warmth(&p, 0, 10);
	pass(&p, 25);
	expect_warmth(&p, 0, 30);
	reload(&p);
	expect_warmth(&p, 0, 30);
	pass(&p, 10);
	expect_warmth(&p, 0, 40);
	restart(&p, 20);
	expect_warmth(&p, 0, 60);
	pass(&p, 30);
	expect_warmth(&p, 0, 90);
	pass(&p, 5);
	expect_warmth(&p, 0, 100);
	cr_assert_eq(p.next_ms, LIFE_NEVER);
}

/* A server that flaps never has more than it had time to warm up for. */
Test(scenarios, flaps)
{
	_cleanup_(play_close) struct play p;
	struct conf_service *s = play_open(&p);

	s->slow_start_ms = 90000;
	for (uint32_t i = 0; i < 10; i++) {
		set_health(&p, 1, HEALTH_DOWN);
		cr_assert_not(server(&p, 1)->serves);
		pass(&p, 3);
		if (i == 5)
			restart(&p, 1);
		set_health(&p, 1, HEALTH_UP);
		expect_warmth(&p, 1, 10);
		pass(&p, 12);
		expect_warmth(&p, 1, 20);
		expect_warmth(&p, 0, 100);
	}
}

Test(scenarios, all_come_up_again_together)
{
	_cleanup_(play_close) struct play p;
	struct conf_service *s = play_open(&p);

	s->slow_start_ms = 90000;
	for (size_t i = 0; i < 3; i++)
		set_health(&p, i, HEALTH_DOWN);
	pass(&p, 60);
	set_health(&p, 0, HEALTH_UP);
	expect_warmth(&p, 0, 100);
	set_health(&p, 1, HEALTH_UP);
	expect_warmth(&p, 0, 100);
	expect_warmth(&p, 1, 100);
	pass(&p, 10);
	/* And who comes later has less than those. */
	set_health(&p, 2, HEALTH_UP);
	expect_warmth(&p, 0, 100);
	expect_warmth(&p, 2, 50);
	pass(&p, 80);
	expect_warmth(&p, 2, 90);
	pass(&p, 10);
	expect_warmth(&p, 2, 100);
}

/* --- drains ------------------------------------------------------------------------------ */

Test(scenarios, a_drain_ends_over_a_reload_and_a_restart)
{
	_cleanup_(play_close) struct play p;
	struct conf_service *s = play_open(&p);

	s->on_down = CONF_ON_DOWN_RESET;
	say(&p, 0, ADMIN_DRAIN)->deadline_ms = p.now_ms + 60000;
	play_plan(&p);
	cr_assert(server(&p, 0)->alive && !server(&p, 0)->resets && !server(&p, 0)->serves);
	pass(&p, 30);
	reload(&p);
	restart(&p, 20);
	cr_assert_not(server(&p, 0)->resets);
	pass(&p, 9);
	cr_assert_not(server(&p, 0)->resets);
	pass(&p, 1);
	cr_assert(server(&p, 0)->resets, "its time is over");
	restart(&p, 5);
	cr_assert(server(&p, 0)->resets, "and stays so");
	say(&p, 0, ADMIN_ENABLED);
	play_plan(&p);
	cr_assert(server(&p, 0)->serves && !server(&p, 0)->resets);
	expect_warmth(&p, 0, 100);
}

Test(scenarios, a_drain_whose_end_nobody_was_there_for)
{
	_cleanup_(play_close) struct play p;

	play_open(&p);
	say(&p, 0, ADMIN_DRAIN)->deadline_ms = p.now_ms + 10000;
	play_plan(&p);
	cr_assert(server(&p, 0)->alive);
	restart(&p, 3600);
	cr_assert_not(server(&p, 0)->alive);
}

/* Who fails while he is drained, and is up again, is drained. */
Test(scenarios, a_drained_server_fails)
{
	_cleanup_(play_close) struct play p;

	play_open(&p);
	say(&p, 0, ADMIN_DRAIN);
	play_plan(&p);
	set_health(&p, 0, HEALTH_DOWN);
	cr_assert_not(server(&p, 0)->alive);
	set_health(&p, 0, HEALTH_UP);
	cr_assert(server(&p, 0)->alive && !server(&p, 0)->serves);
}

Test(scenarios, down_like_a_drain)
{
	_cleanup_(play_close) struct play p;
	struct conf_service *s = play_open(&p);

	s->on_down = CONF_ON_DOWN_DRAIN;
	s->drain.timeout_ms = 30000;
	set_health(&p, 0, HEALTH_DOWN);
	pass(&p, 20);
	restart(&p, 5);
	cr_assert(server(&p, 0)->alive);
	pass(&p, 5);
	cr_assert_not(server(&p, 0)->alive);
	set_health(&p, 0, HEALTH_UP);
	cr_assert(server(&p, 0)->alive && server(&p, 0)->serves);
}
