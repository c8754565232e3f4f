/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/health_create.h"
#include "net/addr.h"
#include "world.h"

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->conf.services = &w->service;
	w->conf.n_services = 1;
	w->service.name = "web";
	w->service.backends = w->backends;
	for (size_t i = 0; i < WORLD_BACKENDS; i++) {
		w->servers[i].listener = -1;
		w->servers[i].peer = -1;
	}
}

void server_close(struct server *s)
{
	if (s->peer >= 0)
		close(s->peer);
	if (s->listener >= 0)
		close(s->listener);
	s->peer = -1;
	s->listener = -1;
}

void world_free(struct world *w)
{
	health_free(w->health);
	for (size_t i = 0; i < WORLD_BACKENDS; i++)
		server_close(&w->servers[i]);
}

static bool is_over_udp(enum conf_check_type type)
{
	return type == CONF_CHECK_UDP || type == CONF_CHECK_DNS;
}

static void server_listen(struct server *s, const struct shunt_addr *addr)
{
	const int type = s->is_udp ? SOCK_DGRAM : SOCK_STREAM;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(addr, 0, &ss);

	s->listener = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	cr_assert_geq(s->listener, 0);
	cr_assert_eq(bind(s->listener, (struct sockaddr *)&ss, len), 0, "bind: %s",
		     strerror(errno));
	cr_assert(s->is_udp || !listen(s->listener, 64));
	cr_assert_eq(getsockname(s->listener, (struct sockaddr *)&ss, &len), 0);
	s->port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

struct server *world_add(struct world *w, const char *address, enum conf_check_type type)
{
	static const char *const names[WORLD_BACKENDS] = { "b0", "b1", "b2", "b3" };
	size_t i = w->service.n_backends++;
	struct conf_backend *b = &w->backends[i];
	struct shunt_addr addr;

	cr_assert_lt(i, WORLD_BACKENDS);
	cr_assert_eq(addr_parse(address, &addr), 0);
	w->servers[i].is_udp = is_over_udp(type);
	server_listen(&w->servers[i], &addr);
	b->name = names[i];
	b->has_address = addr_is_v4(&addr);
	b->has_address6 = !b->has_address;
	*(b->has_address ? &b->address : &b->address6) = addr;
	b->check = (struct conf_check){
		.type = type,
		.interval_ms = 100,
		.fast_interval_ms = 100,
		.down_interval_ms = 100,
		.timeout_ms = 5000,
		.rise = 2,
		.fall = 3,
		.port = w->servers[i].port,
		.path = "/healthz",
		.name = "health.example.com",
		.qtype = CONF_QTYPE_A,
		.rcodes = 1 << 0,
		.status = { { 200, 299 } },
		.n_status = 1,
	};
	return &w->servers[i];
}

void world_start(struct world *w, int (*run)(int socket_fd))
{
	cr_assert_eq(health_create_with(run, &w->health), 0);
	world_configure(w);
}

void world_configure(struct world *w)
{
	cr_assert_eq(health_configure(w->health, &w->conf, clock_now_ms()), 0);
}

static void server_hang_up(struct server *s)
{
	close(s->peer);
	s->peer = -1;
}

static bool server_has_request(struct server *s)
{
	ssize_t n = recv(s->peer, s->request + s->request_len,
			 sizeof(s->request) - 1 - s->request_len, 0);

	if (n > 0) {
		s->request_len += n;
		s->request[s->request_len] = '\0';
	} else if (n == 0 || errno != EAGAIN) {
		server_hang_up(s);
		return false;
	}
	return strstr(s->request, "\r\n\r\n");
}

/* One question, and what @answer makes of it. */
static void server_turn_udp(struct server *s)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t question[1024], answer[1024];
	ssize_t n = recvfrom(s->listener, question, sizeof(question), 0, (struct sockaddr *)&from,
			     &len);
	size_t size;

	if (n < 0)
		return;
	s->n_questions++;
	size = s->answer ? s->answer(question, n, answer) : 0;
	if (size)
		sendto(s->listener, answer, size, 0, (struct sockaddr *)&from, len);
}

static void server_turn(struct server *s)
{
	size_t left;
	ssize_t n;

	if (s->is_udp) {
		server_turn_udp(s);
		return;
	}
	if (s->peer < 0) {
		socklen_t len = sizeof(s->from);

		s->peer = accept4(s->listener, (struct sockaddr *)&s->from, &len,
				  SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (s->peer < 0)
			return;
		s->request_len = 0;
		s->request[0] = '\0';
		s->sent = 0;
	}
	if (!server_has_request(s) && !(s->speaks_first && s->peer >= 0))
		return;
	if (!s->reply)
		return;
	left = s->reply_len - s->sent;
	n = send(s->peer, s->reply + s->sent, s->bytewise && left ? 1 : left, MSG_NOSIGNAL);
	if (n > 0)
		s->sent += n;
	if (s->sent == s->reply_len && s->hang_up)
		server_hang_up(s);
}

void world_turn(struct world *w)
{
	struct pollfd fds[1 + WORLD_BACKENDS];
	int wait_ms = 20;

	fds[0] = (struct pollfd){ .fd = health_fd(w->health), .events = POLLIN };
	for (size_t i = 0; i < WORLD_BACKENDS; i++) {
		struct server *s = &w->servers[i];

		if (s->peer >= 0 && s->reply)
			wait_ms = 2;
		fds[1 + i] = (struct pollfd){ .fd = s->peer < 0 ? s->listener : s->peer,
					      .events = POLLIN };
	}
	poll(fds, 1 + WORLD_BACKENDS, wait_ms);
	for (size_t i = 0; i < WORLD_BACKENDS; i++) {
		if (w->servers[i].listener >= 0)
			server_turn(&w->servers[i]);
	}
	w->changes += health_dispatch(w->health, clock_now_ms());
}

const struct health_status *world_status(const struct world *w, size_t backend)
{
	return health_get(w->health, 0, backend);
}

static uint64_t probes(const struct world *w, size_t backend)
{
	return world_status(w, backend)->results[0] + world_status(w, backend)->results[1];
}

void world_wait_probes(struct world *w, size_t backend, uint64_t n)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;

	while (probes(w, backend) < n) {
		cr_assert_lt(clock_now_ms(), end_ms, "only %lu probes",
			     (unsigned long)probes(w, backend));
		world_turn(w);
	}
}

void world_wait_state(struct world *w, size_t backend, enum health_state state)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;

	while (world_status(w, backend)->state != state) {
		cr_assert_lt(clock_now_ms(), end_ms, "still %s: %s",
			     health_state_name(world_status(w, backend)->state),
			     world_status(w, backend)->detail);
		world_turn(w);
	}
}

int world_wait_other_prober(struct world *w, int old)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;
	int pid;

	while ((pid = health_prober_pid(w->health)) == old || pid < 0) {
		cr_assert_lt(clock_now_ms(), end_ms, "the prober was not replaced");
		world_turn(w);
	}
	return pid;
}

const char *status_of(int pid, const char *key, char *out, size_t size)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	cr_assert_not_null(f);
	out[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) || line[strlen(key)] != ':')
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(out, size, "%s", line + strlen(key) + 2);
	}
	fclose(f);
	return out;
}
