/* SPDX-License-Identifier: BSD-2-Clause */
/* The child as a process: what it may do, its death, its load, and its lies. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/check_state.h"
#include "health/health_create.h"
#include "health/prober_jail.h"
#include "health/prober_link.h"
#include "world.h"

/* The runner is what /proc/self/exe is here: let it be the prober if so asked. */
__attribute__((constructor)) static void be_prober(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], PROBER_ARGV0))
		_exit(prober_main(PROBER_SOCKET_FD));
}

static struct world w;

static void setup(void)
{
	world_init(&w);
}

static void teardown(void)
{
	world_free(&w);
}

TestSuite(prober, .init = setup, .fini = teardown, .timeout = 120);

/* --- what it may do --------------------------------------------------------- */

/* The rest of the line of /proc/PID/status that starts with @key. */
static const char *status_of(int pid, const char *key, char *out, size_t size)
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

static void expect_status(int pid, const char *key, const char *want)
{
	char got[256];

	cr_expect_str_eq(status_of(pid, key, got, sizeof(got)), want, "%s: \"%s\", wanted \"%s\"",
			 key, got, want);
}

Test(prober, runs_this_program_again_without_privileges)
{
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" };
	int pid;

	if (geteuid() != 0)
		cr_skip("only root has an identity to give up: run as root");
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, prober_link_exec);
	world_wait_state(&w, 0, HEALTH_UP);
	pid = health_prober_pid(w.health);
	expect_status(pid, "Name", "shuntd-prober");
	expect_status(pid, "Uid", "65534\t65534\t65534\t65534");
	expect_status(pid, "Gid", "65534\t65534\t65534\t65534");
	expect_status(pid, "Groups", " ");
	for (size_t i = 0; i < 5; i++)
		expect_status(pid, sets[i], "0000000000000000");
	expect_status(pid, "NoNewPrivs", "1");
	expect_status(pid, "SigBlk", "0000000000000000");
#if !defined(__SANITIZE_ADDRESS__)
	expect_status(pid, "Seccomp", "2");
#endif
}

Test(prober, has_only_the_descriptors_it_needs)
{
	int extra = open("/dev/null", O_RDONLY), pid; /* not close-on-exec */
	char path[64], to[64];
	ssize_t n;

	if (geteuid() != 0)
		cr_skip("the child's descriptors are visible to root only: run as root");
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, prober_link_exec);
	world_wait_state(&w, 0, HEALTH_UP);
	pid = health_prober_pid(w.health);
	for (int fd = 0; fd <= extra + 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n = readlink(path, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = '\0';
		if (fd <= 1)
			cr_expect_str_eq(to, "/dev/null");
		else if (fd > 3)
			cr_expect(n < 0 || strstr(to, "eventpoll"), "%d is %s", fd, to);
	}
	close(extra);
}

/* In the child: what a hijacked prober would try. Exits with the failures. */
static int try_to_break_out(int socket_fd)
{
	int escaped;

	if (prober_jail_enter(socket_fd) || prober_jail_lock())
		return 100;
	escaped = open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
	escaped += socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
	escaped += socket(AF_INET, SOCK_DGRAM, 0) >= 0;
	escaped += fork() >= 0;
	escaped += setuid(0) == 0;
	escaped += kill(getppid(), 0) == 0;
	escaped += execl("/bin/true", "true", NULL) == 0;
	return escaped;
}

Test(prober, cannot_break_out)
{
	int status, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

#if defined(__SANITIZE_ADDRESS__)
	cr_skip("the filter is not built into programs with the address sanitizer");
#endif
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		dup2(fd, PROBER_SOCKET_FD);
		_exit(try_to_break_out(PROBER_SOCKET_FD));
	}
	close(fd);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

/* --- its death ---------------------------------------------------------------- */

Test(prober, killed_is_replaced_and_verdicts_stay)
{
	uint64_t probes;
	int old;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	server_close(world_add(&w, "127.0.0.1", CONF_CHECK_TCP));
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	world_wait_state(&w, 1, HEALTH_DOWN);
	old = health_prober_pid(w.health);
	kill(old, SIGKILL);
	world_wait_other_prober(&w, old);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);
	cr_expect_eq(world_status(&w, 1)->state, HEALTH_DOWN);
	probes = world_status(&w, 0)->results[1];
	world_wait_probes(&w, 0, probes + 3);
	cr_expect_eq(w.changes, 2);
	cr_expect_eq(world_status(&w, 0)->results[0], 0);
}

Test(prober, probes_under_way_are_repeated)
{
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);
	int old;

	world_start(&w, prober_main);
	while (!s->request_len)
		world_turn(&w);
	old = health_prober_pid(w.health);
	s->reply = "HTTP/1.1 200 OK\r\n\r\n";
	s->reply_len = strlen(s->reply);
	close(s->peer);
	s->peer = -1;
	kill(old, SIGKILL);
	world_wait_other_prober(&w, old);
	world_wait_state(&w, 0, HEALTH_UP);
	cr_expect_eq(world_status(&w, 0)->results[0], 0);
}

Test(prober, stuck_is_replaced_and_verdicts_stay)
{
	int old;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	w.backends[0].check.timeout_ms = 100;
	world_start(&w, prober_main);
	world_wait_state(&w, 0, HEALTH_UP);
	old = health_prober_pid(w.health);
	kill(old, SIGSTOP);
	world_wait_other_prober(&w, old);
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_INTERNAL_CODE);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UP);
	world_wait_probes(&w, 0, world_status(&w, 0)->results[1] + 3);
	cr_expect_eq(world_status(&w, 0)->code, HEALTH_OK_CODE);
}

static int die(int socket_fd)
{
	(void)socket_fd;
	return 3;
}

Test(prober, dying_at_once_is_not_started_in_a_loop)
{
	int pid, seen = 0, last = -1;
	uint64_t end_ms;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, die);
	end_ms = clock_now_ms() + 2500;
	while (clock_now_ms() < end_ms) {
		world_turn(&w);
		pid = health_prober_pid(w.health);
		seen += pid > 0 && pid != last;
		last = pid > 0 ? pid : last;
	}
	cr_expect(seen == 2 || seen == 3, "%d children in 2.5 s", seen);
	cr_expect_eq(world_status(&w, 0)->state, HEALTH_UNKNOWN);
}

/* In a process of its own: start a prober, tell its pid, and vanish. */
static void start_and_vanish(int pipe_fd)
{
	struct health *h;
	int pid;

	if (health_create_with(prober_main, &h))
		_exit(1);
	pid = health_prober_pid(h);
	if (write(pipe_fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	kill(getpid(), SIGKILL);
}

Test(prober, does_not_outlive_its_parent)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;
	int fds[2], prober;
	pid_t parent;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	parent = fork();
	if (!parent)
		start_and_vanish(fds[1]);
	cr_assert_eq(read(fds[0], &prober, sizeof(prober)), sizeof(prober));
	cr_assert_eq(waitpid(parent, NULL, 0), parent);
	while (waitpid(prober, NULL, WNOHANG) != prober) {
		cr_assert_lt(clock_now_ms(), end_ms);
		usleep(1000);
	}
	close(fds[0]);
	close(fds[1]);
}

/* --- its load -------------------------------------------------------------------- */

#define CROWD 1000

/* A config of @n backends that are all the same, named "0", "1", ... */
static void crowd_of(struct world *world, size_t n, struct conf_backend *backends)
{
	static char names[CROWD][8];

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		backends[i] = world->backends[0];
		backends[i].name = names[i];
	}
	world->service.backends = backends;
	world->service.n_backends = n;
}

static void settle(uint64_t patience_ms)
{
	uint64_t end_ms = clock_now_ms() + patience_ms;

	while (!health_is_settled(w.health)) {
		cr_assert_lt(clock_now_ms(), end_ms);
		world_turn(&w);
	}
}

/* More is due than the socket holds while the child is held up; nothing is lost. */
Test(prober, takes_a_crowd_later_if_it_cannot_now)
{
	static struct conf_backend backends[CROWD];
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	uint64_t end_ms;
	int pid;

	w.backends[0].check.interval_ms = 60000;
	log_level_set(LOG_LEVEL_WARN);
	crowd_of(&w, CROWD, backends);
	cr_assert_eq(listen(s->listener, 4096), 0);
	cr_assert_eq(health_create_with(prober_main, &w.health), 0);
	pid = health_prober_pid(w.health);
	kill(pid, SIGSTOP);
	world_configure(&w);
	end_ms = clock_now_ms() + CHECK_SPREAD_MS + 100;
	while (clock_now_ms() < end_ms)
		world_turn(&w);
	kill(pid, SIGCONT);
	settle(WORLD_PATIENCE_MS);
	for (size_t i = 0; i < CROWD; i++) {
		cr_expect_eq(world_status(&w, i)->state, HEALTH_UP);
		cr_expect_eq(world_status(&w, i)->results[0], 0);
	}
	cr_expect_eq(health_prober_pid(w.health), pid);
}

/* Fewer descriptors than probes: they wait for one another. */
Test(prober, makes_do_with_few_descriptors)
{
	static struct conf_backend backends[150];
	static const struct rlimit few = { 64, 64 };
	struct server *s = world_add(&w, "127.0.0.1", CONF_CHECK_HTTP);
	int listener = s->listener;

	s->listener = -1; /* connections come about, but nobody speaks */
	cr_assert_eq(listen(listener, 1024), 0);
	w.backends[0].check.timeout_ms = 200;
	log_level_set(LOG_LEVEL_WARN);
	crowd_of(&w, 150, backends);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	world_start(&w, prober_main);
	settle(WORLD_PATIENCE_MS);
	for (size_t i = 0; i < 150; i++) {
		cr_expect_eq(world_status(&w, i)->state, HEALTH_DOWN);
		cr_expect_neq(world_status(&w, i)->code, HEALTH_SOCKERR_CODE);
	}
	close(listener);
}

/* --- its lies ---------------------------------------------------------------------- */

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

Test(prober, nonsense_is_dropped)
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

Test(prober, an_empty_message_is_the_end_of_it)
{
	int old;

	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, say_nothing_at_length);
	old = health_prober_pid(w.health);
	world_wait_other_prober(&w, old);
}

static int flood(int socket_fd)
{
	char noise[64] = { 1 };

	while (send(socket_fd, noise, sizeof(noise), MSG_NOSIGNAL) >= 0 || errno == EAGAIN)
		;
	return 0;
}

/* Each turn ends: the parent does not drown. */
Test(prober, a_flood_does_not_hold_the_parent)
{
	world_add(&w, "127.0.0.1", CONF_CHECK_TCP);
	world_start(&w, flood);
	for (int i = 0; i < 200; i++) {
		uint64_t start_ms = clock_now_ms();

		world_turn(&w);
		cr_expect_lt(clock_now_ms() - start_ms, 1000);
	}
	cr_expect_eq(world_status(&w, 0)->results[1], 0);
}
