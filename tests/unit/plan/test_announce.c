/* SPDX-License-Identifier: BSD-2-Clause */
/* What the network shall know: when a VIP is announced, and when it is not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "desk.h"
#include "net/addr.h"
#include "plan/announce.h"

#define WEB "192.0.2.80"
#define SHARED "192.0.2.81"
#define DNS "2001:db8::53"
#define POOL "198.51.100.1"

/*
 * Service web has WEB and SHARED, and three backends whose health the desk knows; dns
 * has SHARED and DNS, and one that is up.
 */
static struct desk d;
static struct announce a;
static struct announce_scene scene;

static bool is_known(void *arg, size_t service, size_t backend)
{
	const struct desk *desk = arg;

	return service || !desk->unknown[backend];
}

static void setup(void)
{
	struct conf_service *dns;

	desk_open(&d, make_web(1024, 3, 10));
	make_vip(d.conf, &d.conf->services[0], SHARED);
	d.conf->services[0].min_healthy = 2;
	dns = make_service(d.conf, "dns", SHARED);
	dns->ports[0].port = 53;
	dns->min_healthy = 1;
	make_vip(d.conf, dns, DNS);
	make_backend(d.conf, dns, 9, 1)->has_address6 = true;
	dns->backends[0].address6 = make_addr("2001:db8::9");
	scene = (struct announce_scene){
		.conf = d.conf,
		.is_known = is_known,
		.arg = &d,
		.now_ms = 1000,
		.now_wall_s = 1700000000,
	};
}

static void teardown(void)
{
	announce_free(&a);
	desk_close(&d);
}

TestSuite(announce, .init = setup, .fini = teardown);

static void look(void)
{
	desk_plan(&d);
	scene.plan = d.plan;
	cr_assert_eq(announce_follow(&a, &scene), 0);
}

static const struct announce_addr *of(const char *text)
{
	const struct shunt_addr addr = make_addr(text);
	const struct announce_addr *i = announce_find(&a, &addr);

	cr_assert_not_null(i, "%s is not there", text);
	return i;
}

#define EXPECT(text, wanted)                                                                       \
	cr_expect_str_eq(announce_state_name(of(text)->state), wanted, "%s is %s", text,           \
			 announce_state_name(of(text)->state))

Test(announce, each_address_once_and_sorted)
{
	look();
	cr_assert_eq(a.n, 3);
	for (size_t i = 1; i < a.n; i++)
		cr_expect_lt(addr_compare(&a.list[i - 1].addr, &a.list[i].addr), 0);
	EXPECT(WEB, "announced");
	EXPECT(SHARED, "announced");
	EXPECT(DNS, "announced");
	cr_expect(announce_has(&a, ANNOUNCE_ANNOUNCED));
	cr_expect_not(announce_has(&a, ANNOUNCE_WITHDRAWN));
	cr_expect_null(announce_find(&a, &d.conf->services[0].backends[0].address));
}

Test(announce, withdrawn_below_min_healthy_and_back)
{
	look();
	desk_set_down(&d, "1");
	scene.now_wall_s += 10;
	look();
	EXPECT(WEB, "announced");
	cr_expect_eq(of(WEB)->since_wall_s, 1700000000);
	desk_set_down(&d, "12");
	look();
	EXPECT(WEB, "withdrawn");
	cr_expect_eq(of(WEB)->since_wall_s, 1700000010);
	cr_expect_str_eq(of(WEB)->service, "web");
	cr_expect_eq(of(WEB)->usable, 1);
	cr_expect_eq(of(WEB)->wanted, 2);
	/* What one service of a VIP lacks, the VIP lacks. */
	EXPECT(SHARED, "withdrawn");
	EXPECT(DNS, "announced");
	desk_set_down(&d, "");
	look();
	EXPECT(WEB, "announced");
	cr_expect_null(of(WEB)->service);
}

Test(announce, who_is_drained_is_not_usable)
{
	desk_drain(&d, "b1", true);
	look();
	EXPECT(WEB, "announced");
	desk_drain(&d, "b2", true);
	look();
	EXPECT(WEB, "withdrawn");
}

Test(announce, min_healthy_0_withdraws_nothing)
{
	d.conf->services[0].min_healthy = 0;
	desk_set_down(&d, "123");
	look();
	EXPECT(WEB, "announced");
	EXPECT(SHARED, "announced");
}

/* Two of three are up, which would do; but all flows would go to these two. */
Test(announce, waits_for_the_first_verdicts)
{
	d.unknown[2] = true;
	look();
	EXPECT(WEB, "waiting");
	EXPECT(SHARED, "waiting");
	EXPECT(DNS, "announced");
	d.unknown[2] = false;
	d.down[2] = true;
	look();
	EXPECT(WEB, "announced");
	/* A new one is nobody's first verdict. */
	d.unknown[2] = true;
	look();
	EXPECT(WEB, "announced");
	d.down[1] = true;
	look();
	EXPECT(WEB, "announced");
	cr_expect(announce_is_open(&a));
	d.unknown[2] = false;
	look();
	EXPECT(WEB, "withdrawn");
}

Test(announce, does_not_wait_for_ever)
{
	d.unknown[2] = true;
	look();
	scene.now_ms += ANNOUNCE_PATIENCE_MS - 1;
	look();
	EXPECT(WEB, "waiting");
	scene.now_ms++;
	look();
	EXPECT(WEB, "announced");
	desk_set_down(&d, "1");
	look();
	EXPECT(WEB, "withdrawn");
}

Test(announce, a_vip_that_comes_later_waits_for_itself)
{
	look();
	scene.now_ms += 10 * ANNOUNCE_PATIENCE_MS;
	d.unknown[0] = true;
	make_vip(d.conf, &d.conf->services[0], "192.0.2.99");
	look();
	EXPECT(WEB, "announced");
	EXPECT("192.0.2.99", "waiting");
	d.unknown[0] = false;
	look();
	EXPECT("192.0.2.99", "announced");
}

Test(announce, the_whole_balancer_is_drained)
{
	look();
	scene.is_drained = true;
	look();
	EXPECT(WEB, "drained");
	EXPECT(DNS, "drained");
	desk_set_down(&d, "123");
	look();
	EXPECT(WEB, "withdrawn");
	scene.is_drained = false;
	look();
	EXPECT(WEB, "withdrawn");
	EXPECT(DNS, "announced");
}

static void use_pool(void)
{
	static struct shunt_addr pool[1];

	pool[0] = make_addr(POOL);
	d.conf->nat_pool = pool;
	d.conf->n_nat_pool = 1;
	d.conf->nat_connections = 1024;
	d.conf->nat_first_port = 10000;
	d.conf->nat_last_port = 10999;
	d.conf->services[0].forward = SHUNT_FORWARD_FULLNAT;
	d.conf->services[0].ports[0].proto = 6;
}

Test(announce, the_pool_stays_whatever_happens)
{
	use_pool();
	look();
	cr_assert_eq(a.n, 3, "nobody asked for it");
	d.conf->ha.routes.pool = true;
	scene.is_drained = true;
	desk_set_down(&d, "123");
	look();
	EXPECT(POOL, "announced");
	EXPECT(WEB, "withdrawn");
	announce_withdraw(&a, 5);
	EXPECT(POOL, "announced");
	EXPECT(DNS, "withdrawn");
	cr_expect_eq(of(DNS)->since_wall_s, 5);
	cr_expect_eq(of(WEB)->since_wall_s, 1700000000);
}

/* Peers have not told yet what they have. */
Test(announce, who_is_held_announces_nothing_yet)
{
	use_pool();
	d.conf->ha.routes.pool = true;
	scene.is_held = true;
	look();
	EXPECT(WEB, "waiting");
	EXPECT(POOL, "waiting");
	cr_expect(of(WEB)->is_held);
	cr_expect(announce_is_open(&a));
	scene.now_ms += 10 * ANNOUNCE_PATIENCE_MS;
	look();
	EXPECT(WEB, "waiting");
	/* What a former daemon has announced does not stay for nothing. */
	d.down[0] = d.down[1] = true;
	look();
	EXPECT(WEB, "withdrawn");
	d.down[0] = d.down[1] = false;
	look();
	EXPECT(WEB, "waiting");
	scene.is_held = false;
	d.down[0] = d.down[1] = true;
	look();
	EXPECT(WEB, "withdrawn");
	EXPECT(DNS, "announced");
	EXPECT(POOL, "announced");
	cr_expect_not(of(DNS)->is_held);
	/* What was decided stays. */
	scene.is_held = true;
	look();
	EXPECT(DNS, "announced");
	EXPECT(POOL, "announced");
}

/* What the maps are about to lose goes first, and what is decided is not touched by that. */
Test(announce, what_a_plan_lacks_is_not_kept)
{
	const struct shunt_addr pool = make_addr(POOL);
	struct announce kept;

	use_pool();
	d.conf->ha.routes.pool = true;
	desk_set_down(&d, "12");
	look();
	cr_assert_eq(announce_keep(&a, d.plan, &kept), 0);
	cr_expect_eq(kept.n, 4);
	free(kept.list);
	d.conf->n_services = 1;
	desk_plan(&d);
	cr_assert_eq(announce_keep(&a, d.plan, &kept), 0);
	cr_expect_eq(kept.n, 3);
	cr_expect_null(announce_find(&kept, &of(DNS)->addr));
	cr_expect_eq(announce_find(&kept, &of(WEB)->addr)->state, ANNOUNCE_WITHDRAWN);
	cr_expect_eq(announce_find(&kept, &of(WEB)->addr)->service, of(WEB)->service);
	cr_expect_eq(announce_find(&kept, &pool)->state, ANNOUNCE_ANNOUNCED);
	free(kept.list);
	EXPECT(DNS, "announced");
	d.conf->services[0].forward = SHUNT_FORWARD_DIRECT;
	d.conf->services[0].n_vips = 1;
	desk_plan(&d);
	cr_assert_eq(announce_keep(&a, d.plan, &kept), 0);
	cr_expect_eq(kept.n, 1);
	free(kept.list);
}

Test(announce, what_goes_is_forgotten)
{
	look();
	d.conf->n_services = 1;
	look();
	cr_expect_eq(a.n, 2);
	desk_close(&d);
	desk_open(&d, make_web(1024, 1, 1));
	scene.conf = d.conf;
	scene.arg = &d;
	look();
	cr_expect_eq(a.n, 1);
}

/* Other backends, as of a reload, that have no verdicts yet. */
Test(announce, who_comes_later_takes_nothing_away)
{
	look();
	d.unknown[0] = d.unknown[1] = d.unknown[2] = true;
	look();
	EXPECT(WEB, "announced");
	EXPECT(SHARED, "announced");
	cr_expect(announce_is_open(&a));
	scene.is_drained = true;
	look();
	EXPECT(WEB, "drained");
	scene.is_drained = false;
	scene.now_ms += ANNOUNCE_PATIENCE_MS;
	look();
	EXPECT(WEB, "withdrawn");
	cr_expect_str_eq(of(WEB)->service, "web");
	cr_expect_not(announce_is_open(&a));
	scene.now_ms += ANNOUNCE_PATIENCE_MS;
	look();
	EXPECT(WEB, "withdrawn");
	EXPECT(DNS, "announced");
}

Test(announce, who_comes_later_brings_nothing_back)
{
	desk_set_down(&d, "123");
	look();
	EXPECT(WEB, "withdrawn");
	desk_set_down(&d, "");
	d.unknown[0] = d.unknown[1] = true;
	look();
	EXPECT(WEB, "withdrawn");
	cr_expect_str_eq(of(WEB)->service, "web");
	cr_expect_not(announce_is_open(&a));
	d.unknown[0] = d.unknown[1] = false;
	look();
	EXPECT(WEB, "announced");
}
