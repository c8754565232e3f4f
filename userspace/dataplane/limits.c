/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of tables/limits.h, which are mapped only while somebody works on them. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "base/log.h"
#include "dataplane/internal.h"

/* An entry is taken for one of the future after 3.9 hours at the earliest. */
#define SWEEP_MS (30 * 60 * 1000)

static uint32_t map_entries(const struct dataplane *dp, enum load_map m)
{
	return bpf_map__max_entries(load_map(dp->load, m));
}

static size_t map_bytes(const struct dataplane *dp, enum load_map m)
{
	return (size_t)map_entries(dp, m) * bpf_map__value_size(load_map(dp->load, m));
}

static void *map_whole(const struct dataplane *dp, enum load_map m)
{
	void *p = mmap(NULL, map_bytes(dp, m), PROT_READ | PROT_WRITE, MAP_SHARED, dp->fds[m], 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap_whole(const struct dataplane *dp, enum load_map m, void *p)
{
	if (p)
		munmap(p, map_bytes(dp, m));
}

/* By the clock that the program goes by. */
static uint64_t bucket_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return shunt_bucket_now(now.tv_sec * 1000000000ULL + now.tv_nsec);
}

/* To be closed in any case. */
static int open_limits(const struct dataplane *dp, struct limits *l)
{
	*l = (struct limits){
		.limits = map_whole(dp, LOAD_LIMITS),
		.half = map_entries(dp, LOAD_LIMITS) / 2,
		.of = map_whole(dp, LOAD_LIMITS_OF),
		.n_of = map_entries(dp, LOAD_LIMITS_OF),
	};
	return l->limits && l->of ? 0 : -ENOMEM;
}

static void close_limits(const struct dataplane *dp, struct limits *l)
{
	unmap_whole(dp, LOAD_LIMITS_OF, l->of);
	unmap_whole(dp, LOAD_LIMITS, l->limits);
}

int dataplane_put_limits(struct dataplane *dp, const struct limits_list *lists, size_t n)
{
	struct limits l;
	int err = open_limits(dp, &l);

	if (!err) {
		limits_adopt(&l);
		err = limits_put(&l, lists, n, bucket_now());
	}
	close_limits(dp, &l);
	return err ? log_err(err, "write the limits of the firewall") : 0;
}

void limits_tick(struct dataplane *dp, uint64_t now_ms)
{
	struct shunt_bucket_line *lines;
	struct limits l;

	if (dp->sizes.bucket_lines <= 1 || now_ms - dp->buckets_swept_ms < SWEEP_MS)
		return;
	dp->buckets_swept_ms = now_ms;
	lines = map_whole(dp, LOAD_BUCKETS);
	if (lines)
		limits_sweep_sources(lines, map_entries(dp, LOAD_BUCKETS), bucket_now());
	unmap_whole(dp, LOAD_BUCKETS, lines);
	if (!open_limits(dp, &l))
		limits_sweep(&l, bucket_now());
	close_limits(dp, &l);
}
