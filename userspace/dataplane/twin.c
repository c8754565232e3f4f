/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/twin.h"

/* What the program does with a map. */
enum twin_way {
	TWIN_SHARED, /* it only reads it */
	TWIN_COPIED, /* an array, of which it has a copy */
	TWIN_COPIED_BY_CPU, /* likewise, of one value, which each CPU has */
	TWIN_EMPTY, /* counters, which begin with 0; fragments, of which none is run here */
};

static const enum twin_way ways[LOAD_MAPS] = {
	[LOAD_SERVICES] = TWIN_SHARED,
	[LOAD_VIPS] = TWIN_SHARED,
	[LOAD_SLOTS] = TWIN_SHARED,
	[LOAD_BACKENDS] = TWIN_SHARED,
	[LOAD_EGRESS] = TWIN_SHARED,
	[LOAD_DEVICES] = TWIN_SHARED,
	[LOAD_OFFSETS] = TWIN_SHARED,
	[LOAD_FLOWS] = TWIN_COPIED,
	[LOAD_MARKS] = TWIN_COPIED,
	[LOAD_FRESH] = TWIN_COPIED,
	[LOAD_PIN_BUDGET] = TWIN_COPIED_BY_CPU,
	[LOAD_COUNTERS] = TWIN_EMPTY,
	[LOAD_REASONS] = TWIN_EMPTY,
	[LOAD_POOL] = TWIN_SHARED,
	[LOAD_LOADS] = TWIN_COPIED,
	[LOAD_CONNS] = TWIN_COPIED,
	[LOAD_CONN_INDEX] = TWIN_COPIED,
	[LOAD_CONN_BITS] = TWIN_COPIED,
	[LOAD_PORT_BITS] = TWIN_COPIED,
	[LOAD_FRAGMENTS] = TWIN_EMPTY,
	[LOAD_ICMP_BUDGET] = TWIN_COPIED_BY_CPU,
	[LOAD_GUARD_LISTS] = TWIN_SHARED,
	[LOAD_GUARD_HITS] = TWIN_EMPTY,
	[LOAD_GUARD_SIEVE] = TWIN_SHARED,
	[LOAD_LIMITS] = TWIN_COPIED,
	[LOAD_LIMITS_OF] = TWIN_SHARED,
	[LOAD_BUCKETS] = TWIN_COPIED,
	[LOAD_CONN_SEQS] = TWIN_COPIED,
	[LOAD_SYN_METER] = TWIN_COPIED,
};

/* --- mappings ------------------------------------------------------------------- */

static size_t map_bytes(const struct twin *t, enum load_map m)
{
	return (size_t)t->entries[m] * bpf_map__value_size(load_map(t->load, m));
}

static bool is_mapped(const struct twin *t, enum load_map m)
{
	return bpf_map__map_flags(load_map(t->load, m)) & BPF_F_MMAPABLE;
}

/* @fd may be of a map that nobody here may write to by mistake. */
static int map_one(const struct twin *t, enum load_map m, int fd, int prot, void **out)
{
	void *p = mmap(NULL, map_bytes(t, m), prot, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

static int map_all(struct twin *t)
{
	int err = 0;

	for (int m = 0; m < LOAD_MAPS && !err; m++) {
		if (!is_mapped(t, m))
			continue;
		err = map_one(t, m, t->fds[m], PROT_READ, &t->real[m]);
		t->own[m] = t->real[m];
		if (!err && ways[m] == TWIN_COPIED)
			err = map_one(t, m, bpf_map__fd(load_map(t->load, m)),
				      PROT_READ | PROT_WRITE, &t->own[m]);
	}
	return err ? log_err(err, "map what is to be copied") : 0;
}

static void unmap_all(struct twin *t)
{
	for (int m = 0; m < LOAD_MAPS; m++) {
		if (t->own[m] && t->own[m] != t->real[m])
			munmap(t->own[m], map_bytes(t, m));
		if (t->real[m])
			munmap(t->real[m], map_bytes(t, m));
	}
}

/* --- opened and closed ------------------------------------------------------------ */

static int read_entries(struct twin *t)
{
	for (int m = 0; m < LOAD_MAPS; m++) {
		struct bpf_map_info info = { 0 };
		__u32 len = sizeof(info);

		if (bpf_obj_get_info_by_fd(t->fds[m], &info, &len))
			return log_err(-errno, "ask for the size of %s", load_map_names[m]);
		t->entries[m] = info.max_entries;
	}
	return 0;
}

static int load_it(struct twin *t)
{
	int shared[LOAD_MAPS], err;

	for (int m = 0; m < LOAD_MAPS; m++)
		shared[m] = ways[m] == TWIN_SHARED ? t->fds[m] : -1;
	err = load_open_like(t->entries, &t->rodata, shared, &t->load);
	return err ?: load_now(t->load);
}

static void describe_conns(struct twin *t)
{
	t->conns = (struct conns){
		.records = t->own[LOAD_CONNS],
		.n = t->entries[LOAD_CONNS],
		.index = t->own[LOAD_CONN_INDEX],
		.mask = t->entries[LOAD_CONN_INDEX] - 1,
		.seqs = t->own[LOAD_CONN_SEQS],
		.bits = t->own[LOAD_CONN_BITS],
		.port_bits = t->own[LOAD_PORT_BITS],
		.port_lines = t->entries[LOAD_PORT_BITS],
		.loads = t->own[LOAD_LOADS],
		.n_loads = t->entries[LOAD_LOADS],
		.backends = t->own[LOAD_BACKENDS],
	};
	memcpy(t->conns.hash_key, t->rodata.hash_key, sizeof(t->conns.hash_key));
}

/* The largest value that each CPU has one of. */
static size_t by_cpu_bytes(void)
{
	const int cpus = libbpf_num_possible_cpus();

	return cpus > 0 ? cpus * sizeof(struct shunt_reasons) : 0;
}

int twin_open(const int *fds, const struct shunt_rodata *rodata, struct twin **out)
{
	_cleanup_(twin_closep) struct twin *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return log_err(-ENOMEM, "copy the program");
	t->fds = fds;
	t->rodata = *rodata;
	t->by_cpu = malloc(by_cpu_bytes());
	if (!t->by_cpu)
		return log_err(-ENOMEM, "copy the program");
	err = read_entries(t) ?: load_it(t) ?: map_all(t);
	if (err)
		return err;
	describe_conns(t);
	*out = take_ptr(&t);
	return 0;
}

void twin_close(struct twin *t)
{
	if (!t)
		return;
	unmap_all(t);
	load_close(t->load);
	free(t->by_cpu);
	free(t);
}

/* --- run -------------------------------------------------------------------------- */

static int copy_by_cpu(struct twin *t, enum load_map m)
{
	const int own = bpf_map__fd(load_map(t->load, m));
	const __u32 zero = 0;

	if (bpf_map_lookup_elem(t->fds[m], &zero, t->by_cpu) ||
	    bpf_map_update_elem(own, &zero, t->by_cpu, BPF_ANY))
		return -errno;
	return 0;
}

int twin_fill(struct twin *t)
{
	int err = 0;

	for (int m = 0; m < LOAD_MAPS && !err; m++) {
		if (ways[m] == TWIN_COPIED)
			memcpy(t->own[m], t->real[m], map_bytes(t, m));
		else if (ways[m] == TWIN_COPIED_BY_CPU)
			err = copy_by_cpu(t, m);
	}
	return err;
}

int twin_run(const struct twin *t, int ifindex, struct twin_frame *frame, uint32_t *action)
{
	struct xdp_md in = { .data_end = frame->len, .ingress_ifindex = ifindex };
	struct twin_frame out;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data, .data_size_in = frame->len,
		    .data_out = out.data, .data_size_out = sizeof(out.data), .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .repeat = 1);

	if (bpf_prog_test_run_opts(load_program_fd(t->load), &opts))
		return -errno;
	out.len = opts.data_size_out;
	*frame = out;
	*action = opts.retval;
	return 0;
}

/* A value that each CPU has one of, @bytes long, to @t->by_cpu; and it is 0 then. */
static int take_by_cpu(const struct twin *t, enum load_map m, uint32_t index, size_t bytes)
{
	const int fd = bpf_map__fd(load_map(t->load, m)), cpus = libbpf_num_possible_cpus();
	_cleanup_free_ void *zeroes = calloc(cpus, bytes);

	if (!zeroes)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &index, t->by_cpu) ||
	    bpf_map_update_elem(fd, &index, zeroes, BPF_ANY))
		return -errno;
	return 0;
}

int twin_take_reason(const struct twin *t, enum shunt_reason *out)
{
	const struct shunt_reasons *by_cpu = t->by_cpu;
	const int cpus = libbpf_num_possible_cpus();
	int err = take_by_cpu(t, LOAD_REASONS, 0, sizeof(*by_cpu));

	if (err)
		return err;
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++)
			if (by_cpu[cpu].packets[r]) {
				*out = r;
				return 0;
			}
	return -ENODATA;
}

int twin_take_packet(const struct twin *t, uint32_t backend_id, bool *out)
{
	const struct shunt_counter_block *by_cpu = t->by_cpu;
	const uint32_t block = backend_id / SHUNT_COUNTERS_PER_BLOCK;
	const int cpus = libbpf_num_possible_cpus();
	int err;

	_Static_assert(sizeof(*by_cpu) <= sizeof(struct shunt_reasons), "room");
	*out = false;
	/* No such backend: nothing is counted. */
	if (block >= t->entries[LOAD_COUNTERS])
		return 0;
	err = take_by_cpu(t, LOAD_COUNTERS, block, sizeof(*by_cpu));
	for (int cpu = 0; cpu < cpus && !err; cpu++)
		*out |= by_cpu[cpu].counter[backend_id % SHUNT_COUNTERS_PER_BLOCK].packets;
	return err;
}

static bool is_hit(const uint64_t *by_cpu, int cpus)
{
	for (int cpu = 0; cpu < cpus; cpu++)
		if (by_cpu[cpu])
			return true;
	return false;
}

int twin_take_rules(const struct twin *t, uint32_t *rules, size_t max, size_t *n)
{
	const int fd = bpf_map__fd(load_map(t->load, LOAD_GUARD_HITS));
	const int cpus = libbpf_num_possible_cpus();
	int err = 0;

	*n = 0;
	for (uint32_t rule = 0; rule < SHUNT_GUARD_RULES && t->rodata.guard && !err; rule++) {
		if (bpf_map_lookup_elem(fd, &rule, t->by_cpu))
			return -errno;
		if (!is_hit(t->by_cpu, cpus))
			continue;
		err = take_by_cpu(t, LOAD_GUARD_HITS, rule, sizeof(uint64_t));
		if (*n < max)
			rules[(*n)++] = rule;
	}
	return err;
}
