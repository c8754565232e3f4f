/* SPDX-License-Identifier: BSD-2-Clause */
/* The interface: reloads and restarts, with a prober that works meanwhile. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "world.h"

static struct world w;

static void setup(void)
{
	world_init(&w);
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(health, .init = setup, .fini = teardown, .timeout = 120);

Test(health, a_reload_carries_state_by_name)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	server_close(world_add(&w, "127.0.0.1", CONF_CHECK_TCP));
	world_add(&w, "127.0.0.1", CONF_CHECK_NONE);
	world_start(&w, prober_main);
	cr_expect_eq(world_status(&w, 2)->state, HEALTH_UP);
	cr_expect_eq(world_status(&w, 2)->code, HEALTH_UNCHECKED_CODE);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_DOWN);

	/* Swap the first two, drop the third. */
	w.backends[2] = w.backends[0];
	w.backends[0] = w.backends[1];
	w.backends[1] = w.backends[2];
	w.service.n_backends = 2;
	world_configure(&w);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 1)->state, HEALTH_UP);
	world_wait_probes(&w, 1, world_status(&w, 1)->results[1] + 3);
	cr_expect_eq(w.changes, 2);
}

Test(health, a_reload_forgets_the_verdict_on_another_address)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	w.backends[0].address.b[15] = 2;
	world_configure(&w);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UNKNOWN);
	cr_expect_not(health_is_settled(w.health));
	world_wait_state(&w, 0, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_L4CON_CODE);
}

/* A probe under way survives reloads that come faster than it. */
Test(health, reloads_do_not_starve_probes)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;

	world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);
	w.backends[0].check.timeout_ms = 300;
	world_start(&w, prober_main);
	while (world_status(&w, 0)->state != HEALTH_DOWN) {
		cr_assert_lt(clock_now_ms(), end_ms);
		world_turn(&w);
		world_configure(&w);
	}
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_L7TOUT_CODE);
}

Test(health, a_bad_check_leaves_all_as_it_was)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	w.backends[0].check.port = 0;
	cr_expect_eq(health_configure(w.health, &w.conf, clock_now_ms()), -EINVAL);
	world_wait_probes(&w, 0, world_status(&w, 0)->results[1] + 3);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);
}

Test(health, a_restored_verdict_needs_rise_or_fall_to_change)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	server_close(world_add(&w, "127.0.0.1", CONF_CHECK_TCP));
	world_start(&w, prober_main);
	health_restore(w.health, "web", "b0", HEALTH_DOWN, 1234);
	health_restore(w.health, "web", "b1", HEALTH_UP, 1234);
	health_restore(w.health, "web", "nobody", HEALTH_UP, 1234);
	cr_expect(health_is_settled(w.health));
	cr_expect_eq(world_status(&w, 0)->since_wall_s, 1234);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_eq(world_status(&w, 0)->results[1], 2);
	world_wait_state(&w, 1, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 1)->results[0], 3);
}

/* Without work its descriptor is quiet, and the loop of the daemon sleeps. */
Test(health, is_quiet_between_checks)
{
	struct pollfd fd;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	w.backends[0].check.interval_ms = 600 * 1000;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	fd = (struct pollfd){ .fd = health_fd(w.health), .events = POLLIN };
	cr_expect_eq(poll(&fd, 1, 50), 0);
}

Test(health, without_backends_is_settled)
{
	world_start(&w, prober_main);
	cr_expect(health_is_settled(w.health));
	cr_expect_eq(health_dispatch(w.health, clock_now_ms()), 0);
}

Test(health, names_every_code)
{
	for (size_t i = 0; i < HEALTH_CODES; i++) {
		cr_expect(health_code_name(i)[0]);
		cr_expect(health_code_text(i)[0]);
	}
	cr_expect_str_eq(health_code_name(HEALTH_L4TOUT_CODE), "L4TOUT");
	cr_expect_str_eq(health_state_name(HEALTH_DOWN), "down");
}

/* Whoever clients complain of is probed now, and not again for each complaint. */
Test(health, suspicion_is_looked_into_at_once)
{
	const uint64_t begin_ms = clock_now_ms();
	uint64_t probes;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	for (size_t i = 0; i < 2; i++) {
		w.backends[i].check.interval_ms = 600 * 1000;
		w.backends[i].check.fast_interval_ms = 200;
	}
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_UP);
	probes = world_status(&w, 0)->results[1];

	while (world_status(&w, 0)->results[1] < probes + 3) {
		health_suspect(w.health, 0, 0, clock_now_ms());
		world_turn(&w);
		cr_assert_lt(clock_now_ms(), begin_ms + WORLD_PATIENCE_MS);
	}
	cr_expect_geq(clock_now_ms() - begin_ms, 600UL, "faster than fast_interval");
	cr_expect_eq(world_status(&w, 1)->results[1], 1UL, "nobody complained of this one");

	server_close(&w.servers[1]);
	health_suspect(w.health, 0, 1, clock_now_ms());
	world_wait_state(&w, 1, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 1)->code, HEALTH_L4CON_CODE);
	cr_expect_eq(world_status(&w, 1)->results[0], 3UL);
}

Test(health, suspicion_of_what_is_not_checked_or_not_up_is_nothing)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_NONE);
	server_close(world_add(&w, "127.0.0.1", CONF_CHECK_TCP));
	w.backends[1].check.down_interval_ms = 600 * 1000;
	world_start(&w, prober_main);
	world_wait_state(&w, 1, HEALTH_DOWN);
	for (int i = 0; i < 20; i++) {
		health_suspect(w.health, 0, 0, clock_now_ms());
		health_suspect(w.health, 0, 1, clock_now_ms());
		world_turn(&w);
	}
	cr_expect_eq(world_status(&w, 1)->results[0], 1UL);
	cr_expect_eq(world_status(&w, 0)->results[0] + world_status(&w, 0)->results[1], 0UL);
}
