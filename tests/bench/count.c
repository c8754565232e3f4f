/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "count.h"
#include "interp.h"

#define MAPS_MAX 32
#define HEADROOM 256

static const char *const stage_names[STAGES] = {
	[STAGE_PARSE] = "parse", [STAGE_SERVICE] = "service", [STAGE_HASH] = "hash",
	[STAGE_SLOT] = "slot",	 [STAGE_MOVE] = "move",	      [STAGE_FORWARD] = "forward",
	[STAGE_COUNT] = "count", [STAGE_MAIN] = "main",	      [STAGE_OTHER] = "other",
};

static const struct {
	const char *file;
	enum stage stage;
} stages[] = {
	{ "parse.h", STAGE_PARSE },	 { "pkt.h", STAGE_PARSE },
	{ "addr.h", STAGE_PARSE },	 { "service.h", STAGE_SERVICE },
	{ "hash.h", STAGE_HASH },	 { "slot.h", STAGE_SLOT },
	{ "abi.h", STAGE_SLOT },	 { "transit.h", STAGE_MOVE },
	{ "flow.h", STAGE_MOVE },	 { "fwd.h", STAGE_FORWARD },
	{ "fwd_hop.h", STAGE_FORWARD },	 { "fwd_direct.h", STAGE_FORWARD },
	{ "fwd_ipip.h", STAGE_FORWARD }, { "csum.h", STAGE_FORWARD },
	{ "stats.h", STAGE_COUNT },	 { "shunt.bpf.c", STAGE_MAIN },
	{ "nat.h", STAGE_FORWARD },	 { "nat_rewrite.h", STAGE_FORWARD },
};

/*
 * A map that the program asked, and the value that it was given last. What it writes
 * there is lost when it asks again, but where a CPU has one value: that is its memory.
 */
struct asked {
	int fd;
	bool keeps;
	struct bpf_map_info info;
	void *value;
};

struct machine {
	struct asked maps[MAPS_MAX];
	struct count count;
	__u8 frame[HEADROOM + WRAP_FRAME_BYTES];
};

static struct asked *ask(struct machine *m, int fd)
{
	struct asked *a = m->maps;
	__u32 len = sizeof(a->info);

	while (a->value && a->fd != fd)
		if (++a == m->maps + MAPS_MAX)
			errx(EXIT_FAILURE, "more than %d maps", MAPS_MAX);
	if (a->value)
		return a;
	if (bpf_obj_get_info_by_fd(fd, &a->info, &len))
		err(EXIT_FAILURE, "ask about a map");
	a->fd = fd;
	/* A per-CPU map gives the values of all CPUs, each rounded up. */
	a->value = calloc(libbpf_num_possible_cpus() + 1, (a->info.value_size + 7) & ~7U);
	if (!a->value)
		err(EXIT_FAILURE, "ask a map");
	return a;
}

static __u64 map_value(void *arg, int fd, __u32 offset, bool *frozen)
{
	struct asked *a = ask(arg, fd);

	if (bpf_map_lookup_elem(fd, &(__u32){ 0 }, a->value))
		err(EXIT_FAILURE, "read %s", a->info.name);
	*frozen = a->info.map_flags & BPF_F_RDONLY_PROG;
	return (uintptr_t)a->value + offset;
}

static __u64 lookup(struct machine *m, int fd, __u64 key)
{
	struct asked *a = ask(m, fd);
	const bool array =
		a->info.type == BPF_MAP_TYPE_ARRAY || a->info.type == BPF_MAP_TYPE_PERCPU_ARRAY;

	m->count.array_lookups += array;
	m->count.hash_lookups += !array;
	if (a->keeps)
		return (uintptr_t)a->value;
	a->keeps = a->info.type == BPF_MAP_TYPE_PERCPU_ARRAY && a->info.max_entries == 1;
	return bpf_map_lookup_elem(fd, (void *)(uintptr_t)key, a->value) ? 0 : (uintptr_t)a->value;
}

static __u64 adjust_head(struct interp *in, __s32 delta)
{
	const struct machine *m = in->arg;
	const __u64 first = (uintptr_t)m->frame;

	if (in->data + delta < first || in->data + delta > in->data_end)
		return -1;
	in->data += delta;
	return 0;
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void call(struct interp *in, __s32 helper, __u64 *reg)
{
	struct machine *m = in->arg;

	if (helper == BPF_FUNC_map_lookup_elem) {
		reg[0] = lookup(m, reg[1], reg[2]);
		return;
	}
	m->count.calls++;
	if (helper == BPF_FUNC_xdp_adjust_head)
		reg[0] = adjust_head(in, reg[2]);
	else if (helper == BPF_FUNC_ktime_get_coarse_ns)
		reg[0] = now_ns();
	else
		errx(EXIT_FAILURE, "helper %d is not known here", helper);
}

/* The kernel makes the same of the same frame, or the count is of something else. */
static void check(const struct bpf_program *prog, const struct traffic *t, const struct interp *in,
		  __u32 action)
{
	__u8 out[WRAP_FRAME_BYTES + HEADROOM];
	struct machine fresh = { .count.insns = 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = fresh.frame + HEADROOM,
		    .data_size_in = WRAP_FRAME_BYTES, .data_out = out, .data_size_out = sizeof(out),
		    .repeat = 1);

	traffic_frame_of(t, 0, fresh.frame + HEADROOM);
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		err(EXIT_FAILURE, "test run");
	if (opts.retval != action || opts.data_size_out != in->data_end - in->data ||
	    memcmp(out, (void *)(uintptr_t)in->data, opts.data_size_out))
		errx(EXIT_FAILURE, "the kernel makes another packet of it");
}

static enum stage stage_of(const char *file)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (!strcmp(stages[i].file, file))
			return stages[i].stage;
	return STAGE_OTHER;
}

const char *count_stage_name(enum stage stage)
{
	return stage_names[stage];
}

static void add_up(const struct interp *in, const char *const files[], struct count *count)
{
	for (size_t i = 0; i < in->n; i++) {
		count->insns += in->done[i];
		if (files && in->done[i])
			count->stages[stage_of(files[i])] += in->done[i];
	}
	count->constants = in->constants;
	count->switches = in->decided;
}

struct count count_packet(const struct bpf_program *prog, const char *const files[],
			  const struct traffic *t)
{
	const size_t n = bpf_program__insn_cnt(prog);
	_cleanup_free_ struct machine *m = calloc(1, sizeof(*m));
	_cleanup_free_ __u32 *done = calloc(n, sizeof(*done));
	struct interp in = {
		.insns = bpf_program__insns(prog),
		.n = n,
		.map_value = map_value,
		.call = call,
		.arg = m,
		.done = done,
	};

	if (!m || !done)
		err(EXIT_FAILURE, "count");
	traffic_frame_of(t, 0, m->frame + HEADROOM);
	in.data = (uintptr_t)(m->frame + HEADROOM);
	in.data_end = (uintptr_t)(m->frame + sizeof(m->frame));
	m->count.action = interp_run(&in);
	add_up(&in, files, &m->count);
	check(prog, t, &in, m->count.action);
	for (int i = 0; i < MAPS_MAX; i++)
		free(m->maps[i].value);
	return m->count;
}
