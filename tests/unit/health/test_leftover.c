/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that do not end: nobody's place, and nobody's child for ever. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/leftover.h"

static struct prober_exec web = { .service = "web", .backend = "b1" };
static struct prober_exec other = { .service = "web", .backend = "b2" };

static pid_t start(void)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid)
		for (;;)
			pause();
	return pid;
}

Test(leftover, is_reaped_when_it_ends)
{
	const uint64_t end_ms = clock_now_ms() + 20000;
	const pid_t first = start(), second = start();
	struct leftovers l = { 0 };

	cr_expect_not(leftovers_have(&l, &web));
	leftovers_add(&l, first, &web);
	leftovers_add(&l, second, &other);
	cr_expect(leftovers_have(&l, &web));
	cr_expect(leftovers_have(&l, &other));
	kill(first, SIGKILL);
	while (leftovers_have(&l, &web))
		cr_assert_lt(clock_now_ms(), end_ms);
	cr_expect(leftovers_have(&l, &other));
	cr_expect_eq(l.n, 1);
	cr_expect_eq(waitpid(first, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
	kill(second, SIGKILL);
	waitpid(second, NULL, 0);
	/* Somebody else has waited for it: it is gone all the same. */
	cr_expect_not(leftovers_have(&l, &other));
	cr_expect_eq(l.n, 0);
	leftovers_free(&l);
}
