/* SPDX-License-Identifier: BSD-2-Clause */
#include "gate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "shunt/guard.h"
#include "shunt/reason.h"

static void put_street(struct world *w, __u16 port, __u32 base)
{
	const struct slot_table table = world_put_table(w, 1024);
	const struct shunt_service to = slot_table_service(&table, base);

	world_fill_table(w, &table, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 1));
	world_put_backend(w, base + 1, SHUNT_FORWARD_DIRECT, 0);
	for (int i = 0; i < 2; i++) {
		const __u8 proto = i ? IPPROTO_UDP : IPPROTO_TCP;

		world_put_service(w, SHOP4, proto, port, &to);
		world_put_service(w, SHOP6, proto, port, &to);
	}
}

static struct world *build(__u8 guard)
{
	struct world *w = calloc(1, sizeof(*w));

	cr_assert(w);
	world_build_empty(w);
	w->rodata.guard = guard;
	w->rodata.bucket_bits = GATE_BUCKET_BITS;
	world_put_vip(w, SHOP4);
	world_put_vip(w, SHOP6);
	put_street(w, GATE_PORT, GATE_BASE);
	put_street(w, GATE_OTHER_PORT, GATE_OTHER_BASE);
	return w;
}

/* A whole array; @n: of its entries, which are of @size bytes. */
static void *map_array(const struct dp *dp, const char *name, size_t size, __u32 *n, size_t *bytes)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	const int fd = dp_map_fd(dp, name);
	void *p;

	cr_assert(!bpf_obj_get_info_by_fd(fd, &info, &len));
	cr_assert_eq(info.value_size, size);
	*n = info.max_entries;
	*bytes = size * info.max_entries;
	p = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(p != MAP_FAILED, "map %s: %s", name, strerror(errno));
	return p;
}

struct gate *gate_open(__u8 guard)
{
	_cleanup_free_ struct world *w = build(guard);
	struct gate *g = calloc(1, sizeof(*g));
	struct dp_sizes sizes = world_sizes();
	__u32 n;

	cr_assert(g);
	g->dp = dp_open(&w->rodata, &sizes);
	world_install(w, g->dp);
	g->limits.limits =
		map_array(g->dp, "shunt_limits", sizeof(struct shunt_limit), &n, &g->limits_bytes);
	g->limits.half = n / 2;
	g->limits.of = map_array(g->dp, "shunt_limits_of", sizeof(struct shunt_limits_of),
				 &g->limits.n_of, &g->of_bytes);
	return g;
}

void gate_close(struct gate *g)
{
	if (!g)
		return;
	munmap(g->limits.limits, g->limits_bytes);
	munmap(g->limits.of, g->of_bytes);
	dp_close(g->dp);
	free(g);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

__u64 gate_now_ms(void)
{
	return now_ns() / 1000000;
}

void gate_put(struct gate *g, const struct limits_list *lists, size_t n)
{
	cr_assert_eq(limits_put(&g->limits, lists, n, shunt_bucket_now(now_ns())), 0);
}

void gate_limit(struct gate *g, const struct limits_rule *rules, size_t n)
{
	gate_put(g, &(struct limits_list){ .of = GATE_OF, .rules = rules, .n = n }, 1);
}

struct packet gate_segment(const char *src, __u16 flags)
{
	return (struct packet){ .src = src,
				.dst = strchr(src, ':') ? SHOP6 : SHOP4,
				.proto = IPPROTO_TCP,
				.sport = 40000,
				.dport = GATE_PORT,
				.flags = flags };
}

struct packet gate_datagram(const char *src)
{
	struct packet p = gate_segment(src, 0);

	p.proto = IPPROTO_UDP;
	return p;
}

struct packet gate_ping(const char *src)
{
	struct packet p = gate_segment(src, 0);
	const bool v6 = strchr(src, ':');

	p.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	p.icmp_type = v6 ? 128 : 8;
	return p;
}

__u64 gate_count(struct gate *g, enum shunt_reason reason)
{
	__u64 all[SHUNT_MAX_REASONS];

	dp_read_reasons(g->dp, all);
	return all[reason];
}

enum shunt_reason gate_run(struct gate *g, const struct packet *p)
{
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	enum shunt_reason reason = SHUNT_CONTINUE;
	struct frame f;

	frame_build(p, &f);
	dp_read_reasons(g->dp, before);
	dp_run(g->dp, &f, &f);
	dp_read_reasons(g->dp, after);
	for (int r = 0; r < SHUNT_MAX_REASONS; r++)
		if (after[r] != before[r])
			reason = r;
	cr_assert(reason);
	return reason;
}

/* Each run begins with the frame as it came out of the one before, and a hop further on. */
#define RUNS_AT_ONCE 200

__u32 gate_run_many(struct gate *g, const struct packet *p, __u32 n)
{
	const __u64 before = gate_count(g, SHUNT_FORWARDED);
	struct packet far = *p;
	struct frame f;
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	far.ttl = 255;
	frame_build(&far, &f);
	opts.data_in = f.data;
	opts.data_size_in = f.len;
	for (; n; n -= opts.repeat) {
		opts.repeat = n < RUNS_AT_ONCE ? (int)n : RUNS_AT_ONCE;
		cr_assert(!bpf_prog_test_run_opts(dp_program_fd(g->dp), &opts));
	}
	return gate_count(g, SHUNT_FORWARDED) - before;
}

__u64 gate_hits(struct gate *g, __u32 rule)
{
	_cleanup_free_ __u64 *by_cpu = calloc(dp_cpus(g->dp), sizeof(*by_cpu));
	__u64 sum = 0;

	cr_assert(by_cpu);
	cr_assert(!bpf_map_lookup_elem(dp_map_fd(g->dp, "shunt_guard_hits"), &rule, by_cpu));
	for (int cpu = 0; cpu < dp_cpus(g->dp); cpu++)
		sum += by_cpu[cpu];
	return sum;
}
