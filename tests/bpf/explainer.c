/* SPDX-License-Identifier: BSD-2-Clause */
#include "explainer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOPBACK 1

static void must(int err, const char *what)
{
	cr_assert(err >= 0, "%s: %s", what, strerror(errno));
}

static int own_netns(void)
{
	const int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	must(fd, "open the network namespace");
	return fd;
}

/*
 * What is attached nowhere takes a test run two grace periods (dp.c), and the loopback
 * device here is taken: the twin is on that of another namespace.
 */
static void attach_elsewhere(struct explainer *e)
{
	e->home_fd = own_netns();
	must(unshare(CLONE_NEWNET), "make a network namespace");
	e->other_fd = own_netns();
	must(bpf_xdp_attach(LOOPBACK, load_program_fd(e->twin->load), XDP_FLAGS_SKB_MODE, NULL),
	     "attach the twin");
	must(setns(e->home_fd, CLONE_NEWNET), "go back to the network namespace");
}

struct explainer *explainer_open(const struct dp *dp)
{
	const struct shunt_rodata rodata = dp_rodata(dp);
	struct explainer *e = calloc(1, sizeof(*e));

	cr_assert(e);
	e->dp = dp;
	for (int m = 0; m < LOAD_MAPS; m++)
		e->fds[m] = dp_map_fd(dp, load_map_names[m]);
	cr_assert_eq(twin_open(e->fds, &rodata, &e->twin), 0);
	attach_elsewhere(e);
	return e;
}

void explainer_close(struct explainer *e)
{
	if (!e)
		return;
	close(e->home_fd);
	close(e->other_fd);
	twin_close(e->twin);
	for (int m = 0; m < LOAD_MAPS; m++)
		free(e->before[m]);
	free(e);
}

/* --- no trace ----------------------------------------------------------------------- */

static size_t value_bytes(const struct explainer *e, enum load_map m)
{
	struct bpf_map *map = load_map(e->twin->load, m);
	const size_t bytes = bpf_map__value_size(map);

	return bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY ? bytes * dp_cpus(e->dp) : bytes;
}

/* What a map holds, in a row: values of an array; of others keys and values. */
static void *read_mapped(const struct explainer *e, enum load_map m, size_t *bytes)
{
	void *copy;

	*bytes = e->twin->entries[m] * value_bytes(e, m);
	copy = malloc(*bytes);
	cr_assert(copy);
	memcpy(copy, e->twin->real[m], *bytes);
	return copy;
}

static void *read_by_keys(const struct explainer *e, enum load_map m, size_t *bytes)
{
	const size_t key_bytes = bpf_map__key_size(load_map(e->twin->load, m));
	const size_t each = key_bytes + value_bytes(e, m);
	__u8 *copy = NULL, *grown, *last;

	for (*bytes = 0;; *bytes += each) {
		grown = realloc(copy, *bytes + each);
		cr_assert(grown);
		copy = grown;
		last = *bytes ? copy + *bytes - each : NULL;
		if (bpf_map_get_next_key(e->fds[m], last, copy + *bytes))
			break;
		memset(copy + *bytes + key_bytes, 0, each - key_bytes);
		/* Of the device map not every key has a value. */
		bpf_map_lookup_elem(e->fds[m], copy + *bytes, copy + *bytes + key_bytes);
	}
	return copy;
}

static void *read_map(const struct explainer *e, enum load_map m, size_t *bytes)
{
	return e->twin->real[m] ? read_mapped(e, m, bytes) : read_by_keys(e, m, bytes);
}

static void keep_maps(struct explainer *e)
{
	for (int m = 0; m < LOAD_MAPS; m++) {
		free(e->before[m]);
		e->before[m] = read_map(e, m, &e->bytes[m]);
	}
}

/* The name of a map that is not as it was kept, or NULL. */
static const char *find_trace(const struct explainer *e)
{
	const char *found = NULL;
	size_t bytes;

	for (int m = 0; m < LOAD_MAPS && !found; m++) {
		void *now = read_map(e, m, &bytes);

		if (bytes != e->bytes[m] || memcmp(now, e->before[m], bytes))
			found = load_map_names[m];
		free(now);
	}
	return found;
}

/* --- ask ------------------------------------------------------------------------------ */

struct explain_packet explainer_packet(const struct frame *f, bool syn)
{
	const __u8 *ip = f->data + FRAME_IP;
	const bool v6 = *ip >> 4 == 6;
	const __u8 *l4 = ip + (v6 ? 40 : 20);
	struct explain_packet p = { .ifindex = LOOPBACK, .proto = ip[v6 ? 6 : 9], .syn = syn };

	if (v6) {
		memcpy(&p.src.addr, ip + 8, 16);
		memcpy(&p.dst.addr, ip + 24, 16);
	} else {
		p.src.addr = p.dst.addr = frame_addr("0.0.0.0");
		memcpy(&p.src.addr.w[3], ip + 12, 4);
		memcpy(&p.dst.addr.w[3], ip + 16, 4);
	}
	p.src.port = frame_get16(l4);
	p.dst.port = frame_get16(l4 + 2);
	return p;
}

struct explain explainer_ask(struct explainer *e, const struct explain_packet *p)
{
	struct explain x;
	const char *trace;

	keep_maps(e);
	cr_assert_eq(explain_run(e->twin, p, &x), 0);
	trace = find_trace(e);
	cr_expect_null(trace, "%s is not as it was", trace);
	return x;
}

__u32 explainer_run(struct explainer *e, const struct frame *in, struct frame *out)
{
	cr_assert_eq(twin_fill(e->twin), 0);
	return dp_run_program(load_program_fd(e->twin->load), in, out);
}

void explainer_forget(struct explainer *e, __u32 backend)
{
	enum shunt_reason reason;
	bool counted;

	cr_assert_eq(twin_take_reason(e->twin, &reason), 0);
	cr_assert_eq(twin_take_packet(e->twin, backend, &counted), 0);
}
