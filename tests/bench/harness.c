/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine that is shared is fast in one millisecond and slow in the next. A
 * sample is therefore taken between yardsticks, programs of known cost:
 *
 *	drop  floor  drop'  subject  drop'  floor  drop
 *
 * drop' on the subject's packets, the others on packets that are always the same.
 * Where the left and the right disagree, the sample is worth nothing. Time is
 * that of the thread, so that being preempted does not count.
 */
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <math.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "harness.h"
#include "bench/wrap.skel.h"

#define LOOPBACK 1
#define TOLERANCE 0.10

static const struct traffic plain = { .proto = IPPROTO_TCP, .flows = 1, .services = 1 };

struct harness {
	struct wrap_bpf *wrap;
	struct yardsticks yardsticks;
	unsigned int samples; /* taken so far */
	int current; /* the program that the wrapper calls */
};

/* Where the caches are, and per-CPU maps. */
static void stay_on_this_cpu(void)
{
	const int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set))
		err(EXIT_FAILURE, "stay on one CPU");
}

static void load_wrapper(struct harness *h)
{
	h->wrap = wrap_bpf__open_and_load();
	if (!h->wrap)
		err(EXIT_FAILURE, "load the wrapper");
	/* Else every test run rewrites the kernel's XDP dispatcher, and waits for RCU. */
	if (bpf_xdp_attach(LOOPBACK, bpf_program__fd(h->wrap->progs.wrap), XDP_FLAGS_SKB_MODE,
			   NULL))
		err(EXIT_FAILURE, "attach the wrapper");
	h->current = -1;
}

static void unload_wrapper(struct harness *h)
{
	bpf_xdp_detach(LOOPBACK, XDP_FLAGS_SKB_MODE, NULL);
	wrap_bpf__destroy(h->wrap);
}

struct harness *harness_open(const struct yardsticks *y)
{
	struct harness *h = calloc(1, sizeof(*h));

	if (!h)
		err(EXIT_FAILURE, "harness");
	h->yardsticks = *y;
	stay_on_this_cpu();
	if (unshare(CLONE_NEWNET))
		err(EXIT_FAILURE, "network namespace");
	load_wrapper(h);
	return h;
}

void harness_renew(struct harness *h)
{
	unload_wrapper(h);
	load_wrapper(h);
}

void harness_close(struct harness *h)
{
	unload_wrapper(h);
	free(h);
}

static double thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void aim(struct harness *h, const struct subject *s)
{
	const __u32 zero = 0;

	traffic_wrap(s->traffic, &h->wrap->bss->wrap_traffic);
	if (h->current == s->fd)
		return;
	if (bpf_map_update_elem(bpf_map__fd(h->wrap->maps.wrap_next), &zero, &s->fd, BPF_ANY))
		err(EXIT_FAILURE, "let the wrapper call the program");
	h->current = s->fd;
}

/* Return: ns a packet, harness included. */
static double run(struct harness *h, const struct subject *s, __u32 repeat)
{
	__u8 frame[WRAP_FRAME_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = repeat);
	double started;

	traffic_frame(s->traffic, frame);
	aim(h, s);
	started = thread_ns();
	if (bpf_prog_test_run_opts(bpf_program__fd(h->wrap->progs.wrap), &opts))
		err(EXIT_FAILURE, "test run");
	started = thread_ns() - started;
	if (opts.retval != s->action)
		errx(EXIT_FAILURE, "a program ended with action %u instead of %u", opts.retval,
		     s->action);
	return started / repeat;
}

void harness_warm(struct harness *h, const struct subject *s, __u32 n)
{
	run(h, s, n);
}

static bool agree(double a, double b)
{
	return fabs(a - b) <= TOLERANCE * fmin(a, b);
}

struct sample harness_sample(struct harness *h, const struct subject *s)
{
	const unsigned int copy = h->samples++ % HARNESS_COPIES;
	const int drop_fd = h->yardsticks.drop[copy];
	const struct subject drop = { drop_fd, XDP_DROP, &plain };
	const struct subject floor = { h->yardsticks.floor[copy], XDP_TX, &plain };
	const struct subject same = { drop_fd, XDP_DROP, s->traffic };
	const double drop0 = run(h, &drop, HARNESS_REPEAT), floor0 = run(h, &floor, HARNESS_REPEAT);
	const double same0 = run(h, &same, HARNESS_REPEAT), ns = run(h, s, HARNESS_REPEAT);
	const double same1 = run(h, &same, HARNESS_REPEAT), floor1 = run(h, &floor, HARNESS_REPEAT);
	const double drop1 = run(h, &drop, HARNESS_REPEAT);

	return (struct sample){
		.ns = ns - (same0 + same1) / 2,
		.floor_ns = (floor0 + floor1 - drop0 - drop1) / 2,
		.harness_ns = (same0 + same1) / 2,
		.steady = agree(drop0, drop1) && agree(floor0, floor1) && agree(same0, same1),
	};
}
