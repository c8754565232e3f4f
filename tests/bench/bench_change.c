/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a change cost? A whole daemon with one service of N backends, in
 * namespaces of its own; one backend is drained or enabled, or leaves and returns,
 * and the time is taken from daemon_update() to its end: plan, state file, steps,
 * next hops, the last word written.
 *
 *	bench_change [BACKENDS [CHANGES]]	as root
 *
 * The state file is written in every one that hands out an id or a position, and
 * else five times a second. Then a thousand changes arrive in a second; then half of
 * the backends change at once. Nothing is asserted but that all of them succeed
 * and that the words in the map are those of the plan.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/daemon.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define PROBER_SOCKET 3
#define STREAM 1000
#define WORK "/run/shunt-bench"

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_change: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* All that is made here goes with the process. */
static void enter_namespaces(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/run", "tmpfs", 0, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) || mkdir(WORK, 0700))
		die("make namespaces (as root)");
	if (system("ip link set lo up && ip link add v0 type veth peer name v1 && "
		   "ip link set v0 up && ip link set v1 up && ip addr add 10.0.0.1/8 dev v0"))
		die("make a link");
}

static struct conf *make_conf(size_t backends)
{
	_cleanup_(buf_free) struct buf text = { 0 }, errors = { 0 };
	struct conf *conf = NULL;

	buf_puts(&text, "version: 1\n"
			"daemon: {state_dir: " WORK "/state, control: {socket: " WORK "/socket}}\n"
			"interfaces: {v0: {}}\n"
			"services:\n  web:\n    vip: 192.0.2.80\n    ports: [80/tcp]\n"
			"    forward: direct\n    check: {type: none}\n    backends:\n");
	for (size_t i = 0; i < backends; i++)
		buf_printf(&text, "      - {name: b%zu, address: 10.1.%zu.%zu}\n", i, i / 250,
			   i % 250 + 1);
	if (conf_parse("bench", buf_str(&text), text.len, &errors, &conf)) {
		fputs(buf_str(&errors), stderr);
		exit(EXIT_FAILURE);
	}
	return conf;
}

static uint64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

static int compare_us(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print_times(const char *what, uint64_t *us, size_t n)
{
	const size_t median = n / 2, most = n * 99 / 100;

	qsort(us, n, sizeof(*us), compare_us);
	printf("%-28s median %5.2f ms, 99 %% below %5.2f ms, longest %5.2f ms", what,
	       us[median] / 1e3, us[most] / 1e3, us[n - 1] / 1e3);
}

static void update(struct daemon *d)
{
	if (daemon_update(d))
		die("update");
}

static void drain_or_enable(struct daemon *d, size_t i)
{
	struct admin_entry *e =
		admin_get(&d->state.admin, "web", d->conf->services[0].backends[i].name);

	e->state = e->state == ADMIN_DRAIN ? ADMIN_ENABLED : ADMIN_DRAIN;
	admin_compact(&d->state.admin);
}

/* The last backend leaves, or returns. */
static void leave_or_return(struct daemon *d, size_t i)
{
	d->conf->services[0].n_backends += i % 2 ? 1 : -1;
}

static void measure(struct daemon *d, const char *what, size_t n,
		    void (*change)(struct daemon *d, size_t i))
{
	const size_t backends = d->conf->services[0].n_backends;
	_cleanup_free_ uint64_t *us = calloc(n, sizeof(*us));
	const uint64_t cpu = cpu_us();

	for (size_t i = 0; i < n; i++) {
		uint64_t start;

		change(d, change == drain_or_enable ? i / 2 * 7 % backends : i);
		start = clock_now_us();
		update(d);
		us[i] = clock_now_us() - start;
	}
	print_times(what, us, n);
	printf(", CPU %.2f ms each\n", (cpu_us() - cpu) / 1e3 / n);
}

/* A change a millisecond, whatever the daemon does; it takes what there is at once. */
static void measure_stream(struct daemon *d)
{
	const size_t backends = d->conf->services[0].n_backends;
	const uint64_t start = clock_now_us(), cpu = cpu_us();
	uint64_t longest = 0, from, took;
	size_t made = 0, updates = 0;

	while (made < STREAM) {
		const size_t due = (clock_now_us() - start) / 1000;

		if (made >= due) {
			usleep(200);
			continue;
		}
		from = clock_now_us();
		for (; made < due && made < STREAM; made++)
			drain_or_enable(d, made % backends);
		update(d);
		updates++;
		took = clock_now_us() - from;
		longest = took > longest ? took : longest;
	}
	printf("%-28s in %zu updates, the longest %.2f ms, in %.0f ms; CPU %.0f ms\n",
	       "1000 changes in a second", updates, longest / 1e3, (clock_now_us() - start) / 1e3,
	       (cpu_us() - cpu) / 1e3);
}

static void measure_burst(struct daemon *d)
{
	uint64_t start = clock_now_us();

	for (size_t i = 0; i < d->conf->services[0].n_backends; i += 2)
		drain_or_enable(d, i);
	update(d);
	printf("%-28s %5.2f ms\n", "half of them at once", (clock_now_us() - start) / 1e3);
}

static void check_words(struct daemon *d)
{
	const struct plan_table *t = plan_table_of(d->plan, 0);
	_cleanup_free_ uint32_t *planned = calloc(t->slots, sizeof(*planned));
	uint64_t states[SHUNT_SLOT_PINNED + 1] = { 0 };
	const uint32_t *words;

	if (!planned || table_build(t, planned))
		die("build the table");
	words = dataplane_read_table(d->dp, t->number);
	for (uint32_t i = 0; i < t->slots; i++) {
		states[SHUNT_SLOT_STATE(words[i])]++;
		if (SHUNT_SLOT_CUR(words[i]) != SHUNT_SLOT_CUR(planned[i]))
			die("the map is not what was planned");
	}
	printf("slots: %lu stable, %lu migrating, %lu pinning, %lu pinned\n", states[0], states[1],
	       states[2], states[3]);
}

static void measure_ticks(struct daemon *d)
{
	uint64_t us[1000], now_ms = clock_now_ms();

	for (size_t i = 0; i < 1000; i++) {
		const uint64_t start = clock_now_us();

		dataplane_tick(d->dp, d->plan, d->plan_conf, now_ms += 1000);
		us[i] = clock_now_us() - start;
	}
	print_times("ticks, until all is at rest", us, 1000);
	putchar('\n');
}

int main(int argc, char **argv)
{
	const size_t backends = argc > 1 ? atoi(argv[1]) : 1000;
	const size_t changes = argc > 2 ? atoi(argv[2]) : 200;
	struct daemon d = {
		.pin_dir = DATAPLANE_PIN_DIR, .conf_path = "bench", .lock_fd = -1, .pin_lock_fd = -1
	};
	struct rusage usage;

	if (prober_is_asked_for(argv[0]))
		return prober_main_as(argv[0], PROBER_SOCKET);
	enter_namespaces();
	log_level_set(LOG_LEVEL_ERROR);
	d.conf = make_conf(backends);
	if (daemon_start(&d))
		die("start");
	printf("%zu backends, %u slots\n", backends, plan_table_of(d.plan, 0)->slots);
	measure(&d, "drain or enable one", changes, drain_or_enable);
	measure(&d, "one leaves or returns", changes, leave_or_return);
	measure_stream(&d);
	measure_burst(&d);
	check_words(&d);
	measure_ticks(&d);
	check_words(&d);
	getrusage(RUSAGE_SELF, &usage);
	printf("resident at most: %ld KiB\n", usage.ru_maxrss);
	daemon_stop(&d, true);
	return EXIT_SUCCESS;
}
