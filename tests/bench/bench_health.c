/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What do health checks cost? N backends on the loopback, checked for a while;
 * then the CPU time of this process (the schedule) and of its prober.
 *
 *	bench_health tcp|http [BACKENDS [SECONDS]]
 *
 * The servers live in a process of their own, whose time is not counted; work
 * that the kernel does in the prober's name for them (the loopback delivers to
 * the server within the sender's system call) is.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "health/health.h"
#include "net/addr.h"

#define INTERVAL_MS 2000
#define PROBER_SOCKET 3

static int listen_on_loopback(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, len) || listen(fd, 4096) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len)) {
		perror("listen");
		exit(EXIT_FAILURE);
	}
	*port = ntohs(sin.sin_port);
	return fd;
}

/* One connection after the other: request in, answer out. */
static _Noreturn void serve(int listener)
{
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	char request[2048];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		_cleanup_close_ int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && recv(fd, request, sizeof(request), 0) > 0)
			send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
	}
}

static struct conf_backend *make_backends(size_t n, enum conf_check_type type, uint16_t port)
{
	struct conf_backend *backends = calloc(n, sizeof(*backends));
	char name[32];

	for (size_t i = 0; backends && i < n; i++) {
		snprintf(name, sizeof(name), "backend%zu", i);
		backends[i] = (struct conf_backend){
			.name = strdup(name),
			.has_address = true,
			.check = { .type = type,
				   .interval_ms = INTERVAL_MS,
				   .fast_interval_ms = INTERVAL_MS / 2,
				   .down_interval_ms = INTERVAL_MS,
				   .timeout_ms = 1000,
				   .rise = 2,
				   .fall = 3,
				   .jitter_percent = 5,
				   .port = port,
				   .path = "/healthz",
				   .status = { { 200, 299 } },
				   .n_status = 1 },
		};
		addr_parse("127.0.0.1", &backends[i].address);
	}
	return backends;
}

static void run_for(struct health *h, uint64_t ms)
{
	struct pollfd fd = { .fd = health_fd(h), .events = POLLIN };
	uint64_t now = clock_now_ms(), end = now + ms;

	for (; now < end; now = clock_now_ms()) {
		poll(&fd, 1, end - now);
		health_dispatch(h, clock_now_ms());
	}
}

/* CPU seconds of a process, user and system, as of now. */
static double cpu_seconds(int pid)
{
	unsigned long long user, system;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");

	if (!f || fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			 &user, &system) != 2)
		return 0;
	return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static uint64_t count_probes(const struct health *h, size_t n, size_t result)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += health_get(h, 0, i)->results[result];
	return sum;
}

static void measure(struct health *h, size_t n, unsigned int seconds)
{
	int child = health_prober_pid(h);
	double parent_s = cpu_seconds(getpid()), child_s = cpu_seconds(child);
	uint64_t passed = count_probes(h, n, 1), failed = count_probes(h, n, 0);

	run_for(h, seconds * 1000);
	parent_s = cpu_seconds(getpid()) - parent_s;
	child_s = cpu_seconds(child) - child_s;
	passed = count_probes(h, n, 1) - passed;
	failed = count_probes(h, n, 0) - failed;
	printf("%zu backends, %u s: %.0f probes/s, %llu failed; parent %.2f %%, child %.2f %%, "
	       "together %.2f %% of a core, %.1f us a probe\n",
	       n, seconds, (double)(passed + failed) / seconds, (unsigned long long)failed,
	       100 * parent_s / seconds, 100 * child_s / seconds,
	       100 * (parent_s + child_s) / seconds,
	       1e6 * (parent_s + child_s) / (passed + failed ?: 1));
}

static int bench(enum conf_check_type type, size_t n, unsigned int seconds)
{
	struct conf_service service = { .name = "bench", .n_backends = n };
	struct conf conf = { .services = &service, .n_services = 1 };
	struct health *h;
	uint16_t port;
	int listener = listen_on_loopback(&port);
	pid_t server = fork();

	if (!server)
		serve(listener);
	service.backends = make_backends(n, type, port);
	log_level_set(LOG_LEVEL_WARN);
	if (server < 0 || !service.backends || health_create(&h) ||
	    health_configure(h, &conf, clock_now_ms()))
		return EXIT_FAILURE;
	run_for(h, 2 * INTERVAL_MS);
	measure(h, n, seconds);
	health_free(h);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	bool http = argc > 1 && !strcmp(argv[1], "http");

	if (prober_is_asked_for(argv[0]))
		return prober_main_as(argv[0], PROBER_SOCKET);
	if (argc < 2 || (!http && strcmp(argv[1], "tcp"))) {
		fprintf(stderr, "usage: bench_health tcp|http [BACKENDS [SECONDS]]\n");
		return 2;
	}
	return bench(http ? CONF_CHECK_HTTP : CONF_CHECK_TCP, argc > 2 ? atoi(argv[2]) : 1000,
		     argc > 3 ? atoi(argv[3]) : 20);
}
