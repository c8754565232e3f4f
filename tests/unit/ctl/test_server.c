/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket, in bytes: clients that are slow, silent, many, or mad. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "ctl/request.h"
#include "rig.h"

static struct rig r;
static struct buf line;

static void setup(void)
{
	rig_open(&r, NULL, NULL);
}

static void teardown(void)
{
	buf_free(&line);
	rig_close(&r);
}

TestSuite(server, .init = setup, .fini = teardown);

#define VERSION "{\"schema\":1,\"command\":\"version\"}\n"
#define VERSION_ANSWER "{\"schema\":1,\"ok\":true,\"data\":{\"version\":\"0.1.0\",\"abi\":3}}"

/* The daemon still answers others. */
static void expect_alive(void)
{
	_cleanup_close_ int fd = rig_connect(&r);

	rig_send(fd, VERSION);
	cr_assert(rig_receive(fd, &line));
	cr_assert_str_eq(buf_str(&line), VERSION_ANSWER);
}

static void expect_answer(int fd, const char *want)
{
	cr_assert(rig_receive(fd, &line), "no answer; wanted %s", want);
	cr_assert_str_eq(buf_str(&line), want);
}

Test(server, carries_many_requests_in_order)
{
	_cleanup_close_ int fd = rig_connect(&r);

	rig_send(fd, VERSION "{\"schema\":1,\"command\":\"nonsense\"}\n" VERSION);
	expect_answer(fd, VERSION_ANSWER);
	expect_answer(fd, "{\"schema\":1,\"ok\":false,\"exit\":2,"
			  "\"error\":\"no command \\\"nonsense\\\"\"}");
	expect_answer(fd, VERSION_ANSWER);
	rig_send(fd, VERSION);
	expect_answer(fd, VERSION_ANSWER);
}

Test(server, waits_for_the_rest_of_a_line)
{
	_cleanup_close_ int fd = rig_connect(&r);

	for (const char *p = VERSION; *p; p++) {
		rig_send(fd, (char[]){ *p, '\0' });
		if (p[1] == '}')
			expect_alive();
	}
	expect_answer(fd, VERSION_ANSWER);
}

/* As from `echo ... | socat`: it will say no more, but it listens. */
Test(server, answers_who_has_stopped_sending)
{
	_cleanup_close_ int fd = rig_connect(&r);

	rig_send(fd, VERSION VERSION "{\"schema\"");
	shutdown(fd, SHUT_WR);
	expect_answer(fd, VERSION_ANSWER);
	expect_answer(fd, VERSION_ANSWER);
	cr_assert_not(rig_receive(fd, &line));
}

Test(server, says_what_is_wrong_with_a_request)
{
	static const struct {
		const char *request, *error;
	} cases[] = {
		{ "", "not JSON" },
		{ "nonsense", "not JSON" },
		{ "{\"schema\":1", "not JSON" },
		{ "{\"schema\":1,\"schema\":1,\"command\":\"version\"}", "not JSON" },
		{ "{\"schema\":1,\"command\":\"\xff\"}", "not JSON" },
		{ "[]", "\\\"schema\\\" is not 1" },
		{ "[1,2]", "\\\"schema\\\" is not 1" },
		{ "{}", "\\\"schema\\\" is not 1" },
		{ "{\"schema\":2,\"command\":\"version\"}", "\\\"schema\\\" is not 1" },
		{ "{\"schema\":\"1\",\"command\":\"version\"}", "\\\"schema\\\" is not 1" },
		{ "{\"schema\":1}", "\\\"command\\\" is missing" },
		{ "{\"schema\":1,\"command\":7}", "\\\"command\\\" is missing" },
		{ "{\"schema\":1,\"command\":\"config check\",\"args\":[\"/etc/passwd\"]}",
		  "no command" },
		{ "{\"schema\":1,\"command\":\"version\",\"args\":{}}", "wrong number" },
		{ "{\"schema\":1,\"command\":\"version\",\"args\":[\"a\"]}", "wrong number" },
		{ "{\"schema\":1,\"command\":\"service show\"}", "wrong number" },
		{ "{\"schema\":1,\"command\":\"service show\",\"args\":[7]}", "not a string" },
		{ "{\"schema\":1,\"command\":\"service show\",\"args\":[null]}", "not a string" },
		{ "{\"schema\":1,\"command\":\"version\",\"options\":[]}", "not an object" },
		{ "{\"schema\":1,\"command\":\"version\",\"options\":{\"force\":true}}",
		  "no option of this command" },
		{ "{\"schema\":1,\"command\":\"reload\",\"options\":{\"dry-run\":1}}",
		  "no option of this command" },
	};
	_cleanup_close_ int fd = rig_connect(&r);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		rig_send(fd, cases[i].request);
		rig_send(fd, "\n");
		cr_assert(rig_receive(fd, &line));
		cr_assert_eq(strncmp(buf_str(&line), "{\"schema\":1,\"ok\":false,\"exit\":2,", 32),
			     0, "%s: %s", cases[i].request, buf_str(&line));
		cr_assert_not_null(strstr(buf_str(&line), cases[i].error), "%s: %s",
				   cases[i].request, buf_str(&line));
	}
	cr_assert_eq(r.daemon.reloads + r.daemon.dry_runs, 0);
}

/* A line of @len bytes of @fill, without its end. */
static void send_fill(int fd, char fill, size_t len)
{
	_cleanup_free_ char *text = malloc(len + 1);

	cr_assert_not_null(text);
	memset(text, fill, len);
	text[len] = '\0';
	rig_send(fd, text);
}

Test(server, is_not_impressed_by_depth)
{
	_cleanup_close_ int fd = rig_connect(&r);

	send_fill(fd, '[', REQUEST_MAX_BYTES - 1);
	rig_send(fd, "\n");
	cr_assert(rig_receive(fd, &line));
	cr_assert_not_null(strstr(buf_str(&line), "not JSON"));
	expect_alive();
}

Test(server, ends_a_line_without_end)
{
	_cleanup_close_ int fd = rig_connect(&r);

	send_fill(fd, 'x', REQUEST_MAX_BYTES);
	expect_alive();
	rig_send(fd, "x");
	expect_answer(fd, "{\"schema\":1,\"ok\":false,\"exit\":2,"
			  "\"error\":\"the request is longer than 65536 bytes\"}");
	cr_assert_not(rig_receive(fd, &line));
}

Test(server, takes_nul_for_what_it_is)
{
	_cleanup_close_ int fd = rig_connect(&r);

	cr_assert_eq(send(fd, "\0\0\n{}\0\n", 7, MSG_NOSIGNAL), 7);
	for (int i = 0; i < 2; i++) {
		cr_assert(rig_receive(fd, &line));
		cr_assert_not_null(strstr(buf_str(&line), "\"ok\":false"));
	}
}

/*
 * It asks and asks and reads nothing. What it sends stops being read when its
 * answers stop being taken; others are served meanwhile; then it reads, and no
 * answer is missing.
 */
Test(server, holds_back_who_does_not_read)
{
	static const char request[] = "{\"schema\":1,\"command\":\"backend list\"}\n";
	_cleanup_close_ int fd = rig_connect(&r);
	size_t sent = 0, asked, answered = 0;

	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (uint64_t end_ms = clock_now_ms() + 1000; clock_now_ms() < end_ms;) {
		size_t at = sent % strlen(request);
		ssize_t n = send(fd, request + at, strlen(request) - at, MSG_NOSIGNAL);

		if (n > 0)
			sent += n;
		else
			usleep(10000);
		cr_assert_lt(sent, 64U << 20, "everything is taken in");
	}
	cr_assert_lt(send(fd, request, 1, MSG_NOSIGNAL), 0, "it still reads");
	expect_alive();
	cr_assert_eq(fcntl(fd, F_SETFL, 0), 0);
	shutdown(fd, SHUT_WR);
	asked = sent / strlen(request);
	for (char chunk[4096]; asked;) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			answered += chunk[i] == '\n';
	}
	cr_assert_eq(answered, asked);
	cr_assert_gt(asked, 10);
}

/* A quarter of the descriptors is for clients; here both ends take of them. */
#define N_FILES 400
#define N_CLIENTS (N_FILES / 4 + 16)

static void limit_files(void)
{
	const struct rlimit files = { N_FILES, N_FILES };

	rig_close(&r);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	rig_open(&r, NULL, NULL);
}

/* More clients than places: who has been silent for longest goes, the rest stays. */
Test(server, makes_room_for_a_new_client)
{
	static int fds[N_CLIENTS];

	limit_files();
	for (size_t i = 0; i < N_CLIENTS; i++) {
		fds[i] = rig_connect(&r);
		rig_send(fds[i], VERSION);
		expect_answer(fds[i], VERSION_ANSWER);
		/* Clients are told apart by milliseconds. */
		usleep(2000);
	}
	expect_alive();
	rig_send(fds[N_CLIENTS - 1], VERSION);
	expect_answer(fds[N_CLIENTS - 1], VERSION_ANSWER);
	cr_assert_not(rig_receive(fds[0], &line), "the first is still there");
	for (size_t i = 0; i < N_CLIENTS; i++)
		close(fds[i]);
	expect_alive();
}

Test(server, forgets_who_hangs_up)
{
	for (int i = 0; i < 200; i++) {
		int fd = rig_connect(&r);

		if (i % 2)
			rig_send(fd, i % 4 == 1 ? VERSION : "{\"sch");
		close(fd);
	}
	expect_alive();
}

/* One says nothing, one half of a request; one byte more does not buy more time. */
Test(server, drops_who_stays_silent)
{
	_cleanup_close_ int silent = -1, half = -1;
	uint64_t begin_ms;

	ctl_set_patience(r.ctl, 400);
	begin_ms = clock_now_ms();
	silent = rig_connect(&r);
	half = rig_connect(&r);
	rig_send(half, "{\"schema\":1,");
	usleep(200000);
	rig_send(half, "\"");
	cr_assert_not(rig_receive(silent, &line));
	cr_assert_not(rig_receive(half, &line));
	cr_assert_geq(clock_now_ms() - begin_ms, 399);
	cr_assert_lt(clock_now_ms() - begin_ms, 3000);
	expect_alive();
}

Test(server, is_found_by_a_second_one)
{
	struct ctl *second = NULL;

	cr_assert_eq(ctl_create(r.socket, NULL, NULL, &fake_ops, NULL, &second), -EADDRINUSE);
	expect_alive();
}

/* --- places to listen at --------------------------------------------------- */

static char place[64];

static void make_place(void)
{
	strcpy(place, P_tmpdir "/shunt-ctl.XXXXXX");
	cr_assert_not_null(mkdtemp(place));
}

static void remove_place(void)
{
	rmdir(place);
}

TestSuite(place, .init = make_place, .fini = remove_place);

static mode_t mode_of(const char *path)
{
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

Test(place, directory_and_modes)
{
	struct ctl *c = NULL;
	char dir[96], path[112];
	mode_t mask = umask(077);

	snprintf(dir, sizeof(dir), "%s/run", place);
	snprintf(path, sizeof(path), "%s/sock", dir);
	cr_assert_eq(ctl_create(path, NULL, NULL, &fake_ops, NULL, &c), 0);
	umask(mask);
	cr_assert_eq(mode_of(dir), 0755);
	cr_assert_eq(mode_of(path), 0600);
	ctl_free(c);
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(ctl_create(path, "daemon", NULL, &fake_ops, NULL, &c), 0);
	cr_assert_eq(mode_of(path), 0666);
	ctl_free(c);
	rmdir(dir);
}

Test(place, a_stale_socket_is_replaced)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ctl *c = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", place);
	cr_assert_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(ctl_create(addr.sun_path, NULL, NULL, &fake_ops, NULL, &c), -EADDRINUSE);
	close(fd);
	cr_assert_eq(ctl_create(addr.sun_path, NULL, NULL, &fake_ops, NULL, &c), 0);
	ctl_free(c);
}

Test(place, what_is_no_socket_is_left_alone)
{
	struct ctl *c = NULL;
	char path[96];

	snprintf(path, sizeof(path), "%s/precious", place);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	cr_assert_eq(ctl_create(path, NULL, NULL, &fake_ops, NULL, &c), -EEXIST);
	cr_assert_eq(unlink(path), 0);
}

Test(place, another_ones_socket_is_not_removed)
{
	struct ctl *first = NULL, *second = NULL;
	char path[96];

	snprintf(path, sizeof(path), "%s/sock", place);
	cr_assert_eq(ctl_create(path, NULL, NULL, &fake_ops, NULL, &first), 0);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(ctl_create(path, NULL, NULL, &fake_ops, NULL, &second), 0);
	ctl_free(first);
	cr_assert_eq(access(path, F_OK), 0, "the second's socket is gone");
	ctl_free(second);
	cr_assert_neq(access(path, F_OK), 0);
}

Test(place, what_cannot_be)
{
	struct ctl *c = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/%0150d", place, 0);
	cr_assert_eq(ctl_create(path, NULL, NULL, &fake_ops, NULL, &c), -ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/sock", place);
	cr_assert_eq(ctl_create(path, "no-such-group", NULL, &fake_ops, NULL, &c), -ENOENT);
	cr_assert_neq(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/a/b/sock", place);
	cr_assert_eq(ctl_create(path, NULL, NULL, &fake_ops, NULL, &c), -ENOENT);
}
