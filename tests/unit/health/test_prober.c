/* SPDX-License-Identifier: BSD-2-Clause */
/* The child as a process: its death and its load. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/check_state.h"
#include "health/health_create.h"
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

TestSuite(prober, .init = setup, .fini = teardown, .timeout = 120);

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
	kill(old, SIGKILL); /* before the end of the connection can reach it */
	close(s->peer);
	s->peer = -1;
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

/* In a process of its own: start a prober, tell its pid, and vanish when told to. */
static void start_and_vanish(int tell_fd, int told_fd)
{
	struct health *h;
	int pid;

	if (health_create_with(prober_main, &h))
		_exit(1);
	pid = health_prober_pid(h);
	if (write(tell_fd, &pid, sizeof(pid)) != sizeof(pid) || read(told_fd, &pid, 1) != 1)
		_exit(1);
	kill(getpid(), SIGKILL);
}

static void await_name(int pid, const char *name)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;
	char got[64];

	while (strcmp(status_of(pid, "Name", got, sizeof(got)), name)) {
		cr_assert_lt(clock_now_ms(), end_ms);
		usleep(1000);
	}
}

/* Not even if it is stuck and does not see the socket close. */
Test(prober, does_not_outlive_its_parent)
{
	uint64_t end_ms = clock_now_ms() + WORLD_PATIENCE_MS;
	int tell[2], told[2], prober;
	pid_t parent;

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	cr_assert_eq(pipe2(tell, O_CLOEXEC) | pipe2(told, O_CLOEXEC), 0);
	parent = fork();
	if (!parent)
		start_and_vanish(tell[1], told[0]);
	cr_assert_eq(read(tell[0], &prober, sizeof(prober)), sizeof(prober));
	await_name(prober, PROBER_ARGV0); /* the last that it sets */
	kill(prober, SIGSTOP);
	cr_assert_eq(write(told[1], "", 1), 1);
	cr_assert_eq(waitpid(parent, NULL, 0), parent);
	while (waitpid(prober, NULL, WNOHANG) != prober) {
		cr_assert_lt(clock_now_ms(), end_ms);
		usleep(1000);
	}
	for (int i = 0; i < 2; i++) {
		close(tell[i]);
		close(told[i]);
	}
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
