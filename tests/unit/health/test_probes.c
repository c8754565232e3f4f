/* SPDX-License-Identifier: BSD-2-Clause */
/* Real probes, by a real child, against servers on the loopback. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

TestSuite(probes, .init = setup, .fini = teardown, .timeout = 120);

static void expect(size_t backend, enum health_code code, const char *detail)
{
	const struct health_status *s = world_status(&w, backend);

	cr_expect_eq(s->code, code, "%s: %s, wanted %s", health_code_name(s->code), s->detail,
		     health_code_name(code));
	cr_expect(!strncmp(s->detail, detail, strlen(detail)), "detail is \"%s\"", s->detail);
}

Test(probes, tcp_takes_an_open_port_for_up)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_add(&w, "::1", CONF_CHECK_TCP);
	world_start(&w, prober_main);
	cr_expect_not(health_is_settled(w.health));
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_UP);
	expect(0, HEALTH_OK_CODE, "connected");
	expect(1, HEALTH_OK_CODE, "connected");
	cr_expect(health_is_settled(w.health));
	cr_expect_eq(w.changes, 2);
	cr_expect_gt(world_status(&w, 0)->since_wall_s, 1000000000);
}

Test(probes, tcp_takes_a_closed_port_for_down)
{
	server_close(world_add(&w, "127.0.0.1", CONF_CHECK_TCP));
	server_close(world_add(&w, "::1", CONF_CHECK_TCP));
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	world_wait_state(&w, 1, HEALTH_DOWN);
	expect(0, HEALTH_L4CON_CODE, "connection refused");
	expect(1, HEALTH_L4CON_CODE, "connection refused");
}

/* With the queue of the listener full, the kernel drops further SYNs. */
static int fill_backlog(const struct server *s, int *fds, size_t n)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(s->port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (listen(s->listener, 0))
		return -errno;
	for (size_t i = 0; i < n; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fds[i], (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS)
			return -errno;
	}
	return 0;
}

Test(probes, tcp_runs_out_of_time)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	int listener = s->listener, fds[4];

	w.backends[0].check.timeout_ms = 200;
	cr_assert_eq(fill_backlog(s, fds, 4), 0);
	s->listener = -1; /* the world must not accept */
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, HEALTH_L4TOUT_CODE, "no connection within 200 ms");
	cr_expect_geq(world_status(&w, 0)->duration_us, 199 * 1000);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
	close(listener);
}

/*
 * The handshake is not completed as a rule. A child that was held up for longer
 * than the kernel delays an acknowledgement may complete some.
 */
Test(probes, tcp_does_not_wake_the_server)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	int listener = s->listener, accepted = 0, fd;

	s->listener = -1;
	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 20);
	cr_expect_eq(world_status(&w, 0)->results[1], 20);
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		accepted++;
		close(fd);
	}
	close(listener);
	cr_expect_lt(accepted, 10, "%d of 20 were accepted", accepted);
}

/* Fixtures: what the server says, and what is made of it. */
struct http_case {
	char reply[192];
	bool bytewise;
	bool hang_up;
	enum health_state state;
	enum health_code code;
	char detail[64];
};

ParameterizedTestParameters(probes, http)
{
	static struct http_case cases[] = {
		{ "HTTP/1.1 200 OK\r\n\r\n", false, true, HEALTH_UP, HEALTH_OK_CODE, "http 200" },
		{ "HTTP/1.0 204\r\n", false, false, HEALTH_UP, HEALTH_OK_CODE, "http 204" },
		{ "HTTP/1.1 200 OK\r\n\r\n", true, false, HEALTH_UP, HEALTH_OK_CODE, "http 200" },
		{ "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n", true, false,
		  HEALTH_UP, HEALTH_OK_CODE, "http 200" },
		{ "HTTP/1.1 503 Service Unavailable\r\n\r\n", false, true, HEALTH_DOWN,
		  HEALTH_L7STS_CODE, "http 503" },
		{ "HTTP/1.1 301 Moved\r\n", false, false, HEALTH_DOWN, HEALTH_L7STS_CODE,
		  "http 301" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", false, false, HEALTH_DOWN, HEALTH_L7RSP_CODE,
		  "not an HTTP/1 status line" },
		{ "HTTP/1.1 20", false, true, HEALTH_DOWN, HEALTH_L7RSP_CODE, "closed after 11" },
		{ "", false, true, HEALTH_DOWN, HEALTH_L7RSP_CODE, "closed after 0" },
	};

	return cr_make_param_array(struct http_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct http_case *c, probes, http)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);

	s->reply = c->reply;
	s->reply_len = strlen(c->reply);
	s->bytewise = c->bytewise;
	s->hang_up = c->hang_up;
	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 1);
	cr_expect_eq(world_status(&w, 0)->state, c->state);
	expect(0, c->code, c->detail);
	health_free(w.health);
	w.health = NULL;
}

Test(probes, http_runs_out_of_time)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);
	w.backends[0].check.timeout_ms = 200;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, HEALTH_L7TOUT_CODE, "no complete answer within 200 ms");
}

Test(probes, http_does_not_read_on_for_ever)
{
	static char reply[16384] = "HTTP/1.1 103 Early Hints\r\nX: ";
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);

	memset(reply + strlen(reply), 'x', sizeof(reply) - strlen(reply));
	s->reply = reply;
	s->reply_len = sizeof(reply);
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_DOWN);
	expect(0, HEALTH_L7RSP_CODE, "no status within 8192 bytes");
}

static void expect_request(const struct server *s, const char *host)
{
	char want[256];

	snprintf(want, sizeof(want),
		 "GET /healthz HTTP/1.1\r\nHost: %s\r\nUser-Agent: shunt\r\n"
		 "Accept: */*\r\nConnection: close\r\n\r\n",
		 host);
	cr_expect_str_eq(s->request, want);
}

Test(probes, http_asks_properly)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n\r\n";
	static const char *const addresses[] = { "127.0.0.1", "::1", "127.0.0.1", "::1" };
	char host[64];

	for (size_t i = 0; i < 4; i++) {
		struct server *s = world_add(&w, addresses[i], CONF_CHECK_HTTP);

		s->reply = ok;
		s->reply_len = strlen(ok);
	}
	w.backends[2].check.host = "www.example.com";
	w.backends[3].check.host = "2001:db8::1";
	world_start(&w, prober_main);
	for (size_t i = 0; i < 4; i++)
		world_wait_state(&w, i, HEALTH_UP);
	snprintf(host, sizeof(host), "127.0.0.1:%u", w.servers[0].port);
	expect_request(&w.servers[0], host);
	snprintf(host, sizeof(host), "[::1]:%u", w.servers[1].port);
	expect_request(&w.servers[1], host);
	expect_request(&w.servers[2], "www.example.com");
	expect_request(&w.servers[3], "[2001:db8::1]");
}

Test(probes, go_down_after_fall_and_up_after_rise)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);

	s->reply = "HTTP/1.1 200 OK\r\n\r\n";
	s->reply_len = strlen(s->reply);
	s->hang_up = true;
	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 2);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);

	s->reply = "HTTP/1.1 500 Oops\r\n\r\n";
	s->reply_len = strlen(s->reply);
	world_wait_state(&w, 0, HEALTH_DOWN);
	cr_expect_eq(world_status(&w, 0)->results[0], 3);

	s->reply = "HTTP/1.1 200 OK\r\n\r\n";
	s->reply_len = strlen(s->reply);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_eq(w.changes, 3);
}

Test(probes, are_counted_by_duration)
{
	const struct health_status *s;
	uint64_t in_buckets = 0;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, prober_main);
	world_wait_probes(&w, 0, 5);
	s = world_status(&w, 0);
	for (size_t i = 0; i <= HEALTH_BUCKETS; i++)
		in_buckets += s->bucket[i];
	cr_expect_eq(in_buckets, 5);
	cr_expect_geq(s->duration_sum_us, s->duration_us);
	cr_expect_gt(s->duration_us, 0);
}
