/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "count.h"
#include "interp.h"

#define MAPS_MAX 32
#define HEADROOM 256

/* A map that the program asked, and the value that it was given last. */
struct asked {
	int fd;
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

static __u64 map_value(void *arg, int fd, __u32 offset)
{
	struct asked *a = ask(arg, fd);

	if (bpf_map_lookup_elem(fd, &(__u32){ 0 }, a->value))
		err(EXIT_FAILURE, "read %s", a->info.name);
	return (uintptr_t)a->value + offset;
}

static __u64 lookup(struct machine *m, int fd, __u64 key)
{
	struct asked *a = ask(m, fd);
	const bool array =
		a->info.type == BPF_MAP_TYPE_ARRAY || a->info.type == BPF_MAP_TYPE_PERCPU_ARRAY;

	m->count.array_lookups += array;
	m->count.hash_lookups += !array;
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
	else
		errx(EXIT_FAILURE, "helper %d is not known here", helper);
}

/* As the wrapper leaves it for the first flow and service. */
static void put_frame(struct machine *m, const struct traffic *t)
{
	const struct shunt_service_key key = traffic_service(t->v6, t->proto, 0);
	__u8 *frame = m->frame + HEADROOM;

	traffic_frame(t, frame);
	memcpy(frame + (t->v6 ? 38 : 30), t->v6 ? &key.vip.w[0] : &key.vip.w[3], t->v6 ? 16 : 4);
	memcpy(frame + (t->v6 ? 56 : 36), &key.port, sizeof(key.port));
	if (t->stranger)
		frame[t->v6 ? 53 : 33] ^= 0xff;
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

	put_frame(&fresh, t);
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		err(EXIT_FAILURE, "test run");
	if (opts.retval != action || opts.data_size_out != in->data_end - in->data ||
	    memcmp(out, (void *)(uintptr_t)in->data, opts.data_size_out))
		errx(EXIT_FAILURE, "the kernel makes another packet of it");
}

struct count count_packet(const struct bpf_program *prog, const struct traffic *t)
{
	_cleanup_free_ struct machine *m = calloc(1, sizeof(*m));
	struct interp in = {
		.insns = bpf_program__insns(prog),
		.n = bpf_program__insn_cnt(prog),
		.map_value = map_value,
		.call = call,
		.arg = m,
	};

	if (!m)
		err(EXIT_FAILURE, "count");
	put_frame(m, t);
	in.data = (uintptr_t)(m->frame + HEADROOM);
	in.data_end = (uintptr_t)(m->frame + sizeof(m->frame));
	m->count.insns = interp_run(&in, &m->count.action);
	check(prog, t, &in, m->count.action);
	for (int i = 0; i < MAPS_MAX; i++)
		free(m->maps[i].value);
	return m->count;
}
