/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers of MySQL that begin wrongly, slowly, or not at all. Those that are right
 * are real ones, in tests/netns/mysql.sh.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health/prober_jail.h"
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

static struct server *add(const char *address)
{
	struct server *s = world_add(&w, address, CONF_CHECK_MYSQL);

	w.backends[w.service.n_backends - 1].check.user = "shunt";
	s->speaks_first = true;
	return s;
}

static void expect(size_t backend, enum health_code code, const char *detail)
{
	const struct health_status *got = world_status(&w, backend);

	cr_expect_eq(got->code, code, "code %s (%s)", health_code_name(got->code), got->detail);
	cr_expect(!strncmp(got->detail, detail, strlen(detail)), "detail: %s", got->detail);
}

TestSuite(probes_mysql, .init = setup, .fini = teardown, .timeout = 120);

/* A packet: length in three bytes, number, content. */
#define GREETING_WITH(extensions)                                                                  \
	"\x59\x00\x00\x00\x0a"                                                                     \
	"5.5.5-10.11.6-MariaDB\x00"                                                                \
	"\x07\x00\x00\x00"                                                                         \
	"abcdefgh\x00"                                                                             \
	"\xfe\xf7\x2d\x02\x00\xff\x81\x15"                                                         \
	"\x00\x00\x00\x00\x00\x00" extensions "\x00\x00\x00"                                       \
	"ijklmnopqrst\x00"                                                                         \
	"mysql_native_password\x00"

#define GREETING GREETING_WITH("\x1d")

#define REFUSAL(number, state, text, len) len "\x00\x00\x02\xff" number "#" state text

static const char hello[] = GREETING;
static const char denied[] =
	GREETING REFUSAL("\x15\x04", "28000", "Access denied\x1b[31m for 'shunt'", "\x27");
static const char busy[] = "\x18\x00\x00\x00\xff\x10\x04"
			   "Too many connections!";
static const char blocked[] = "\x12\x00\x00\x00\xff\x69\x04"
			      "Host is blocked";
static const char http[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
static const char zeros[64];
static const char huge[] = "\xff\xff\xff\x00\x0a"
			   "10.11.6-MariaDB";

/* Numbers, no pointers: criterion hands parameters to another process. */
enum text {
	HELLO,
	DENIED,
	BUSY,
	BLOCKED,
	HTTP,
	ZEROS,
	HUGE_PACKET,
	CUT
};

struct wrong {
	enum text text;
	bool bytewise;
	bool hang_up;
	enum health_code code;
	char detail[64];
};

static void set_reply(struct server *s, enum text text)
{
	static const struct {
		const char *data;
		size_t len;
	} texts[] = {
		[HELLO] = { hello, sizeof(hello) - 1 },
		[DENIED] = { denied, sizeof(denied) - 1 },
		[BUSY] = { busy, sizeof(busy) - 1 },
		[BLOCKED] = { blocked, sizeof(blocked) - 1 },
		[HTTP] = { http, sizeof(http) - 1 },
		[ZEROS] = { zeros, sizeof(zeros) },
		[HUGE_PACKET] = { huge, sizeof(huge) - 1 },
		[CUT] = { hello, 30 },
	};

	s->reply = texts[text].data;
	s->reply_len = texts[text].len;
}

ParameterizedTestParameters(probes_mysql, begins_wrongly)
{
	static struct wrong wrong[] = {
		{ BUSY, false, true, HEALTH_L7STS_CODE, "1040: Too many connections!" },
		{ BLOCKED, false, true, HEALTH_L7STS_CODE, "1129: Host is blocked" },
		{ DENIED, false, true, HEALTH_L7AUTH_CODE, "1045: Access denied?[31m for 'shunt'" },
		{ DENIED, true, true, HEALTH_L7AUTH_CODE, "1045: Access denied?[31m for 'shunt'" },
		{ HELLO, false, true, HEALTH_L7RSP_CODE, "closed during the log-in" },
		{ HTTP, false, true, HEALTH_L7RSP_CODE, "closed during the log-in" },
		{ ZEROS, false, true, HEALTH_L7RSP_CODE, "closed during the log-in" },
		{ HUGE_PACKET, false, true, HEALTH_L7RSP_CODE, "closed during the log-in" },
		{ CUT, true, true, HEALTH_L7RSP_CODE, "closed during the log-in" },
	};

	return cr_make_param_array(struct wrong, wrong, sizeof(wrong) / sizeof(wrong[0]));
}

ParameterizedTest(struct wrong *c, probes_mysql, begins_wrongly)
{
	struct server *s = add("127.0.0.1");

	set_reply(s, c->text);
	s->bytewise = c->bytewise;
	s->hang_up = c->hang_up;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, c->code, c->detail);
	health_free(w.health);
	w.health = NULL;
}

Test(probes_mysql, says_nothing_or_stops_half_way)
{
	static const enum text texts[] = { HELLO, CUT };

	add("127.0.0.1");
	for (size_t i = 0; i < 2; i++)
		set_reply(add(i ? "::1" : "127.0.0.1"), texts[i]);
	for (size_t i = 0; i < 3; i++)
		w.backends[i].check.timeout_ms = 300;
	world_start(&w, prober_main);
	for (size_t i = 0; i < 3; i++)
		world_wait_state(&w, i, HEALTH_DOWN);
	for (size_t i = 0; i < 3; i++)
		expect(i, HEALTH_L7TOUT_CODE, "no complete answer within 300 ms");
}

/* --- one that goes on and on ----------------------------------------------------- */

/* Rows of one column, numbered from 4 on: 256 of them, and it begins again. */
#define ROW_BYTES 6
#define FIRST_ROW 4

static void make_rows(char rows[256 * ROW_BYTES])
{
	for (int i = 0; i < 256; i++) {
		const char row[ROW_BYTES] = { 2, 0, 0, FIRST_ROW + i, 1, '0' };

		memcpy(rows + i * ROW_BYTES, row, sizeof(row));
	}
}

/* To one client after the other: a log-in that works, and an answer without end. */
static void serve_rows(int listener)
{
	static const char plain_hello[] = GREETING_WITH("\x00");
	static const char welcome[] = "\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00";
	static const char columns[] = "\x01\x00\x00\x01\x01"
				      "\x17\x00\x00\x02\x03"
				      "def\x00\x00\x00\x01x\x00\x0c\x3f\x00\x01\x00\x00\x00"
				      "\x08\x81\x00\x00\x00\x00"
				      "\x05\x00\x00\x03\xfe\x00\x00\x02\x00";
	char rows[256 * ROW_BYTES], word[4096];
	int fd;

	make_rows(rows);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (send(fd, plain_hello, sizeof(plain_hello) - 1, MSG_NOSIGNAL) > 0 &&
		    recv(fd, word, sizeof(word), 0) > 0 &&
		    send(fd, welcome, sizeof(welcome) - 1, MSG_NOSIGNAL) > 0 &&
		    recv(fd, word, sizeof(word), 0) > 0 &&
		    send(fd, columns, sizeof(columns) - 1, MSG_NOSIGNAL) > 0)
			while (send(fd, rows, sizeof(rows), MSG_NOSIGNAL) > 0)
				;
		close(fd);
	}
}

static pid_t start_rows(struct server *s)
{
	const int flags = fcntl(s->listener, F_GETFL);
	pid_t pid;

	fcntl(s->listener, F_SETFL, flags & ~O_NONBLOCK);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_rows(s->listener);
		_exit(1);
	}
	close(s->listener);
	s->listener = -1;
	return pid;
}

/* Others are checked meanwhile, by the same prober. */
Test(probes_mysql, one_that_answers_without_end)
{
	pid_t pid = start_rows(add("127.0.0.1"));

	set_reply(add("127.0.0.1"), BUSY);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	world_wait_state(&w, 1, HEALTH_DOWN);
	expect(0, HEALTH_L7RSP_CODE, "says more than 1024 KiB");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(probes_mysql, nobody_listens)
{
	server_close(add("127.0.0.1"));
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, HEALTH_L4CON_CODE, "connection refused");
}

#if !defined(__SANITIZE_ADDRESS__)
/* Bytes; of an unlimited one as many as there are. */
static unsigned long data_limit_of(int pid)
{
	unsigned long bytes = ULONG_MAX;
	char path[64], line[128];
	FILE *limits;

	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	limits = fopen(path, "re");
	cr_assert_not_null(limits);
	while (fgets(line, sizeof(line), limits))
		sscanf(line, "Max data size %lu", &bytes);
	fclose(limits);
	return bytes;
}
#endif

/* The prober of plain probes knows nothing of it. */
Test(probes_mysql, has_a_prober_of_its_own)
{
	char path[64], name[64] = "";
	FILE *children;
	int pid, plain, others = 0;

	set_reply(add("127.0.0.1"), BUSY);
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, NULL);
	world_wait_state(&w, 0, HEALTH_DOWN);
	world_wait_state(&w, 1, HEALTH_UP);
	plain = health_prober_pid(w.health);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	cr_assert_not_null(children);
	while (fscanf(children, "%d", &pid) == 1) {
		if (pid == plain)
			continue;
		cr_expect_str_eq(status_of(pid, "Name", name, sizeof(name)), "shuntd-mysql");
#if !defined(__SANITIZE_ADDRESS__)
		cr_expect_str_eq(status_of(pid, "Seccomp", name, sizeof(name)), "2");
		cr_expect_leq(data_limit_of(pid), PROBER_MAX_DATA);
#endif
		cr_expect_str_eq(status_of(pid, "NoNewPrivs", name, sizeof(name)), "1");
		others++;
	}
	fclose(children);
	cr_expect_eq(others, 1);
}
