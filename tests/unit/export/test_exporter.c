/* SPDX-License-Identifier: BSD-2-Clause */
/* The listener, over real connections. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../lib/snapshot_fixture.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "export/export.h"
#include "net/addr.h"

static struct exporter *exporter;
static pthread_t thread;
static int stop_fd;
static bool broken;

static size_t n_backends; /* of the first service; 0: as it is */

static struct snapshot *snapshot(void *app)
{
	struct snapshot *s = *(bool *)app ? NULL : fixture_snapshot();

	if (s && n_backends)
		fixture_add_backends(&s->services[0], n_backends);
	return s;
}

/* As the CLI's words would have it, in short; what is quoted comes from elsewhere. */
static json_t *describe(const struct snapshot *s)
{
	return json_pack("{s:{s:s}}", "daemon", "version", s->version);
}

static json_t *describe_service(const struct snapshot_service *s)
{
	return json_pack("{s:s, s:s}", "name", s->conf->name, "state", "up");
}

/* Most of what was described between two turns of the loop. */
static size_t n_described, most_described;

static json_t *describe_backend(const struct snapshot_service *s, size_t i)
{
	n_described++;
	return json_pack("{s:s, s:s, s:{s:s}}", "name", s->backends[i].name, "state", "up", "check",
			 "detail", "<script>\"&\x01");
}

static json_t *describe_hop(const struct snapshot_hop *h)
{
	return json_pack("{s:s}", "state", hop_state_name(h->state));
}

static const struct exporter_ops ops = {
	.snapshot = snapshot,
	.describe = describe,
	.describe_service = describe_service,
	.describe_backend = describe_backend,
	.describe_hop = describe_hop,
};

static void *serve(void *arg)
{
	struct pollfd fds[] = { { exporter_fd(arg), POLLIN, 0 }, { stop_fd, POLLIN, 0 } };

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		n_described = 0;
		exporter_dispatch(arg);
		if (n_described > most_described)
			most_described = n_described;
	}
	return NULL;
}

static void setup(void)
{
	/* Instead of Criterion's timeouts, which leak in its runner now and then. */
	alarm(60);
	stop_fd = eventfd(0, EFD_CLOEXEC);
	cr_assert_eq(exporter_create("127.0.0.1:0", &ops, &broken, &exporter), 0);
	cr_assert_eq(pthread_create(&thread, NULL, serve, exporter), 0);
}

static void teardown(void)
{
	eventfd_write(stop_fd, 1);
	pthread_join(thread, NULL);
	exporter_free(exporter);
	close(stop_fd);
}

TestSuite(exporter, .init = setup, .fini = teardown);

static int dial(void)
{
	struct timeval patience = { .tv_sec = 20 };
	struct sockaddr_storage ss;
	struct shunt_addr addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	addr_parse("127.0.0.1", &addr);
	len = addr_to_sockaddr(&addr, exporter_port(exporter), &ss);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static void receive_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		buf_add(out, chunk, n);
	cr_assert_eq(n, 0, "the connection was not closed");
}

static void ask(const char *request, struct buf *answer)
{
	_cleanup_close_ int fd = dial();

	cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	receive_all(fd, answer);
}

#define REQUEST(method, path) method " " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* RFC 9112, section 7.1; in place. */
static void join_chunks(char *text)
{
	char *out = text, *end;
	size_t n;

	while ((n = strtoul(text, &end, 16))) {
		memmove(out, end + 2, n);
		out += n;
		text = end + 2 + n + 2;
	}
	cr_assert_str_eq(end, "\r\n\r\n", "no last chunk");
	*out = '\0';
}

static const char *body_of(const struct buf *answer)
{
	char *end = strstr(answer->data, "\r\n\r\n");
	bool chunked = strstr(answer->data, "Transfer-Encoding: chunked\r\n");

	cr_assert_not_null(end, "no end of the header: %s", buf_str(answer));
	if (chunked && end[4])
		join_chunks(end + 4);
	return end + 4;
}

Test(exporter, serves_the_page)
{
	_cleanup_(snapshot_freep) struct snapshot *s = fixture_snapshot();
	_cleanup_(buf_free) struct buf answer = { 0 };
	_cleanup_(buf_free) struct buf want = { 0 };

	ask(REQUEST("GET", "/metrics"), &answer);
	metrics_write(s, &want);
	cr_assert_eq(strncmp(buf_str(&answer), "HTTP/1.1 200 ", 13), 0);
	cr_assert_not_null(strstr(buf_str(&answer),
				  "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	cr_assert_str_eq(body_of(&answer), buf_str(&want));
}

Test(exporter, answers_head_without_a_body)
{
	_cleanup_(buf_free) struct buf answer = { 0 };

	ask(REQUEST("HEAD", "/metrics"), &answer);
	cr_assert_eq(strncmp(buf_str(&answer), "HTTP/1.1 200 ", 13), 0);
	cr_assert_str_eq(body_of(&answer), "");
}

Test(exporter, says_that_it_lives)
{
	_cleanup_(buf_free) struct buf answer = { 0 };

	ask(REQUEST("GET", "/healthz"), &answer);
	cr_assert_eq(strncmp(buf_str(&answer), "HTTP/1.1 200 ", 13), 0);
	cr_assert_str_eq(body_of(&answer), "ok\n");
}

Test(exporter, serves_the_status)
{
	_cleanup_(buf_free) struct buf answer = { 0 };
	_cleanup_(json_decrefp) json_t *status = NULL;

	ask(REQUEST("GET", "/status.json"), &answer);
	cr_assert_not_null(strstr(buf_str(&answer), "Content-Type: application/json\r\n"));
	status = json_loads(body_of(&answer), 0, NULL);
	cr_assert_not_null(status);
	cr_assert_not_null(json_object_get(status, "rates"));
	cr_assert_not_null(json_object_get(status, "host"));
	cr_assert_eq(json_array_size(json_object_get(status, "services")), 2);
	cr_assert_eq(json_array_size(json_object_get(status, "neighbors")), 3);
}

/* The loop gets to other things between two pieces of a long answer. */
Test(exporter, makes_long_answers_in_pieces)
{
	_cleanup_(buf_free) struct buf answer = { 0 };
	_cleanup_(json_decrefp) json_t *status = NULL;
	const json_t *web;

	n_backends = 10000;
	ask(REQUEST("GET", "/status.json"), &answer);
	status = json_loads(body_of(&answer), 0, NULL);
	cr_assert_not_null(status);
	web = json_array_get(json_object_get(status, "services"), 0);
	cr_assert_eq(json_array_size(json_object_get(web, "backends")), n_backends);
	cr_assert_lt(most_described, 1000, "%zu at once", most_described);
	cr_assert_gt(most_described, 10);
}

/* Whoever does not read on costs a piece, and nobody else waits. */
Test(exporter, is_not_held_up_by_who_does_not_read)
{
	_cleanup_(buf_free) struct buf answer = { 0 };
	_cleanup_close_ int idle = dial();
	const int little = 4096;

	n_backends = 100000;
	setsockopt(idle, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
	send(idle, REQUEST("GET", "/metrics"), strlen(REQUEST("GET", "/metrics")), MSG_NOSIGNAL);
	ask(REQUEST("GET", "/healthz"), &answer);
	cr_assert_str_eq(body_of(&answer), "ok\n");
}

/* Nothing is taken from elsewhere, and what a server said is text. */
Test(exporter, serves_a_page_that_nobody_can_write_into)
{
	_cleanup_(buf_free) struct buf answer = { 0 };

	ask(REQUEST("GET", "/"), &answer);
	cr_assert_eq(strncmp(buf_str(&answer), "HTTP/1.1 200 ", 13), 0);
	cr_assert_not_null(
		strstr(buf_str(&answer), "\r\nContent-Security-Policy: default-src 'none'"));
	cr_assert_not_null(strstr(body_of(&answer), "&lt;script&gt;&quot;&amp;?"));
	cr_assert_null(strstr(body_of(&answer), "<script>"));
	cr_assert_null(strstr(body_of(&answer), "://"));
}

Test(exporter, looks_for_what_the_page_is_asked_for)
{
	_cleanup_(buf_free) struct buf answer = { 0 };

	ask(REQUEST("GET", "/?q=web"), &answer);
	cr_expect_not_null(strstr(body_of(&answer), "value=\"web\""));
	cr_expect_not_null(strstr(body_of(&answer), "nginx1"));
	buf_free(&answer);
	ask(REQUEST("GET", "/?q=%22%3E%3Cscript%3E%00x&q=1"), &answer);
	cr_expect_not_null(strstr(body_of(&answer), "value=\"&quot;&gt;&lt;script&gt;"));
	cr_expect_null(strstr(body_of(&answer), "nginx1"));
	buf_free(&answer);
	ask(REQUEST("GET", "/?q"), &answer);
	cr_expect_not_null(strstr(body_of(&answer), "nginx1"));
}

Test(exporter, serves_what_the_page_refers_to)
{
	_cleanup_(buf_free) struct buf css = { 0 };
	_cleanup_(buf_free) struct buf js = { 0 };

	ask(REQUEST("GET", "/page.css"), &css);
	cr_assert_not_null(strstr(buf_str(&css), "Content-Type: text/css; charset=utf-8\r\n"));
	cr_assert_not_null(strstr(body_of(&css), "prefers-color-scheme: dark"));
	ask(REQUEST("GET", "/page.js"), &js);
	cr_assert_not_null(
		strstr(buf_str(&js), "Content-Type: text/javascript; charset=utf-8\r\n"));
	cr_assert_not_null(strstr(body_of(&js), "\"use strict\";\n"));
}

Test(exporter, refuses_everything_else)
{
	static const struct {
		const char *request, *status;
	} cases[] = {
		{ REQUEST("GET", "/index.html"), "HTTP/1.1 404 " },
		{ REQUEST("GET", "/metrics/../etc/passwd"), "HTTP/1.1 404 " },
		{ REQUEST("DELETE", "/metrics"), "HTTP/1.1 405 " },
		{ "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
		  "HTTP/1.1 405 " },
	};

	for (size_t i = 0; i < array_len(cases); i++) {
		_cleanup_(buf_free) struct buf answer = { 0 };

		ask(cases[i].request, &answer);
		cr_assert_eq(strncmp(buf_str(&answer), cases[i].status, strlen(cases[i].status)), 0,
			     "%s: %s", cases[i].request, buf_str(&answer));
	}
}

Test(exporter, says_when_there_is_no_snapshot)
{
	static const char *const requests[] = { REQUEST("GET", "/metrics"), REQUEST("GET", "/"),
						REQUEST("GET", "/status.json") };

	broken = true;
	for (size_t i = 0; i < array_len(requests); i++) {
		_cleanup_(buf_free) struct buf answer = { 0 };

		ask(requests[i], &answer);
		cr_assert_eq(strncmp(buf_str(&answer), "HTTP/1.1 503 ", 13), 0, "%s", requests[i]);
	}
}

Test(exporter, survives_what_is_not_http)
{
	_cleanup_(buf_free) struct buf junk = { 0 };
	_cleanup_(buf_free) struct buf answer = { 0 };
	_cleanup_(buf_free) struct buf good = { 0 };
	_cleanup_close_ int fd = dial();

	for (int i = 0; i < 60000; i++)
		buf_add(&junk, &(char){ (char)(i * 7 + 1) }, 1);
	/* It may hang up before it has read everything. */
	send(fd, junk.data, junk.len, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	ask(REQUEST("GET", "/healthz"), &good);
	cr_assert_str_eq(body_of(&good), "ok\n");
}

/* It sends a header a second, for ever; others do not notice, and it is hung up on. */
Test(exporter, is_not_held_up_by_a_slow_client)
{
	static const char start[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n";
	_cleanup_close_ int slow = dial();
	uint64_t begin_ms = clock_now_ms();
	struct pollfd end = { slow, POLLIN, 0 };

	send(slow, start, strlen(start), MSG_NOSIGNAL);
	while (poll(&end, 1, 1000) == 0) {
		_cleanup_(buf_free) struct buf answer = { 0 };
		uint64_t asked_ms = clock_now_ms();

		cr_assert_lt(asked_ms - begin_ms, 14000, "still not hung up on");
		send(slow, "X: y\r\n", 6, MSG_NOSIGNAL);
		ask(REQUEST("GET", "/healthz"), &answer);
		cr_assert_str_eq(body_of(&answer), "ok\n");
		cr_assert_lt(clock_now_ms() - asked_ms, 500);
	}
	cr_assert_geq(clock_now_ms() - begin_ms, 9000, "hung up on too soon");
}

Test(exporter, serves_many_at_once)
{
	int fds[12];

	for (size_t i = 0; i < array_len(fds); i++)
		fds[i] = dial();
	for (size_t i = 0; i < array_len(fds); i++)
		send(fds[i], REQUEST("GET", "/metrics"), strlen(REQUEST("GET", "/metrics")),
		     MSG_NOSIGNAL);
	for (size_t i = 0; i < array_len(fds); i++) {
		_cleanup_(buf_free) struct buf answer = { 0 };

		receive_all(fds[i], &answer);
		cr_assert_not_null(
			strstr(buf_str(&answer), "\nshunt_service_up{service=\"web\"} 1\n"));
		close(fds[i]);
	}
}
