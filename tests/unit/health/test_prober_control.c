/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers on their way to the parent: at once where they are few, together where many. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/prober_control.h"

static int ends[2];
static struct prober_outbox box;

static void setup(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
		     0);
}

static void teardown(void)
{
	free(box.answers);
	close(ends[0]);
	close(ends[1]);
}

TestSuite(prober_control, .init = setup, .fini = teardown);

static void add(uint64_t serial)
{
	const struct prober_answer a = { .serial = serial };

	cr_assert_eq(prober_outbox_add(&box, &a), 0);
}

static void send_at(uint64_t now_ms)
{
	cr_assert_eq(prober_outbox_send(&box, ends[0], now_ms), 0);
}

/* The serial of the next answer that has come, or 0. */
static uint64_t received(void)
{
	struct prober_answer a;
	ssize_t n = recv(ends[1], &a, sizeof(a), 0);

	cr_assert(n == sizeof(a) || (n < 0 && errno == EAGAIN));
	return n < 0 ? 0 : a.serial;
}

Test(prober_control, one_answer_goes_at_once)
{
	cr_expect_eq(prober_outbox_due_ms(&box), CHECK_NEVER);
	send_at(1000);
	add(1);
	cr_expect_leq(prober_outbox_due_ms(&box), 1000);
	send_at(1000);
	cr_expect_eq(received(), 1);
	cr_expect_eq(prober_outbox_due_ms(&box), CHECK_NEVER);
}

Test(prober_control, many_answers_go_together)
{
	add(1);
	send_at(1000);
	cr_expect_eq(received(), 1);
	for (uint64_t serial = 2; serial < 2 + 2 * PROBER_BATCH; serial++) {
		add(serial);
		send_at(1000 + PROBER_ANSWER_GAP_MS - 1);
		cr_expect_eq(received(), 0);
	}
	cr_expect_eq(prober_outbox_due_ms(&box), 1000 + PROBER_ANSWER_GAP_MS);
	send_at(1000 + PROBER_ANSWER_GAP_MS);
	for (uint64_t serial = 2; serial < 2 + 2 * PROBER_BATCH; serial++)
		cr_expect_eq(received(), serial);
	cr_expect_eq(received(), 0);
	cr_expect_not(box.blocked);
}

/* What the parent does not take now waits for it, and not for the clock. */
Test(prober_control, a_busy_parent_loses_nothing)
{
	uint64_t sent = 0, got = 0, serial;

	while (!box.blocked) {
		add(++sent);
		send_at(1000 + sent * PROBER_ANSWER_GAP_MS);
		cr_assert_lt(sent, 100000, "the socket has no end");
	}
	cr_expect_eq(prober_outbox_due_ms(&box), CHECK_NEVER);
	add(++sent);
	while ((serial = received()))
		cr_assert_eq(serial, ++got);
	send_at(0);
	cr_expect_not(box.blocked);
	while ((serial = received()))
		cr_assert_eq(serial, ++got);
	cr_expect_eq(got, sent);
}
