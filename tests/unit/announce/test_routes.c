/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announce: routes, in a network namespace of each test: what the kernel has is asked of
 * ip(8), and whatever else happens to routes is done by it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "announce/announcer.h"
#include "base/array.h"
#include "base/log.h"
#include "net/addr.h"

#define V4 "192.0.2.80"
#define V6 "2001:db8::80"

static const struct conf_ha ha = {
	.announce = CONF_ANNOUNCE_ROUTES,
	.routes = { .table = 1000, .protocol = 233, .drain_metric = 4096 },
	.vrrp_file = "/run/shunt.vrrp",
};

static struct announcer *a;
static struct announce_addr list[8];
static struct announce wanted = { .list = list };

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	cr_assert_eq(system(command), 0, "%s", command);
}

/* All of the table, of one family: "192.0.2.80 233 0;..." in the order of the kernel. */
static const char *routes_of(const char *family)
{
	static char text[4096];
	char command[256];
	size_t len;
	FILE *f;

	snprintf(command, sizeof(command),
		 "ip -N %s route show table 1000 2>/dev/null | awk '{ m = 0; p = \"-\"; "
		 "for (i = 2; i < NF; i++) { if ($i == \"metric\") m = $(i + 1); "
		 "if ($i == \"proto\") p = $(i + 1) } printf \"%%s %%s %%s %%s;\", $1, $2, p, m }'",
		 family);
	f = popen(command, "r");
	cr_assert_not_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	pclose(f);
	return text;
}

#define EXPECT_ROUTES(family, text) cr_expect_str_eq(routes_of(family), text)

static void setup(void)
{
	if (geteuid())
		cr_skip_test("makes a network namespace: run it as root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	run("ip link set lo up");
	log_level_set(LOG_LEVEL_ERROR);
	cr_assert_eq(announcer_open(&ha, &a), 0);
}

static void teardown(void)
{
	announcer_close(a);
}

TestSuite(routes, .init = setup, .fini = teardown);

/* As plan/announce.h sorts them. */
static void want(const char *text, enum announce_state state)
{
	struct announce_addr new = { .state = state };
	size_t i = wanted.n++;

	cr_assert_leq(wanted.n, array_len(list));
	cr_assert_eq(addr_parse(text, &new.addr), 0);
	for (; i && addr_compare(&list[i - 1].addr, &new.addr) > 0; i--)
		list[i] = list[i - 1];
	list[i] = new;
}

static void want_all(enum announce_state state)
{
	wanted.n = 0;
	want(V4, state);
	want(V6, state);
}

static void follow(void)
{
	cr_expect_eq(announcer_follow(a, &wanted), 0);
	cr_expect_not(announcer_is_behind(a));
}

static bool has(const char *text)
{
	struct shunt_addr addr;

	cr_assert_eq(addr_parse(text, &addr), 0);
	return announcer_has(a, &addr);
}

Test(routes, announce_and_withdraw)
{
	cr_expect(announcer_is_by_address(a));
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 0;");
	EXPECT_ROUTES("-6", "6 2001:db8::80 233 1024;");
	cr_expect(has(V4) && has(V6));
	follow();
	want_all(ANNOUNCE_WITHDRAWN);
	follow();
	EXPECT_ROUTES("-4", "");
	EXPECT_ROUTES("-6", "");
	cr_expect_not(has(V4) || has(V6));
	follow();
}

Test(routes, drain_and_resume)
{
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	want_all(ANNOUNCE_DRAINED);
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 4096;");
	EXPECT_ROUTES("-6", "6 2001:db8::80 233 4096;");
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 0;");
	EXPECT_ROUTES("-6", "6 2001:db8::80 233 1024;");
}

/* What a daemon that was killed has left. */
Test(routes, take_over_what_is_there)
{
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	announcer_close(a);
	run("ip route add blackhole 192.0.2.99 table 1000 proto 233");
	cr_assert_eq(announcer_open(&ha, &a), 0);
	want_all(ANNOUNCE_WAITING);
	wanted.n = 0;
	want(V4, ANNOUNCE_WAITING);
	want("192.0.2.81", ANNOUNCE_WAITING);
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 0;");
	EXPECT_ROUTES("-6", "");
	cr_expect(has(V4));
	cr_expect_not(has("192.0.2.81"));
}

/* Others in the same table, or with the same protocol, or that are no such route. */
Test(routes, leave_those_of_others_alone)
{
	run("ip route add blackhole 192.0.2.1 table 1000 proto 234");
	run("ip route add unreachable 192.0.2.2 table 1000 proto 233");
	run("ip route add blackhole 192.0.2.0/24 table 1000 proto 233");
	run("ip route add blackhole 192.0.2.3 table 1001 proto 233");
	run("ip -6 route add blackhole 2001:db8::1 table 1000 proto 234");
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	want_all(ANNOUNCE_WITHDRAWN);
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.0/24 233 0;6 192.0.2.1 234 0;7 192.0.2.2 233 0;");
	EXPECT_ROUTES("-6", "6 2001:db8::1 234 1024;");
	run("ip route show table 1001 | grep -q 192.0.2.3");
	/* In the way of ours: no address is announced by two. */
	run("ip route add unreachable " V4 " table 1000 proto 4");
	want_all(ANNOUNCE_ANNOUNCED);
	cr_expect_eq(announcer_follow(a, &wanted), -EEXIST);
	cr_expect(announcer_is_behind(a));
	cr_expect_not(has(V4));
	cr_expect(has(V6), "the others are announced all the same");
	run("ip route del unreachable " V4 " table 1000 proto 4");
	follow();
	cr_expect(has(V4));
}

static bool is_told(void)
{
	struct pollfd pfd = { .fd = announcer_fd(a), .events = POLLIN };

	return poll(&pfd, 1, 2000) == 1;
}

Test(routes, notice_what_others_do)
{
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	cr_assert(is_told());
	announcer_dispatch(a);
	cr_expect_not(announcer_is_behind(a), "it did that itself");
	run("ip route add blackhole 192.0.2.5 table 1000 proto 234");
	cr_assert(is_told());
	announcer_dispatch(a);
	cr_expect_not(announcer_is_behind(a), "that is none of ours");
	run("ip route flush table 1000");
	cr_assert(is_told());
	announcer_dispatch(a);
	cr_expect(announcer_is_behind(a));
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 0;");
	run("ip route add blackhole 192.0.2.6 table 1000 proto 233");
	cr_assert(is_told());
	announcer_dispatch(a);
	cr_expect(announcer_is_behind(a));
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 0;");
}

Test(routes, another_metric_takes_over)
{
	struct conf_ha other = ha;
	struct announcer *next;

	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	other.routes.metric = 7;
	cr_expect_not(announcer_is_for(a, &other));
	cr_expect(announcer_is_followed_by(a, &other));
	cr_assert_eq(announcer_open(&other, &next), 0);
	announcer_close(a);
	a = next;
	follow();
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 7;");
	EXPECT_ROUTES("-6", "6 2001:db8::80 233 7;");
	cr_expect(announcer_is_for(a, &other));
	other.routes.table = 1001;
	cr_expect_not(announcer_is_followed_by(a, &other));
	other.announce = CONF_ANNOUNCE_VRRP_FILE;
	cr_expect_not(announcer_is_followed_by(a, &other));
}

/* The right one is put before the wrong one goes, or not at all. */
Test(routes, never_without)
{
	want_all(ANNOUNCE_ANNOUNCED);
	follow();
	run("ip route add unreachable " V4 " metric 4096 table 1000 proto 4");
	want_all(ANNOUNCE_DRAINED);
	cr_expect_eq(announcer_follow(a, &wanted), -EEXIST);
	EXPECT_ROUTES("-4", "6 192.0.2.80 233 0;7 192.0.2.80 4 4096;");
	EXPECT_ROUTES("-6", "6 2001:db8::80 233 4096;");
}

Test(routes, fail_without_the_right_to)
{
	want_all(ANNOUNCE_ANNOUNCED);
	cr_assert_eq(setresuid(65534, 65534, 65534), 0);
	cr_expect_eq(announcer_follow(a, &wanted), -EPERM);
	cr_expect(announcer_is_behind(a));
}
