/* SPDX-License-Identifier: BSD-2-Clause */
/* What time makes of one backend, second by second. */
#include <criterion/criterion.h>
#include <string.h>

#include "make.h"
#include "plan/life.h"

#define START_MS 1000000
#define SLOW_MS 90000

/* In percent, rounded. */
static uint32_t warmth_at(const struct life *l, uint64_t now_ms)
{
	return (life_warmth(l, SLOW_MS, now_ms) * 100ULL + PLAN_KEEP_ALL / 2) / PLAN_KEEP_ALL;
}

static struct life see(enum health_state health)
{
	struct life l = { 0 };

	life_see(&l, health, ADMIN_ENABLED, START_MS);
	return l;
}

static void see_later(struct life *l, enum health_state health, uint64_t after_ms)
{
	life_see(l, health, ADMIN_ENABLED, START_MS + after_ms);
}

Test(life, who_is_up_at_the_start_is_warm)
{
	struct life l = see(HEALTH_UP);

	cr_assert_eq(life_warmth(&l, SLOW_MS, START_MS), PLAN_KEEP_ALL);
	l = see(HEALTH_UNKNOWN);
	see_later(&l, HEALTH_UP, 500);
	cr_assert_eq(life_warmth(&l, SLOW_MS, START_MS + 500), PLAN_KEEP_ALL);
}

Test(life, who_comes_back_warms_up_in_steps)
{
	struct life l = see(HEALTH_UP);

	see_later(&l, HEALTH_DOWN, 1000);
	see_later(&l, HEALTH_UP, 2000);
	for (uint32_t step = 0; step <= LIFE_STEPS; step++) {
		const uint64_t begin = START_MS + 2000 + step * 10000;

		cr_assert_eq(warmth_at(&l, begin), (step + 1) * 10, "%u", step);
		if (step < LIFE_STEPS)
			cr_assert_eq(warmth_at(&l, begin + 9999), (step + 1) * 10, "%u", step);
	}
	cr_assert_eq(life_warmth(&l, SLOW_MS, START_MS + 2000 + SLOW_MS), PLAN_KEEP_ALL);
	cr_assert_eq(life_warmth(&l, SLOW_MS, START_MS + 3600000), PLAN_KEEP_ALL);
	cr_assert_eq(life_warmth(&l, 0, START_MS + 2000), PLAN_KEEP_ALL, "without slow start");
}

Test(life, a_flap_begins_anew)
{
	struct life l = see(HEALTH_UP);

	for (int i = 0; i < 3; i++) {
		see_later(&l, HEALTH_DOWN, 60000 * i + 1000);
		see_later(&l, HEALTH_UP, 60000 * i + 2000);
		cr_assert_eq(warmth_at(&l, START_MS + 60000 * i + 2000), 10);
		see_later(&l, HEALTH_UP, 60000 * i + 32000);
		cr_assert_eq(warmth_at(&l, START_MS + 60000 * i + 32000), 40);
	}
}

Test(life, maintenance_and_another_server_are_cold)
{
	struct life l = see(HEALTH_UP);

	life_see(&l, HEALTH_UNKNOWN, ADMIN_MAINT, START_MS + 1000);
	see_later(&l, HEALTH_UNKNOWN, 2000);
	see_later(&l, HEALTH_UP, 3000);
	cr_assert_eq(warmth_at(&l, START_MS + 3000), 10);
	/* One without a check is up all the time. */
	l = see(HEALTH_UP);
	life_see(&l, HEALTH_UP, ADMIN_MAINT, START_MS + 1000);
	see_later(&l, HEALTH_UP, 2000);
	cr_assert_eq(warmth_at(&l, START_MS + 2000), 10);
	l = see(HEALTH_UP);
	see_later(&l, HEALTH_UNKNOWN, 1000);
	see_later(&l, HEALTH_UP, 2000);
	cr_assert_eq(warmth_at(&l, START_MS + 2000), 10);
	/* A drain does not cool. */
	l = see(HEALTH_UP);
	life_see(&l, HEALTH_UP, ADMIN_DRAIN, START_MS + 1000);
	see_later(&l, HEALTH_UP, 2000);
	cr_assert_eq(warmth_at(&l, START_MS + 2000), 100);
}

/* As many steps as seconds, so that the daemon's tick takes each of them. */
Test(life, a_short_slow_start_has_fewer_steps)
{
	struct life l = { .is_cold = true };

	life_see(&l, HEALTH_UP, ADMIN_ENABLED, START_MS);
	cr_assert_eq(life_warmth(&l, 1000, START_MS), PLAN_KEEP_ALL / 2);
	cr_assert_eq(life_warmth(&l, 1000, START_MS + 999), PLAN_KEEP_ALL / 2);
	cr_assert_eq(life_warmth(&l, 1000, START_MS + 1000), PLAN_KEEP_ALL);
	cr_assert_eq(life_warmth(&l, 3000, START_MS), PLAN_KEEP_ALL / 4);
}

/* Whoever asks at the times that it says misses no change. */
Test(life, says_when_it_changes)
{
	static const uint32_t slow[] = { 1000, 7001, 30000, 90000, 3600000 };
	struct conf_service service = { .name = "web" };

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		struct life l = { .is_cold = true };
		uint64_t now = START_MS, next;
		int changes = 0;

		service.slow_start_ms = slow[i];
		life_see(&l, HEALTH_UP, ADMIN_ENABLED, now);
		while ((next = life_next_ms(&l, &service, NULL, now)) != LIFE_NEVER) {
			cr_assert_gt(next, now);
			cr_assert_eq(life_warmth(&l, slow[i], next - 1),
				     life_warmth(&l, slow[i], now), "%u: too late", slow[i]);
			cr_assert_gt(life_warmth(&l, slow[i], next), life_warmth(&l, slow[i], now));
			now = next;
			changes++;
		}
		cr_assert_eq(life_warmth(&l, slow[i], now), PLAN_KEEP_ALL);
		cr_assert_eq(now, START_MS + slow[i]);
		cr_assert_leq(changes, LIFE_STEPS);
	}
}

Test(life, a_drain_ends)
{
	const struct conf_service service = { .name = "web" };
	struct admin_entry said = { .state = ADMIN_DRAIN, .deadline_ms = START_MS + 5000 };
	struct life l = see(HEALTH_UP);

	cr_assert_eq(life_next_ms(&l, &service, &said, START_MS), START_MS + 5000);
	cr_assert_not(life_is_over(&l, &service, &said, START_MS + 4999));
	cr_assert(life_is_over(&l, &service, &said, START_MS + 5000));
	cr_assert_eq(life_next_ms(&l, &service, &said, START_MS + 5000), LIFE_NEVER);
	said.state = ADMIN_ENABLED;
	cr_assert_not(life_is_over(&l, &service, &said, START_MS + 5000));
	said = (struct admin_entry){ .state = ADMIN_DRAIN };
	cr_assert_not(life_is_over(&l, &service, &said, START_MS + 1000000));
	cr_assert_eq(life_next_ms(&l, &service, &said, START_MS), LIFE_NEVER);
}

Test(life, being_down_ends_where_it_is_like_a_drain)
{
	struct conf_service service = { .name = "web", .drain.timeout_ms = 5000 };
	struct life l = see(HEALTH_UP);

	see_later(&l, HEALTH_DOWN, 1000);
	see_later(&l, HEALTH_DOWN, 3000);
	cr_assert_not(life_is_over(&l, &service, NULL, START_MS + 100000), "on_down: move");
	service.on_down = CONF_ON_DOWN_DRAIN;
	cr_assert_eq(life_next_ms(&l, &service, NULL, START_MS + 3000), START_MS + 6000);
	cr_assert_not(life_is_over(&l, &service, NULL, START_MS + 5999));
	cr_assert(life_is_over(&l, &service, NULL, START_MS + 6000));
	see_later(&l, HEALTH_UP, 7000);
	cr_assert_not(life_is_over(&l, &service, NULL, START_MS + 7000));
	see_later(&l, HEALTH_DOWN, 8000);
	cr_assert_not(life_is_over(&l, &service, NULL, START_MS + 8000), "a time of its own");
	service.drain.timeout_ms = 0;
	cr_assert_not(life_is_over(&l, &service, NULL, START_MS + 1000000));
}

/* --- all of a config --------------------------------------------------------------- */

Test(lives, go_on_by_name_and_newcomers_are_cold)
{
	struct conf *conf = make_web(1024, 3, 1);
	struct lives lives = { 0 };

	cr_assert_eq(lives_follow(&lives, conf), 0);
	cr_assert_not(lives_at(&lives, 0, 2)->is_cold, "all are new");
	lives_at(&lives, 0, 2)->up_ms = 77;
	conf->services[0].backends[0] = conf->services[0].backends[2];
	conf->services[0].n_backends = 1;
	make_backend(conf, &conf->services[0], 9, 1);
	make_backend(conf, make_service(conf, "dns", "192.0.2.81"), 3, 1);
	cr_assert_eq(lives_follow(&lives, conf), 0);
	cr_assert_eq(lives_at(&lives, 0, 0)->up_ms, 77);
	cr_assert_not(lives_at(&lives, 0, 0)->is_cold);
	cr_assert(lives_at(&lives, 0, 1)->is_cold);
	cr_assert_eq(lives_at(&lives, 1, 0)->up_ms, 0, "another service's");
	cr_assert_eq(lives_find(&lives, "web", "b3"), lives_at(&lives, 0, 0));
	cr_assert_null(lives_find(&lives, "web", "b1"));
	lives_free(&lives);
	make_free(&conf);
}
