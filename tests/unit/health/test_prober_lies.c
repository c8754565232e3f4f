/* SPDX-License-Identifier: BSD-2-Clause */
/* A child in a stranger's hands: what it says is believed only if it may be true. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/check_state.h"
#include "health/health_create.h"
#include "health/prober_proto.h"
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

TestSuite(prober_lies, .init = setup, .fini = teardown, .timeout = 120);

static void say(int socket_fd, const void *data, size_t len)
{
	send(socket_fd, data, len, MSG_NOSIGNAL);
}

/* Return: false once the parent has closed its end. */
static bool hear(int socket_fd, struct prober_request *r)
{
	ssize_t n;

	while ((n = recv(socket_fd, r, sizeof(*r), 0)) < 0)
		usleep(1000);
	return n > 0;
}

static struct prober_answer answer_to(const struct prober_request *r, enum health_code code)
{
	struct prober_answer a = {
		.serial = r->serial, .target = r->target, .duration_us = 7, .code = code
	};

	strcpy(a.detail, code == HEALTH_OK_CODE ? "honest" : "a lie");
	return a;
}

/* Noise of every size, near misses, then the truth. */
static int talk_nonsense(int socket_fd)
{
	struct check_state dice = { .random = 11 };
	struct prober_request r = { 0 };
	unsigned char noise[4096];

	while (hear(socket_fd, &r)) {
		struct prober_answer a = answer_to(&r, HEALTH_L4CON_CODE);

		for (int i = 0; i < 20; i++) {
			size_t len = 1 + check_state_draw(&dice, i % 2 ? sizeof(noise) : 130);

			for (size_t b = 0; b < len; b++)
				noise[b] = check_state_draw(&dice, 256);
			say(socket_fd, noise, len);
		}
		a.code = HEALTH_CODES;
		say(socket_fd, &a, sizeof(a));
		a = answer_to(&r, HEALTH_L4CON_CODE);
		a.target = 0x7fffffff;
		say(socket_fd, &a, sizeof(a));
		a = answer_to(&r, HEALTH_L4CON_CODE);
		a.serial += 1000;
		say(socket_fd, &a, sizeof(a));
		a = answer_to(&r, HEALTH_L4CON_CODE);
		memset(a.detail, 'x', sizeof(a.detail));
		say(socket_fd, &a, sizeof(a));
		say(socket_fd, &a, sizeof(a) - 1);
		a = answer_to(&r, HEALTH_OK_CODE);
		say(socket_fd, &a, sizeof(a));
		/* Once more, and otherwise: too late. */
		a = answer_to(&r, HEALTH_L4CON_CODE);
		say(socket_fd, &a, sizeof(a));
	}
	return 0;
}

Test(prober_lies, nonsense_is_dropped)
{
	const struct health_status *s;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, talk_nonsense);
	world_wait_probes(&w, 0, 10);
	s = world_status(&w, 0);
	cr_expect_eq(s->state, HEALTH_UP);
	cr_expect_eq(s->results[0], 0);
	cr_expect_str_eq(s->detail, "honest");
	cr_expect_eq(w.changes, 1);
}

static int say_nothing_at_length(int socket_fd)
{
	struct prober_request r = { 0 };

	while (hear(socket_fd, &r))
		say(socket_fd, "", 0);
	return 0;
}

Test(prober_lies, an_empty_message_is_the_end_of_it)
{
	int old;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, say_nothing_at_length);
	old = health_prober_pid(w.health);
	world_wait_other_prober(&w, old);
}

#define STUFFED 100

static int stuff(int socket_fd)
{
	struct prober_request r;

	for (int i = 0; i < STUFFED; i++)
		say(socket_fd, "noise", 5);
	raise(SIGSTOP);
	while (hear(socket_fd, &r))
		;
	return 0;
}

/* Each turn takes a share; a flood cannot hold the parent for ever. */
Test(prober_lies, a_flood_is_taken_in_shares)
{
	struct pollfd fd = { .events = POLLIN };
	siginfo_t info;
	int turns = 0;

	cr_assert_eq(health_create_with(stuff, &w.health), 0);
	cr_assert_eq(waitid(P_PID, health_prober_pid(w.health), &info, WSTOPPED | WNOWAIT), 0);
	fd.fd = health_fd(w.health);
	for (; poll(&fd, 1, 0) == 1 && turns < STUFFED; turns++)
		health_dispatch(w.health, clock_now_ms());
	cr_expect_eq(turns, (STUFFED + PROBER_BATCH - 1) / PROBER_BATCH);
}
