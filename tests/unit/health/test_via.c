/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks via: vip: the parent's sockets, used by the prober. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/health_create.h"
#include "net/addr.h"
#include "world.h"

static struct world w;
static struct shunt_addr vip;
static int opened;

static void setup(void)
{
	world_init(&w);
	cr_assert_eq(addr_parse("192.0.2.80", &vip), 0);
	w.service.vips = &vip;
	w.service.n_vips = 1;
	w.service.forward = SHUNT_FORWARD_GUE;
	w.service.gue_port = 6080;
	opened = 0;
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(via, .init = setup, .fini = teardown, .timeout = 120);

/* A socket that the test knows again: bound to an address that no other has. */
static int open_marked(void *ctx, const struct shunt_probe *probe, int type)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000063) };
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)ctx;
	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	cr_expect(addr_is_equal(&probe->vip, &vip));
	cr_expect(addr_is_equal(&probe->addr, &w.backends[0].address));
	cr_expect_eq(probe->forward, SHUNT_FORWARD_GUE);
	cr_expect_eq(probe->port, htons(6080));
	opened++;
	return fd;
}

static int open_none(void *ctx, const struct shunt_probe *probe, int type)
{
	(void)probe;
	(void)type;
	return *(const int *)ctx;
}

static struct server *start(enum conf_check_type type,
			    int (*open)(void *, const struct shunt_probe *, int), void *ctx)
{
	const struct health_sockets sockets = { open, ctx };
	struct server *s = world_add(&w, "127.0.0.1", type);

	w.backends[0].check.via = CONF_VIA_VIP;
	w.backends[0].check.timeout_ms = 2000;
	cr_assert_eq(health_create_with(prober_main, &w.health), 0);
	health_set_sockets(w.health, &sockets);
	return s;
}

static struct in_addr addr_of_peer(const struct server *s)
{
	cr_assert_eq(s->from.ss_family, AF_INET);
	return ((const struct sockaddr_in *)&s->from)->sin_addr;
}

static int n_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(via, probes_go_by_the_parents_sockets)
{
	struct server *s = start(CONF_CHECK_HTTP, open_marked, NULL);
	const int before = n_files();
	struct in_addr from;

	s->reply = "HTTP/1.0 200 OK\r\n\r\n";
	s->reply_len = strlen(s->reply);
	world_configure(&w);
	world_wait_probes(&w, 0, 5);
	from = addr_of_peer(s);
	cr_expect_eq(ntohl(from.s_addr), 0x7f000063U);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);
	cr_expect_geq(opened, 5);
	server_close(s);
	cr_expect_leq(n_files(), before, "sockets are left open");
}

Test(via, what_is_refused_is_down)
{
	int pid;

	server_close(start(CONF_CHECK_TCP, open_marked, NULL));
	pid = health_prober_pid(w.health);
	world_configure(&w);
	world_wait_state(&w, 0, HEALTH_DOWN);
	/* Over before the parent has closed its own: many times, and nobody dies of it. */
	world_wait_probes(&w, 0, 20);
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_L4CON_CODE);
	cr_expect_eq(health_prober_pid(w.health), pid);
}

Test(via, no_route_counts_against_the_backend)
{
	int err = -ENETUNREACH;

	start(CONF_CHECK_TCP, open_none, &err);
	world_configure(&w);
	world_wait_state(&w, 0, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_L4CON_CODE);
	cr_expect_str_eq(world_status(&w, 0)->detail, "network unreachable");
}

Test(via, no_socket_does_not)
{
	int err = -EPERM;

	start(CONF_CHECK_TCP, open_none, &err);
	world_configure(&w);
	world_wait_probes(&w, 0, 3);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UNKNOWN);
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_SOCKERR_CODE);
	err = -ENETUNREACH;
	world_wait_state(&w, 0, HEALTH_DOWN);
}

/* What the last probe went by is no other check. */
Test(via, a_reload_that_changes_nothing_leaves_its_turn)
{
	int err = -EPERM;

	start(CONF_CHECK_TCP, open_none, &err);
	w.backends[0].check.interval_ms = w.backends[0].check.fast_interval_ms = 600 * 1000;
	world_configure(&w);
	world_wait_probes(&w, 0, 1);
	for (int i = 0; i < 10; i++) {
		world_configure(&w);
		world_turn(&w);
	}
	cr_expect_eq(world_status(&w, 0)->results[0], 1UL);
	w.service.gue_port++;
	world_configure(&w);
	world_wait_probes(&w, 0, 2);
}

Test(via, of_no_family_it_cannot_be_made)
{
	start(CONF_CHECK_TCP, open_marked, NULL);
	cr_assert_eq(addr_parse("2001:db8::80", &vip), 0);
	cr_expect_eq(health_configure(w.health, &w.conf, clock_now_ms()), -EINVAL);
}
