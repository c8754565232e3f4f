/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload keeps, and what it forgets: the set of targets alone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/target.h"
#include "net/addr.h"

static struct conf_backend backends[2][3];
static struct conf_service services[2];
static struct conf conf;
static struct target_set set;

static void setup(void)
{
	static const char *const names[] = { "b0", "b1", "b2" };

	memset(services, 0, sizeof(services));
	for (size_t s = 0; s < 2; s++) {
		services[s].name = s ? "db" : "web";
		services[s].backends = backends[s];
		services[s].n_backends = 3;
		for (size_t b = 0; b < 3; b++) {
			backends[s][b] = (struct conf_backend){
				.name = names[b],
				.has_address = true,
				.check = { .type = CONF_CHECK_TCP,
					   .interval_ms = 2000,
					   .timeout_ms = 1000,
					   .rise = 2,
					   .fall = 3,
					   .port = 80,
					   .path = "/",
					   .n_status = 1 },
			};
			addr_parse("192.0.2.1", &backends[s][b].address);
		}
	}
	conf = (struct conf){ .services = services, .n_services = 2 };
}

static void teardown(void)
{
	target_set_free(&set);
}

TestSuite(target, .init = setup, .fini = teardown);

static void load(void)
{
	struct target_set next = { 0 };

	cr_assert_eq(target_set_build(&next, &set, &conf), 0);
	target_set_switch(&set, &next, &conf, 0);
}

Test(target, has_the_order_of_the_config)
{
	load();
	cr_expect_eq(set.n, 6);
	cr_expect_str_eq(set.by_place[set.first[1] + 2]->name, "db/b2");
	cr_expect_eq(target_set_find(&set, "web/b1"), set.by_place[1]);
	cr_expect_null(target_set_find(&set, "web/b3"));
	for (size_t i = 0; i < set.n; i++) {
		cr_expect_eq(set.by_place[i]->news, TARGET_NEW);
		cr_expect_eq(set.by_id[set.by_place[i]->id], set.by_place[i]);
	}
}

Test(target, keeps_state_under_the_same_name)
{
	struct target *t;

	load();
	t = target_set_find(&set, "db/b2");
	t->status.state = HEALTH_DOWN;
	t->request.serial = 77;
	services[0].n_backends = 1; /* everything moves */
	load();
	cr_expect_eq(target_set_find(&set, "db/b2"), t);
	cr_expect_eq(set.by_place[set.first[1] + 2], t);
	cr_expect_eq(t->news, TARGET_SAME);
	cr_expect_eq(t->status.state, HEALTH_DOWN);
	cr_expect_eq(t->request.serial, 77);
	cr_expect_null(target_set_find(&set, "web/b1"));
	cr_expect_eq(set.by_id[t->id], t);
}

Test(target, uses_free_ids_again)
{
	load();
	for (int i = 0; i < 50; i++) {
		services[0].n_backends = i % 2 ? 3 : 0;
		load();
		cr_assert_leq(set.n_ids, 6);
	}
}

Test(target, at_another_address_is_unknown_again)
{
	struct target *t;

	load();
	t = target_set_find(&set, "web/b0");
	t->status.state = HEALTH_UP;
	t->check.state = HEALTH_UP;
	t->status.results[1] = 5;
	addr_parse("192.0.2.2", &backends[0][0].address);
	load();
	cr_expect_eq(t->news, TARGET_NEW);
	cr_expect_eq(t->status.state, HEALTH_UNKNOWN);
	cr_expect_eq(t->check.state, HEALTH_UNKNOWN);
	cr_expect_eq(t->status.results[1], 5, "counters do not go back");
}

Test(target, with_another_check_keeps_its_verdict)
{
	struct target *t;

	load();
	t = target_set_find(&set, "web/b0");
	t->status.state = HEALTH_UP;
	backends[0][0].check.port = 81;
	load();
	cr_expect_eq(t->news, TARGET_CHECK);
	cr_expect_eq(t->status.state, HEALTH_UP);
	cr_expect_eq(t->request.port, 81);
	backends[0][0].check.interval_ms = 100;
	load();
	cr_expect_eq(t->news, TARGET_CHECK);
	load();
	cr_expect_eq(t->news, TARGET_SAME);
}

Test(target, without_a_check_is_up)
{
	backends[0][0].check = (struct conf_check){ .type = CONF_CHECK_NONE };
	load();
	cr_expect_eq(set.by_place[0]->status.state, HEALTH_UP);
	cr_expect_eq(set.by_place[0]->status.code, HEALTH_UNCHECKED_CODE);
	cr_expect_not(set.by_place[0]->checked);
}

Test(target, is_probed_at_its_ipv6_address_if_it_has_no_other)
{
	struct shunt_addr six;

	addr_parse("2001:db8::1", &six);
	backends[0][0].has_address = false;
	backends[0][0].has_address6 = true;
	backends[0][0].address6 = six;
	backends[0][1].has_address6 = true;
	backends[0][1].address6 = six;
	load();
	cr_expect(addr_is_equal(&set.by_place[0]->request.addr, &six));
	cr_expect(addr_is_equal(&set.by_place[1]->request.addr, &backends[0][1].address));
}

Test(target, a_failed_build_changes_nothing)
{
	static char path[PROBER_PATH + 1];
	struct target_set next = { 0 };
	struct target *t;

	load();
	t = set.by_place[0];
	memset(path, '/', PROBER_PATH);
	backends[1][2].check.type = CONF_CHECK_HTTP;
	backends[1][2].check.path = path;
	services[0].name = "other";
	cr_expect_eq(target_set_build(&next, &set, &conf), -EINVAL);
	cr_expect_eq(set.by_place[0], t);
	cr_expect_str_eq(t->name, "web/b0");
	for (size_t i = 0; i < set.n; i++)
		cr_expect_not(set.by_place[i]->kept);
	backends[1][2].check.path = "/a b";
	cr_expect_eq(target_set_build(&next, &set, &conf), -EINVAL);
	backends[1][2].check.path = "/a";
	load();
	cr_expect_eq(set.n, 6);
}

/* A pipe would be waited for, and with it all that the daemon does. */
Test(target, takes_a_password_from_regular_files_only, .timeout = 10)
{
	char dir[] = "/tmp/shunt-test-XXXXXX", path[64];
	struct target_set next = { 0 };

	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/password", dir);
	cr_assert_eq(mkfifo(path, 0600), 0);
	backends[1][0].check.type = CONF_CHECK_MYSQL;
	backends[1][0].check.user = "monitor";
	backends[1][0].check.password_file = path;
	cr_expect_lt(target_set_build(&next, &set, &conf), 0);
	unlink(path);
	rmdir(dir);
}

Test(target, forgets_the_certificate_with_the_check_that_showed_it)
{
	struct target *t;

	backends[1][0].check.type = CONF_CHECK_HTTPS;
	load();
	t = target_set_find(&set, "db/b0");
	t->status.cert_ends_s = 1700000000;
	backends[1][0].check.interval_ms++;
	load();
	cr_expect_eq(t->status.cert_ends_s, 1700000000);
	backends[1][0].check.type = CONF_CHECK_NONE;
	load();
	cr_expect_eq(t->status.cert_ends_s, 0);
}
