/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is the primary of a service where several say so. */
#include <criterion/criterion.h>
#include <string.h>

#include "health/primary.h"
#include "health/verdict.h"
#include "net/addr.h"

static struct conf_backend backends[2][3];
static struct conf_service services[2];
static struct conf conf;
static struct target_set set;

static void setup(void)
{
	static const char *const names[] = { "db1", "db2", "db3" };
	struct target_set next = { 0 };

	for (size_t s = 0; s < 2; s++) {
		services[s] = (struct conf_service){ .name = s ? "other" : "write",
						     .backends = backends[s],
						     .n_backends = 3 };
		for (size_t b = 0; b < 3; b++) {
			backends[s][b] = (struct conf_backend){
				.name = names[b],
				.has_address = true,
				.check = { .type = CONF_CHECK_MYSQL,
					   .user = "shunt",
					   .role = CONF_ROLE_PRIMARY,
					   .interval_ms = 2000,
					   .fast_interval_ms = 1000,
					   .down_interval_ms = 5000,
					   .timeout_ms = 1000,
					   .rise = 1,
					   .fall = 2,
					   .port = 3306 },
			};
			addr_parse("192.0.2.1", &backends[s][b].address);
		}
	}
	conf = (struct conf){ .services = services, .n_services = 2 };
	cr_assert_eq(target_set_build(&next, &set, &conf), 0);
	target_set_switch(&set, &next, &conf, 0);
}

static void teardown(void)
{
	target_set_free(&set);
}

TestSuite(primary, .init = setup, .fini = teardown);

/* What health makes of a probe of @i that ended with @code. Return: with what it counts. */
static enum health_code probed(size_t i, enum health_code code, uint64_t now_ms)
{
	char detail[HEALTH_DETAIL] = "primary";
	struct target *t = set.by_place[i];

	if (code == HEALTH_OK_CODE)
		code = primary_judge(&set, t, detail);
	check_state_start(&t->check, now_ms);
	verdict_note(t, code, detail, now_ms);
	return code;
}

Test(primary, the_second_is_refused_while_the_first_stays)
{
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 0), HEALTH_OK_CODE);
	cr_expect_eq(probed(0, HEALTH_OK_CODE, 10), HEALTH_L7DUAL_CODE);
	cr_expect_str_eq(set.by_place[0]->status.detail, "primary, as db2 is, which stays");
	cr_expect_eq(set.by_place[0]->status.state, HEALTH_DOWN);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 20), HEALTH_OK_CODE);
	cr_expect_eq(probed(0, HEALTH_OK_CODE, 30), HEALTH_L7DUAL_CODE);
	/* The first one is one no more: nothing is in the way of the other. */
	cr_expect_eq(probed(1, HEALTH_L7ROLE_CODE, 40), HEALTH_L7ROLE_CODE);
	cr_expect_eq(probed(0, HEALTH_OK_CODE, 50), HEALTH_OK_CODE);
	cr_expect_eq(set.by_place[0]->status.state, HEALTH_UP);
}

Test(primary, of_two_in_use_the_older_one_stays)
{
	probed(0, HEALTH_OK_CODE, 0);
	probed(0, HEALTH_L4TOUT_CODE, 10);
	probed(1, HEALTH_OK_CODE, 20);
	set.by_place[1]->status.since_wall_s += 60;
	cr_expect_eq(probed(0, HEALTH_OK_CODE, 30), HEALTH_OK_CODE);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 40), HEALTH_L7DUAL_CODE);
}

/* As of a former daemon: whoever is asked first. */
static void restore(size_t i, enum health_state state)
{
	check_state_adopt(&set.by_place[i]->check, state);
	set.by_place[i]->status.state = state;
	set.by_place[i]->status.since_wall_s -= 60;
}

Test(primary, of_a_former_daemon_stays)
{
	restore(0, HEALTH_UP);
	restore(1, HEALTH_DOWN);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 0), HEALTH_L7DUAL_CODE);
	cr_expect_eq(set.by_place[1]->status.state, HEALTH_DOWN);
	cr_expect_eq(probed(0, HEALTH_OK_CODE, 10), HEALTH_OK_CODE);
}

Test(primary, of_a_former_daemon_that_is_gone)
{
	restore(0, HEALTH_UP);
	restore(1, HEALTH_DOWN);
	cr_expect_eq(probed(0, HEALTH_L4TOUT_CODE, 0), HEALTH_L4TOUT_CODE);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 10), HEALTH_OK_CODE);
}

/* A fault of this side says nothing about it. */
Test(primary, whose_probe_told_nothing_stays)
{
	probed(0, HEALTH_OK_CODE, 0);
	probed(0, HEALTH_INTERNAL_CODE, 10);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 20), HEALTH_L7DUAL_CODE);
	probed(0, HEALTH_L4TOUT_CODE, 30);
	probed(0, HEALTH_INTERNAL_CODE, 40);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 50), HEALTH_OK_CODE);
}

Test(primary, others_may_be_many)
{
	set.by_place[1]->request.mysql.role = CONF_ROLE_ANY;
	probed(0, HEALTH_OK_CODE, 0);
	cr_expect_eq(probed(1, HEALTH_OK_CODE, 10), HEALTH_OK_CODE, "wants no primary");
	cr_expect_eq(probed(3, HEALTH_OK_CODE, 20), HEALTH_OK_CODE, "another service");
	cr_expect_eq(probed(4, HEALTH_OK_CODE, 30), HEALTH_L7DUAL_CODE);
}

Test(primary, who_may_take_over_is_looked_at_soon)
{
	struct target *next;
	size_t i = 0;

	for (size_t t = 0; t < set.n; t++)
		probed(t, t == 1 ? HEALTH_OK_CODE : HEALTH_L7ROLE_CODE, 0);
	for (size_t t = 0; t < set.n; t++)
		probed(t, t == 1 ? HEALTH_OK_CODE : HEALTH_L7ROLE_CODE, 10000);
	next = primary_next(&set, set.by_place[1], &i);
	cr_expect_eq(next, set.by_place[0]);
	cr_expect(check_state_hasten_down(&next->check, &next->timing, 11500));
	cr_expect_eq(next->check.due_ms, 11500);
	cr_expect_not(check_state_hasten_down(&next->check, &next->timing, 11500));
	next = primary_next(&set, set.by_place[1], &i);
	cr_expect_eq(next, set.by_place[2]);
	/* Not sooner after its last probe than the fast interval says. */
	cr_expect(check_state_hasten_down(&next->check, &next->timing, 10200));
	cr_expect_eq(next->check.due_ms, 11000);
	cr_expect_null(primary_next(&set, set.by_place[1], &i));
}
