/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one file of the tests that includes the skeleton of the program.
 *
 * The program is attached to the loopback device of the namespace, in generic
 * mode, as long as it is open: no frame passes there, but a test run of a
 * program that is attached nowhere rewrites the kernel's XDP dispatcher and
 * waits for two RCU grace periods, each time.
 */
#include "shunt/abi.h"

#include "dp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "tables/listing.h"
#include "shunt.skel.h"

#define LOOPBACK 1

/* Few enough that some services follow others into the next line. */
#define SERVICE_LINES 256

/* At a time; half of those that there is room for. */
#define LIMITS 32

struct dp {
	struct shunt_bpf *skel;
	int cpus;
	struct shunt_service_line *services;
	size_t n_lines;
	struct shunt_slot_line *lines;
	size_t n_flow_lines;
	struct shunt_flow_line *flows;
	__u8 *marks;
	struct shunt_flow_line *fresh;
	struct conns conns;
	struct shunt_reasons *reasons; /* room for a read, one a CPU */
};

static void must(int err, const char *what)
{
	cr_assert(err >= 0, "%s: %s", what, strerror(-err));
}

static void need_root(void)
{
	if (geteuid())
		cr_skip_test("loading a BPF program needs root: run this as root");
}

/* A byte a line, in whole values. */
static size_t marks_bytes(size_t lines)
{
	return lines < SHUNT_MARKS_PER_VALUE ? SHUNT_MARKS_PER_VALUE : lines;
}

static __u32 port_lines(const struct shunt_rodata *rodata, const struct dp_sizes *sizes)
{
	const __u32 lines = sizes->spaces * rodata->space_lines;

	return lines ?: 1;
}

static void size_conns(struct shunt_bpf *skel, const struct shunt_rodata *rodata,
		       const struct dp_sizes *sizes)
{
	bpf_map__set_max_entries(skel->maps.shunt_conns, rodata->conns ?: 1);
	bpf_map__set_max_entries(skel->maps.shunt_conn_seqs, rodata->conns ?: 1);
	bpf_map__set_max_entries(skel->maps.shunt_conn_index, rodata->conn_mask + 1);
	bpf_map__set_max_entries(skel->maps.shunt_conn_bits,
				 rodata->conns / SHUNT_BITS_PER_LINE + 1);
	bpf_map__set_max_entries(skel->maps.shunt_port_bits, port_lines(rodata, sizes));
	if (bpf_map__max_entries(skel->maps.shunt_loads) < sizes->backends)
		bpf_map__set_max_entries(skel->maps.shunt_loads, sizes->backends);
}

/* Two halves of limits, which any service may have, and the buckets of sources. */
static void size_limits(struct shunt_bpf *skel, const struct shunt_rodata *rodata)
{
	bpf_map__set_max_entries(skel->maps.shunt_limits, 2 * LIMITS);
	bpf_map__set_max_entries(skel->maps.shunt_limits_of, SHUNT_MAX_BACKENDS);
	bpf_map__set_max_entries(skel->maps.shunt_buckets, 1U << rodata->bucket_bits);
}

static struct shunt_bpf *load(const struct shunt_rodata *rodata, const struct dp_sizes *sizes)
{
	struct shunt_bpf *skel = shunt_bpf__open();

	cr_assert(skel, "open the skeleton: %s", strerror(errno));
	skel->rodata->shunt_rodata = *rodata;
	skel->rodata->shunt_rodata.service_mask = SERVICE_LINES - 1;
	bpf_map__set_max_entries(skel->maps.shunt_services, SERVICE_LINES);
	bpf_map__set_max_entries(skel->maps.shunt_vips, sizes->vips);
	bpf_map__set_max_entries(skel->maps.shunt_slots, sizes->lines);
	bpf_map__set_max_entries(skel->maps.shunt_backends, sizes->backends);
	bpf_map__set_max_entries(skel->maps.shunt_counters,
				 (sizes->backends - 1) / SHUNT_COUNTERS_PER_BLOCK + 1);
	bpf_map__set_max_entries(skel->maps.shunt_flows, rodata->flow_mask + 1);
	bpf_map__set_max_entries(skel->maps.shunt_marks,
				 marks_bytes(rodata->flow_mask + 1) / SHUNT_MARKS_PER_VALUE);
	size_conns(skel, rodata, sizes);
	size_limits(skel, rodata);
	must(shunt_bpf__load(skel), "load the program");
	return skel;
}

static void *map_array(const struct bpf_map *map, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	cr_assert(p != MAP_FAILED, "map %s: %s", bpf_map__name(map), strerror(errno));
	return p;
}

static void map_arrays(struct dp *dp, size_t n_lines, size_t n_flow_lines)
{
	dp->services =
		map_array(dp->skel->maps.shunt_services, SERVICE_LINES * sizeof(dp->services[0]));
	dp->n_lines = n_lines;
	dp->lines = map_array(dp->skel->maps.shunt_slots, n_lines * sizeof(dp->lines[0]));
	dp->n_flow_lines = n_flow_lines;
	dp->flows = map_array(dp->skel->maps.shunt_flows, n_flow_lines * sizeof(dp->flows[0]));
	dp->marks = map_array(dp->skel->maps.shunt_marks, marks_bytes(n_flow_lines));
	dp->fresh = map_array(dp->skel->maps.shunt_fresh, SHUNT_FRESH_LINES * sizeof(dp->fresh[0]));
}

static void map_conns(struct dp *dp, const struct shunt_rodata *rodata,
		      const struct dp_sizes *sizes)
{
	struct conns *c = &dp->conns;

	*c = (struct conns){
		.n = rodata->conns ?: 1,
		.mask = rodata->conn_mask,
		.port_lines = port_lines(rodata, sizes),
		.n_loads = sizes->backends,
		.hash_key = { rodata->hash_key[0], rodata->hash_key[1] },
	};
	c->records = map_array(dp->skel->maps.shunt_conns, c->n * sizeof(c->records[0]));
	c->seqs = map_array(dp->skel->maps.shunt_conn_seqs, c->n * sizeof(c->seqs[0]));
	c->index = map_array(dp->skel->maps.shunt_conn_index, (c->mask + 1) * sizeof(c->index[0]));
	c->bits = map_array(dp->skel->maps.shunt_conn_bits,
			    (rodata->conns / SHUNT_BITS_PER_LINE + 1) * sizeof(c->bits[0]));
	c->port_bits =
		map_array(dp->skel->maps.shunt_port_bits, c->port_lines * sizeof(c->port_bits[0]));
	c->loads = map_array(dp->skel->maps.shunt_loads, c->n_loads * sizeof(c->loads[0]));
	c->bits->word[0] |= 1;
}

/* The kernel keeps arrays that are mapped. */
static void unmap_conns(struct conns *c)
{
	munmap(c->records, c->n * sizeof(c->records[0]));
	munmap(c->seqs, c->n * sizeof(c->seqs[0]));
	munmap(c->index, (c->mask + 1) * sizeof(c->index[0]));
	munmap(c->bits, sizeof(c->bits[0]) * (c->n / SHUNT_BITS_PER_LINE + 1));
	munmap(c->port_bits, c->port_lines * sizeof(c->port_bits[0]));
	munmap(c->loads, c->n_loads * sizeof(c->loads[0]));
}

struct dp *dp_open(const struct shunt_rodata *rodata, const struct dp_sizes *sizes)
{
	struct dp *dp = calloc(1, sizeof(*dp));

	cr_assert(dp);
	need_root();
	must(unshare(CLONE_NEWNET) ? -errno : 0, "make a network namespace");
	dp->skel = load(rodata, sizes);
	must(bpf_xdp_attach(LOOPBACK, dp_program_fd(dp), XDP_FLAGS_SKB_MODE, NULL),
	     "attach to the loopback device");
	dp->cpus = libbpf_num_possible_cpus();
	must(dp->cpus, "count the CPUs");
	dp->reasons = calloc(dp->cpus, sizeof(*dp->reasons));
	cr_assert(dp->reasons);
	map_arrays(dp, sizes->lines, rodata->flow_mask + 1);
	map_conns(dp, rodata, sizes);
	return dp;
}

void dp_close(struct dp *dp)
{
	if (!dp)
		return;
	bpf_xdp_detach(LOOPBACK, XDP_FLAGS_SKB_MODE, NULL);
	munmap(dp->services, SERVICE_LINES * sizeof(dp->services[0]));
	munmap(dp->lines, dp->n_lines * sizeof(dp->lines[0]));
	munmap(dp->flows, dp->n_flow_lines * sizeof(dp->flows[0]));
	munmap(dp->marks, marks_bytes(dp->n_flow_lines));
	munmap(dp->fresh, SHUNT_FRESH_LINES * sizeof(dp->fresh[0]));
	unmap_conns(&dp->conns);
	shunt_bpf__destroy(dp->skel);
	free(dp->reasons);
	free(dp);
}

static void put(const struct bpf_map *map, const void *key, const void *value)
{
	if (bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY))
		must(-errno, bpf_map__name(map));
}

static void get(const struct bpf_map *map, const void *key, void *value)
{
	if (bpf_map_lookup_elem(bpf_map__fd(map), key, value))
		must(-errno, bpf_map__name(map));
}

void dp_put_service(struct dp *dp, const struct shunt_service_key *key,
		    const struct shunt_service *service, __u32 flags)
{
	const struct shunt_listing like = { .service = *service, .flags = flags };

	must(listing_put(dp->services, SERVICE_LINES - 1, key, &like), "put a service");
}

void dp_repoint(struct dp *dp, const struct map_move *moves, size_t n)
{
	listing_repoint(dp->services, SERVICE_LINES - 1, moves, n);
}

void dp_put_vip(struct dp *dp, const struct shunt_addr *vip)
{
	put(dp->skel->maps.shunt_vips, vip, &(__u32){ 1 });
}

void dp_put_backend(struct dp *dp, __u32 id, const struct shunt_backend *b)
{
	put(dp->skel->maps.shunt_backends, &id, b);
}

struct shunt_backend dp_read_backend(const struct dp *dp, __u32 id)
{
	struct shunt_backend b;

	get(dp->skel->maps.shunt_backends, &id, &b);
	return b;
}

void dp_put_egress(struct dp *dp, __u32 index, const struct shunt_egress *e)
{
	put(dp->skel->maps.shunt_egress, &index, e);
}

void dp_put_device(struct dp *dp, __u32 index)
{
	put(dp->skel->maps.shunt_devices, &index, &(__u32){ LOOPBACK });
}

int dp_fragments_fd(const struct dp *dp)
{
	return bpf_map__fd(dp->skel->maps.shunt_fragments);
}

static void must_hold(const struct dp *dp, const struct slot_table *table)
{
	cr_assert_leq(table->first + (__u64)slot_table_lines(table), dp->n_lines);
}

void dp_put_slot(struct dp *dp, const struct slot_table *table, __u32 slot, __u32 word)
{
	must_hold(dp, table);
	slot_table_put(dp->lines, table, slot, slot_halves(word));
}

__u32 dp_read_slot(const struct dp *dp, const struct slot_table *table, __u32 slot)
{
	must_hold(dp, table);
	return slot_word(slot_table_get(dp->lines, table, slot));
}

struct shunt_slot_line *dp_lines(const struct dp *dp)
{
	return dp->lines;
}

struct shunt_flow_line *dp_flows(const struct dp *dp)
{
	return dp->flows;
}

struct shunt_load *dp_loads(const struct dp *dp)
{
	return dp->conns.loads;
}

__u8 *dp_marks(const struct dp *dp)
{
	return dp->marks;
}

struct shunt_flow_line *dp_fresh(const struct dp *dp)
{
	return dp->fresh;
}

struct conns dp_conns(const struct dp *dp)
{
	return dp->conns;
}

void dp_put_pool(struct dp *dp, __u32 index, const struct shunt_addr *a)
{
	put(dp->skel->maps.shunt_pool, &index, a);
}

void dp_read_cpu_budgets(const struct dp *dp, struct shunt_pin_budget *out)
{
	get(dp->skel->maps.shunt_pin_budget, &(__u32){ 0 }, out);
}

void dp_put_cpu_budgets(struct dp *dp, const struct shunt_pin_budget *in)
{
	put(dp->skel->maps.shunt_pin_budget, &(__u32){ 0 }, in);
}

const struct bpf_program *dp_program(const struct dp *dp)
{
	return dp->skel->progs.shunt_ingress;
}

struct shunt_rodata dp_rodata(const struct dp *dp)
{
	return dp->skel->rodata->shunt_rodata;
}

int dp_map_fd(const struct dp *dp, const char *name)
{
	const int fd = bpf_object__find_map_fd_by_name(dp->skel->obj, name);

	must(fd, name);
	return fd;
}

int dp_program_fd(const struct dp *dp)
{
	return bpf_program__fd(dp->skel->progs.shunt_ingress);
}

int dp_cpus(const struct dp *dp)
{
	return dp->cpus;
}

void dp_read_cpu_reasons(const struct dp *dp, struct shunt_reasons *out)
{
	get(dp->skel->maps.shunt_reasons, &(__u32){ 0 }, out);
}

/* A block of counters, one a CPU; to be released with free(). */
static struct shunt_counter_block *read_blocks(const struct dp *dp, __u32 block)
{
	struct shunt_counter_block *by_cpu = calloc(dp->cpus, sizeof(*by_cpu));

	cr_assert(by_cpu);
	get(dp->skel->maps.shunt_counters, &block, by_cpu);
	return by_cpu;
}

void dp_read_cpu_counters(const struct dp *dp, __u32 backend, struct shunt_counter *out)
{
	_cleanup_free_ struct shunt_counter_block *by_cpu =
		read_blocks(dp, backend / SHUNT_COUNTERS_PER_BLOCK);

	for (int cpu = 0; cpu < dp->cpus; cpu++)
		out[cpu] = by_cpu[cpu].counter[backend % SHUNT_COUNTERS_PER_BLOCK];
}

void dp_read_reasons(const struct dp *dp, __u64 out[SHUNT_MAX_REASONS])
{
	dp_read_cpu_reasons(dp, dp->reasons);
	memset(out, 0, SHUNT_MAX_REASONS * sizeof(out[0]));
	for (int cpu = 0; cpu < dp->cpus; cpu++)
		for (int r = 0; r < SHUNT_MAX_REASONS; r++)
			out[r] += dp->reasons[cpu].packets[r];
}

struct shunt_counter_block dp_read_counters(const struct dp *dp, __u32 block)
{
	_cleanup_free_ struct shunt_counter_block *by_cpu = read_blocks(dp, block);
	struct shunt_counter_block sum = {};

	for (int cpu = 0; cpu < dp->cpus; cpu++) {
		for (int i = 0; i < SHUNT_COUNTERS_PER_BLOCK; i++) {
			sum.counter[i].packets += by_cpu[cpu].counter[i].packets;
			sum.counter[i].bytes += by_cpu[cpu].counter[i].bytes;
		}
	}
	return sum;
}
