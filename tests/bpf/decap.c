/* SPDX-License-Identifier: BSD-2-Clause */
/* Of the tests, the one file that includes the skeleton of shunt-decap's program. */
#include "decap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "decap.skel.h"
#include "dp.h"

#define LOOPBACK 1

void decap_put_source(const struct decap_bpf *skel, const char *text, __u32 bits)
{
	const struct decap_source source = { bits, strchr(text, ':') ? 6 : 4, frame_addr(text) };
	__u32 one = 1;

	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(skel->maps.decap_sources), &source, &one, 0),
		     0);
}

/* Attached, as dp.c says why. */
struct decap_bpf *decap_open_gue(__u16 gue_port)
{
	struct decap_bpf *skel;

	if (geteuid())
		cr_skip_test("loading a BPF program needs root: run this as root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	skel = decap_bpf__open();
	cr_assert(skel);
	skel->rodata->decap_config.gue_port = htons(gue_port);
	bpf_map__set_max_entries(skel->maps.decap_sources, 4);
	cr_assert_eq(decap_bpf__load(skel), 0);
	decap_put_source(skel, "10.1.0.0", DECAP_SOURCE_BITS(4, 24));
	decap_put_source(skel, "2001:db8:1::", DECAP_SOURCE_BITS(6, 64));
	cr_assert_eq(bpf_xdp_attach(LOOPBACK, bpf_program__fd(skel->progs.shunt_decap),
				    XDP_FLAGS_SKB_MODE, NULL),
		     0);
	return skel;
}

struct decap_bpf *decap_open(void)
{
	return decap_open_gue(GUE_PORT);
}

const struct bpf_program *decap_program(const struct decap_bpf *skel)
{
	return skel->progs.shunt_decap;
}

void decap_close(struct decap_bpf *skel)
{
	bpf_xdp_detach(LOOPBACK, XDP_FLAGS_SKB_MODE, NULL);
	decap_bpf__destroy(skel);
}

static struct decap_counters read_counters(const struct decap_bpf *skel)
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct decap_counters *by_cpu = calloc(cpus, sizeof(*by_cpu));
	struct decap_counters sum = {};
	__u32 zero = 0;

	cr_assert(by_cpu);
	cr_assert_eq(bpf_map_lookup_elem(bpf_map__fd(skel->maps.decap_counters), &zero, by_cpu), 0);
	for (int cpu = 0; cpu < cpus; cpu++) {
		for (int r = 0; r < DECAP_MAX_REASONS; r++) {
			sum.reason[r].packets += by_cpu[cpu].reason[r].packets;
			sum.reason[r].bytes += by_cpu[cpu].reason[r].bytes;
		}
	}
	return sum;
}

static bool is_passed(enum decap_reason reason)
{
	switch (reason) {
	case DECAP_V4_IN_V4:
	case DECAP_V6_IN_V4:
	case DECAP_V4_IN_V6:
	case DECAP_V6_IN_V6:
	case DECAP_NOT_TUNNELLED:
	case DECAP_FRAGMENT:
	case DECAP_GUE:
	case DECAP_OTHER_GUE:
		return true;
	default:
		return false;
	}
}

/* Where a frame was counted, once and with all its bytes; DECAP_CONTINUE: not so. */
static enum decap_reason counted_in(const struct decap_counters *before,
				    const struct decap_counters *after, size_t len)
{
	enum decap_reason reason = DECAP_CONTINUE;

	for (enum decap_reason r = 0; r < DECAP_MAX_REASONS; r++) {
		const __u64 packets = after->reason[r].packets - before->reason[r].packets;
		const __u64 bytes = after->reason[r].bytes - before->reason[r].bytes;

		if (!packets && !bytes)
			continue;
		if (reason || packets != 1 || bytes != len)
			return DECAP_CONTINUE;
		reason = r;
	}
	return reason;
}

static bool is_frame(const struct frame *a, const struct frame *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

bool decap_agrees(const struct decap_bpf *skel, const struct frame *in, enum decap_reason reason,
		  const struct frame *want)
{
	const struct decap_counters before = read_counters(skel);
	struct decap_counters after;
	struct frame out;
	__u32 action = dp_run_program(bpf_program__fd(skel->progs.shunt_decap), in, &out);

	after = read_counters(skel);
	if (action == (is_passed(reason) ? XDP_PASS : XDP_DROP) &&
	    counted_in(&before, &after, in->len) == reason && is_frame(&out, want))
		return true;
	fprintf(stderr, "action %u, reason %d was counted, not %d\n", action,
		counted_in(&before, &after, in->len), reason);
	frame_dump("frame out", &out);
	return false;
}

void decap_expect(const struct decap_bpf *skel, const struct frame *in, enum decap_reason reason,
		  const struct frame *want)
{
	cr_assert(decap_agrees(skel, in, reason, want ?: in));
}

const struct kind kinds[KINDS] = {
	{ "4in4", FROM4, "10.1.0.11", "198.51.100.7", "192.0.2.80", DECAP_V4_IN_V4 },
	{ "6in4", FROM4, "10.1.0.11", "2001:db8:f::7", "2001:db8::80", DECAP_V6_IN_V4 },
	{ "4in6", FROM6, "2001:db8:1::11", "198.51.100.7", "192.0.2.80", DECAP_V4_IN_V6 },
	{ "6in6", FROM6, "2001:db8:1::11", "2001:db8:f::7", "2001:db8::80", DECAP_V6_IN_V6 },
};

bool is_v6(const char *addr)
{
	return strchr(addr, ':');
}

size_t inner_at(const struct kind *k)
{
	return FRAME_IP + (is_v6(k->from) ? 40 : 20);
}

void build_inner(const struct kind *k, __u8 tos, struct frame *f)
{
	const struct packet p = {
		.src = k->client,
		.dst = k->vip,
		.sport = 40001,
		.dport = 80,
		.proto = IPPROTO_TCP,
		.tos = tos,
		.ttl = 61,
		.payload = 40,
	};

	frame_build(&p, f);
}

void mend_outer(struct frame *f)
{
	frame_put16(f->data + FRAME_IP + 10, 0);
	frame_put16(f->data + FRAME_IP + 10, ~frame_sum(f->data + FRAME_IP, 20));
}

void wrap(const struct kind *k, const struct frame *inner, __u8 tos, struct frame *f)
{
	const struct packet p = { .src = k->from, .dst = k->to, .tos = tos, .proto = IPPROTO_TCP };
	const __u8 proto = is_v6(k->client) ? IPPROTO_IPV6 : IPPROTO_IPIP;
	const size_t at = inner_at(k), bytes = inner->len - FRAME_IP;
	__u8 *outer;

	frame_build(&p, f);
	outer = f->data + FRAME_IP;
	memcpy(f->data + at, inner->data + FRAME_IP, bytes);
	f->len = at + bytes;
	if (is_v6(k->from)) {
		frame_put16(outer + 4, bytes);
		outer[6] = proto;
	} else {
		frame_put16(outer + 2, 20 + bytes);
		outer[9] = proto;
		mend_outer(f);
	}
}

__u8 *udp_of(const struct kind *k, struct frame *f)
{
	return f->data + inner_at(k);
}

void wrap_gue(const struct kind *k, const struct frame *inner, __u8 tos, const struct gue *gue,
	      struct frame *f)
{
	const size_t between = 8 + (gue ? gue->len : 0);
	struct frame payload = { .len = inner->len + between };
	__u8 *udp = payload.data + FRAME_IP;

	frame_put16(udp, 51234);
	frame_put16(udp + 2, GUE_PORT);
	frame_put16(udp + 4, payload.len - FRAME_IP);
	if (gue)
		memcpy(udp + 8, gue->bytes, gue->len);
	memcpy(udp + between, inner->data + FRAME_IP, inner->len - FRAME_IP);
	wrap(k, &payload, tos, f);
	if (is_v6(k->from)) {
		f->data[FRAME_IP + 6] = IPPROTO_UDP;
	} else {
		f->data[FRAME_IP + 9] = IPPROTO_UDP;
		mend_outer(f);
	}
}

void tag(struct frame *f, int n)
{
	static const __u8 tags[] = { 0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x20, 0x64 };

	memmove(f->data + 12 + 4 * n, f->data + 12, f->len - 12);
	memcpy(f->data + 12, tags + 8 - 4 * n, 4 * n);
	f->len += 4 * n;
}
