/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket of a daemon that has no descriptor left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "rig.h"

#define VERSION "{\"schema\":1,\"command\":\"version\"}\n"

static struct rig r;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(descriptors, .init = setup, .fini = teardown);

static void expect_answer(int fd)
{
	_cleanup_(buf_free) struct buf line = { 0 };

	cr_assert(rig_receive(fd, &line));
	cr_assert_not_null(strstr(buf_str(&line), "\"ok\":true"));
}

/* Every descriptor but those that are there; how many in @n. */
static int *take_descriptors(size_t *n)
{
	static int taken[128];
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (*n = 0; (taken[*n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0; ++*n)
		;
	cr_assert_eq(errno, EMFILE);
	return taken;
}

/* A client that cannot be accepted waits, and nobody turns in circles for it. */
Test(descriptors, are_waited_for)
{
	_cleanup_close_ int early = rig_connect(&r);
	_cleanup_close_ int late = -1;
	unsigned int rounds;
	int *taken;
	size_t n;

	log_level_set(LOG_LEVEL_ERROR);
	rig_send(early, VERSION);
	expect_answer(early);
	late = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	taken = take_descriptors(&n);
	rounds = r.rounds;
	rig_connect_with(&r, late);
	rig_send(late, VERSION);
	usleep(700000);
	cr_assert_lt(r.rounds - rounds, 10);
	rig_send(early, VERSION);
	expect_answer(early);
	while (n--)
		close(taken[n]);
	expect_answer(late);
}
