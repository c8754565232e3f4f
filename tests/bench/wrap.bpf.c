/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Between the loop of a test run and the program under test: gives every packet
 * the headers of another flow, then calls the program by a tail call.
 *
 * A test run does not restore the packet between repeats, so it is done here:
 * the head moves back by what the frame grew (by 0 where it did not, so that the
 * wrapper costs the same whatever the program does), and all headers that a
 * program may have written are written again. Flows are computed, not looked up:
 * the wrapper keeps out of the cache that the program needs.
 *
 * Stores are cut so that every field a program reads lies in one of them: else
 * the load waits for the stores, which is no cost of the program.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "wrap.h"

/* Written by the benchmark between runs. */
struct wrap_traffic wrap_traffic;

/* Of the generator; not 0. */
__u64 wrap_random = 88172645463325252ULL;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} wrap_next SEC(".maps");

/* Marsaglia's xorshift64. */
static __always_inline __u64 next_random(void)
{
	__u64 x = wrap_random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	wrap_random = x;
	return x;
}

static __always_inline struct wrap_tuple next_tuple(const struct wrap_traffic *t)
{
	return wrap_tuple(t, next_random() >> 20 & t->flow_mask);
}

static __always_inline void put64(void *at, __u64 value)
{
	*(__u64 *)at = value;
}

static __always_inline void put_v4(void *frame, const struct wrap_traffic *t)
{
	const struct wrap_tuple tuple = next_tuple(t);

	put64(frame + 22, wrap_ttl(t, &tuple) | (__u64)tuple.src << 32);
	put64(frame + 30, tuple.dst | (__u64)tuple.ports << 32);
}

static __always_inline void put_v6(void *frame, const struct wrap_traffic *t)
{
	const struct wrap_tuple tuple = next_tuple(t);

	put64(frame + 22, wrap_src6(t, &tuple));
	put64(frame + 30, t->src6[1] | (__u64)tuple.src << 32);
	put64(frame + 38, t->dst6[0]);
	put64(frame + 46, t->dst6[1] | (__u64)tuple.dst << 32);
	*(__u32 *)(frame + 54) = tuple.ports;
}

SEC("xdp")
int wrap(struct xdp_md *xdp)
{
	const int bytes = (long)xdp->data_end - (long)xdp->data;
	const struct wrap_traffic *t = &wrap_traffic;
	void *frame;

	if (bpf_xdp_adjust_head(xdp, bytes - WRAP_FRAME_BYTES))
		return XDP_ABORTED;
	frame = (void *)(long)xdp->data;
	if (frame + WRAP_FRAME_BYTES > (void *)(long)xdp->data_end)
		return XDP_ABORTED;
	put64(frame, t->eth[0]);
	put64(frame + 6, t->eth[1]);
	put64(frame + 14, t->ip);
	if (t->v6)
		put_v6(frame, t);
	else
		put_v4(frame, t);
	bpf_tail_call(xdp, &wrap_next, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
