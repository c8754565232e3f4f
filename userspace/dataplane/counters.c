/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program counts: one value per possible CPU, summed up here. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "dataplane/internal.h"

/* The values of all CPUs under @key; NULL, and errno, if they cannot be read. */
static void *percpu_read(int fd, __u32 key, size_t size, int cpus)
{
	_cleanup_free_ void *values = calloc(cpus, size);

	if (!values || bpf_map_lookup_elem(fd, &key, values))
		return NULL;
	return take_ptr(&values);
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

int dataplane_read_counter(const struct dataplane *dp, uint32_t backend_id,
			   struct shunt_counter *out)
{
	_cleanup_free_ struct shunt_counter *values = NULL;
	const int cpus = libbpf_num_possible_cpus();
	struct shunt_counter sum = { 0 };

	if (cpus < 0)
		return cpus;
	values = percpu_read(dp->fds[LOAD_COUNTERS], backend_id, sizeof(*values), cpus);
	if (!values)
		return -errno;
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.packets += values[cpu].packets;
		sum.bytes += values[cpu].bytes;
	}
	*out = sum;
	return 0;
}

int dataplane_clear_counter(struct dataplane *dp, uint32_t backend_id)
{
	_cleanup_free_ struct shunt_counter *zeroes = NULL;
	const int cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return cpus;
	zeroes = calloc(cpus, sizeof(*zeroes));
	if (!zeroes)
		return -ENOMEM;
	return bpf_map_update_elem(dp->fds[LOAD_COUNTERS], &backend_id, zeroes, BPF_ANY) ? -errno
											 : 0;
}

/* Add @size bytes of 64-bit counters of every CPU, @key of @from to that of @to. */
static int percpu_add(int from, int to, __u32 key, size_t size, int cpus)
{
	_cleanup_free_ uint64_t *a = percpu_read(from, key, size, cpus);
	_cleanup_free_ uint64_t *b = a ? percpu_read(to, key, size, cpus) : NULL;

	if (!b)
		return -errno;
	for (size_t i = 0; i < cpus * size / sizeof(*a); i++)
		b[i] += a[i];
	return bpf_map_update_elem(to, &key, b, BPF_ANY) ? -errno : 0;
}

/* What @to counts between the read and the write is lost: a few packets at most. */
int dataplane_carry_counters(const struct dataplane *from, struct dataplane *to)
{
	const size_t n = from->n_backends < to->n_backends ? from->n_backends : to->n_backends;
	const int cpus = libbpf_num_possible_cpus();
	struct shunt_counter c;
	int err;

	if (cpus < 0)
		return cpus;
	err = percpu_add(from->fds[LOAD_REASONS], to->fds[LOAD_REASONS], 0,
			 sizeof(struct shunt_reasons), cpus);
	for (__u32 id = 1; id < n && !err; id++) {
		err = dataplane_read_counter(from, id, &c);
		if (!err && c.packets)
			err = percpu_add(from->fds[LOAD_COUNTERS], to->fds[LOAD_COUNTERS], id,
					 sizeof(c), cpus);
	}
	return err;
}
