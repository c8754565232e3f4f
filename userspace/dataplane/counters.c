/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program counts, for each possible CPU, summed up here.
 *
 * Counters of backends are never written to: of a value of a per-CPU map all CPUs'
 * copies are replaced, with the counters of other backends in them, and what a CPU
 * has counted since they were read is lost. So they run on, and a map of our own
 * says what to subtract. It lies with the counters, so it is as old as they are,
 * whatever becomes of the daemon. To clear a counter is to subtract all of it, to
 * add to one is to subtract less; sums wrap, and come out right.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"

/* The values of all CPUs under @key; NULL, and errno, if they cannot be read. */
static void *percpu_read(int fd, __u32 key, size_t size, int cpus)
{
	_cleanup_free_ void *values = calloc(cpus, size);

	if (!values || bpf_map_lookup_elem(fd, &key, values))
		return NULL;
	return take_ptr(&values);
}

static void add_to(struct shunt_counter *sum, const struct shunt_counter *c)
{
	sum->packets += c->packets;
	sum->bytes += c->bytes;
}

static void take_from(struct shunt_counter *sum, const struct shunt_counter *c)
{
	sum->packets -= c->packets;
	sum->bytes -= c->bytes;
}

int counters_read(int fd, uint32_t first, uint32_t n, struct shunt_counter *out)
{
	const uint32_t last = n ? (first + n - 1) / SHUNT_COUNTERS_PER_BLOCK : 0;
	const int cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return cpus;
	memset(out, 0, n * sizeof(*out));
	for (__u32 block = first / SHUNT_COUNTERS_PER_BLOCK; n && block <= last; block++) {
		const uint32_t id = block * SHUNT_COUNTERS_PER_BLOCK;
		_cleanup_free_ struct shunt_counter_block *values =
			percpu_read(fd, block, sizeof(*values), cpus);

		if (!values)
			return -errno;
		for (int i = 0; i < cpus * SHUNT_COUNTERS_PER_BLOCK; i++) {
			const uint32_t at = i % SHUNT_COUNTERS_PER_BLOCK;

			/* Of ids before @first this wraps. */
			if (id + at - first < n)
				add_to(&out[id + at - first],
				       &values[i / SHUNT_COUNTERS_PER_BLOCK].counter[at]);
		}
	}
	return 0;
}

int dataplane_read_counters(const struct dataplane *dp, uint32_t first, uint32_t n,
			    struct shunt_counter *out)
{
	int err;

	if (first > dp->n_backends || n > dp->n_backends - first)
		return -ERANGE;
	err = counters_read(dp->fds[LOAD_COUNTERS], first, n, out);
	for (uint32_t i = 0; !err && i < n; i++)
		take_from(&out[i], &dp->offsets[first + i]);
	return err;
}

int dataplane_read_counter(const struct dataplane *dp, uint32_t backend_id,
			   struct shunt_counter *out)
{
	return dataplane_read_counters(dp, backend_id, 1, out);
}

int dataplane_clear_counter(struct dataplane *dp, uint32_t backend_id)
{
	struct shunt_counter c;
	int err = dataplane_read_counter(dp, backend_id, &c);

	if (!err)
		add_to(&dp->offsets[backend_id], &c);
	return err;
}

void counters_add(struct dataplane *dp, uint32_t id, const struct shunt_counter *c)
{
	if (id < dp->n_backends)
		take_from(&dp->offsets[id], c);
}

int counters_move(struct dataplane *dp, uint32_t from, uint32_t span, uint32_t to)
{
	_cleanup_free_ struct shunt_counter *counters = calloc(span, sizeof(*counters));
	int err = counters ? dataplane_read_counters(dp, from, span, counters) : -ENOMEM;

	for (uint32_t i = 0; !err && i < span; i++) {
		add_to(&dp->offsets[from + i], &counters[i]);
		counters_add(dp, to + i, &counters[i]);
	}
	return err;
}

int dataplane_read_reasons(const struct dataplane *dp, uint64_t out[SHUNT_REASONS])
{
	_cleanup_free_ struct shunt_reasons *values = NULL;
	const int cpus = libbpf_num_possible_cpus();
	uint64_t sum[SHUNT_REASONS] = { 0 };

	if (cpus < 0)
		return cpus;
	values = percpu_read(dp->fds[LOAD_REASONS], 0, sizeof(*values), cpus);
	if (!values)
		return -errno;
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int r = 0; r < SHUNT_REASONS; r++)
			sum[r] += values[cpu].packets[r];
	memcpy(out, sum, sizeof(sum));
	return 0;
}

/* What @dp counts between the read and the write is lost: a few packets at most. */
int counters_add_reasons(struct dataplane *dp, int from)
{
	const int to = dp->fds[LOAD_REASONS], cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct shunt_reasons *a = NULL, *b = NULL;
	__u32 zero = 0;

	if (cpus < 0)
		return cpus;
	a = percpu_read(from, zero, sizeof(*a), cpus);
	b = a ? percpu_read(to, zero, sizeof(*b), cpus) : NULL;
	if (!b)
		return -errno;
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int r = 0; r < SHUNT_MAX_REASONS; r++)
			b[cpu].packets[r] += a[cpu].packets[r];
	return bpf_map_update_elem(to, &zero, b, BPF_ANY) ? -errno : 0;
}
