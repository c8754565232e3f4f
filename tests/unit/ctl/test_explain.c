/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt explain: what is said, and that the daemon goes on meanwhile. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/apart.h"
#include "net/addr.h"
#include "rig.h"

#define QUESTION                                                                                   \
	"{\"schema\":1,\"command\":\"explain\",\"args\":"                                          \
	"[\"tcp\",\"192.0.2.1:40000\",\"203.0.113.10:443\"]}\n"

static struct rig r;

/* What is said of a slot that nginx1 had, and nginx2 has. */
static struct explain transition(void)
{
	struct explain x = {
		.reason = SHUNT_FORWARDED,
		.action = XDP_TX,
		.has_service = true,
		.key = { .port = htons(443), .proto = 6 },
		.slots = 1024,
		.slot = 17,
		.word = SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 1, 2),
		.tracked = true,
		.backend = 1,
		.why = EXPLAIN_FORMER_OWNER,
	};

	addr_parse("203.0.113.10", &x.key.vip);
	return x;
}

static void setup(void)
{
	rig_open(&r, NULL, NULL);
	r.daemon.explained = transition();
}

static void teardown(void)
{
	rig_close(&r);
}

TestSuite(explain, .init = setup, .fini = teardown);

/* clang-format off */
Test(explain, tells_what_was_decided)
{
	cr_assert_eq(rig_run(&r, "explain", "tcp", "192.0.2.1:40000", "203.0.113.10:443", NULL), CTL_OK);
	cr_assert_str_eq(buf_str(&r.out),
"packet      tcp 192.0.2.1:40000 > 203.0.113.10:443, no SYN: of a connection that is open\n"
"interface   eth0, native mode\n"
"service     web, by 203.0.113.10:443 (direct, consistent)\n"
"slot        17 of 1024: migrating, owner nginx2, before it nginx1\n"
"flow cache  nothing\n"
"noted       nothing\n"
"backend     web/nginx1: it had the slot before, and the flow may be an old one\n"
"result      FORWARDED (tx): sent to a backend by the interface it came in\n");
}
/* clang-format on */

Test(explain, tells_what_would_be_remembered)
{
	r.daemon.explained.pinned[EXPLAIN_AFTER].backend = 1;
	r.daemon.explained.noted[EXPLAIN_BEFORE] =
		(struct explain_flow){ .backend = 2, .age_s = 12 };
	cr_assert_eq(rig_run(&r, "explain", "tcp", "192.0.2.1:40000", "203.0.113.10:443", NULL),
		     CTL_OK);
	cr_expect(strstr(buf_str(&r.out), "\nflow cache  nothing; would be entered at nginx1\n"));
	cr_expect(strstr(buf_str(&r.out), "\nnoted       at nginx2, seen 12s ago\n"));
}

Test(explain, tells_who_sends_what)
{
	static const __u8 out[] = "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"
				  "\x45\0\0\x3c\0\0\0\0\x40\4\0\0\xc0\0\2\1\xc0\0\2\x0b"
				  "\x45\0\0\x28\0\0\0\0\x3f\6\0\0\xc6\x33\x64\7\xcb\0\x71\x0a"
				  "\x9c\x40\1\xbb\0\0\0\0\0\0\0\0\x50\2\0\0\0\0\0";

	r.daemon.explained.out_bytes = sizeof(out);
	memcpy(r.daemon.explained.out, out, sizeof(out));
	cr_assert_eq(rig_run(&r, "explain", "tcp", "192.0.2.1:40000", "203.0.113.10:443", NULL),
		     CTL_OK);
	cr_expect(strstr(buf_str(&r.out), "\nout         74 bytes, 192.0.2.1 > 192.0.2.11 ipip: "
					  "198.51.100.7:40000 > 203.0.113.10:443 tcp syn\n"),
		  "%s", buf_str(&r.out));
}

Test(explain, refuses_what_is_no_packet)
{
	static const char *const wrong[][3] = {
		{ "sctp", "192.0.2.1:1", "203.0.113.10:443" },
		{ "tcp", "192.0.2.1", "203.0.113.10:443" },
		{ "tcp", "192.0.2.1:1", "203.0.113.10" },
		{ "tcp", "192.0.2.1:1", "[2001:db8::10]:443" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(rig_run(&r, "explain", wrong[i][0], wrong[i][1], wrong[i][2], NULL),
			     CTL_USAGE, "%s %s %s", wrong[i][0], wrong[i][1], wrong[i][2]);
	cr_expect_eq(
		rig_run(&r, "explain", "udp", "192.0.2.1:1", "203.0.113.10:443", "--syn", NULL),
		CTL_USAGE);
	cr_expect_eq(rig_run(&r, "explain", "tcp", "192.0.2.1:1", "203.0.113.10:443", "eth7", NULL),
		     CTL_NOT_FOUND);
	r.daemon.explained.reason = SHUNT_CONTINUE;
	cr_expect_eq(rig_run(&r, "explain", "tcp", "192.0.2.1:1", "203.0.113.10:443", NULL),
		     CTL_FAILED);
}

/* A daemon that ends while a copy is at work makes room for the next one. */
Test(explain, a_copy_holds_no_lock)
{
	char path[] = P_tmpdir "/shunt-lock-XXXXXX";
	const uint64_t end_ms = clock_now_ms() + 5000;
	int lock = mkostemp(path, O_CLOEXEC), again = open(path, O_RDWR | O_CLOEXEC), fd;

	cr_assert(lock >= 0 && again >= 0);
	cr_assert_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
	r.daemon.explains_for_ever = true;
	fd = rig_connect(&r);
	rig_send(fd, QUESTION);
	/* Asked later, and answered: the copy is at work. */
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	cr_assert_lt(flock(again, LOCK_EX | LOCK_NB), 0);
	close(lock);
	while (flock(again, LOCK_EX | LOCK_NB))
		cr_assert_lt(clock_now_ms(), end_ms, "the copy has it");
	close(again);
	close(fd);
	unlink(path);
}

/*
 * As a copy for a moment after fork(), somebody has the daemon's end of a connection that is
 * closed: epoll goes on telling of it, and means the client that is in its place by now.
 */
Test(explain, a_hangup_is_of_who_hung_up)
{
	const int gone = rig_connect(&r);
	struct buf line = { 0 };
	int fds[2];
	char c;
	pid_t copy;

	rig_send(gone, "{\"schema\":1,\"command\":\"status\"}\n");
	cr_assert(rig_receive(gone, &line));
	copy = fork();
	cr_assert_geq(copy, 0);
	if (!copy) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(gone);
		pause();
	}
	close(gone);
	cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	r.daemon.explains_for_ever = true;
	for (int i = 0; i < 2; i++) {
		fds[i] = rig_connect(&r);
		rig_send(fds[i], QUESTION);
	}
	for (int i = 0; i < 10; i++)
		cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	for (int i = 0; i < 2; i++) {
		cr_expect_lt(recv(fds[i], &c, 1, MSG_DONTWAIT), 0, "client %d lost its answer", i);
		close(fds[i]);
	}
	kill(copy, SIGKILL);
	waitpid(copy, NULL, 0);
	buf_free(&line);
}

Test(explain, others_are_served_meanwhile)
{
	struct buf line = { 0 };
	int fds[APART_MAX], one_more;

	r.daemon.explains_for_ever = true;
	for (int i = 0; i < APART_MAX; i++) {
		fds[i] = rig_connect(&r);
		rig_send(fds[i], QUESTION);
		/* Asked later, and answered: the copy is at work. */
		cr_assert_eq(rig_run(&r, "status", NULL), CTL_OK);
	}
	one_more = rig_connect(&r);
	rig_send(one_more, QUESTION);
	cr_assert(rig_receive(one_more, &line));
	cr_expect(strstr(buf_str(&line), "busy"), "%s", buf_str(&line));
	cr_expect_eq(rig_run(&r, "status", NULL), CTL_OK);
	/* Who hangs up leaves room for others. */
	for (int i = 0; i < APART_MAX; i++)
		close(fds[i]);
	close(one_more);
	r.daemon.explains_for_ever = false;
	while (rig_run(&r, "explain", "tcp", "192.0.2.1:1", "203.0.113.10:443", NULL) != CTL_OK)
		cr_assert(strstr(buf_str(&r.err), "busy"), "%s", buf_str(&r.err));
	buf_free(&line);
}
