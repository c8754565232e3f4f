/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that gives packets away: it does to each what the usual one does, and gives
 * away what was asked for, as it came, with how it ended.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/load.h"
#include "rig.h"
#include "shunt/capture.h"

/**
 * struct lens - that program over the maps of a rig's, and what it gave away last
 * @n: since the filter was set
 */
struct lens {
	struct rig *rig;
	struct load *load;
	int maps[LOAD_CAPTURE_MAPS];
	struct ring_buffer *ring;
	unsigned int n;
	struct shunt_captured last;
};

static int on_packet(void *arg, void *data, size_t bytes)
{
	struct lens *l = arg;

	cr_assert_leq(bytes, sizeof(l->last));
	memcpy(&l->last, data, bytes);
	cr_assert_eq(bytes, SHUNT_CAPTURED_HEAD + l->last.bytes);
	l->n++;
	return 0;
}

static void make_maps(struct lens *l)
{
	l->maps[LOAD_CAPTURE_FILTER] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "filter", 4,
						      sizeof(struct shunt_capture), 1, NULL);
	l->maps[LOAD_CAPTURE_RING] =
		bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, SHUNT_CAPTURE_RING, NULL);
	cr_assert_geq(l->maps[LOAD_CAPTURE_FILTER], 0);
	cr_assert_geq(l->maps[LOAD_CAPTURE_RING], 0);
	l->ring = ring_buffer__new(l->maps[LOAD_CAPTURE_RING], on_packet, l, NULL);
	cr_assert(l->ring);
}

static struct lens *lens_open(void)
{
	struct lens *l = calloc(1, sizeof(*l));
	struct shunt_rodata rodata;
	uint32_t entries[LOAD_MAPS] = { 0 };
	int fds[LOAD_MAPS];

	cr_assert(l);
	l->rig = rig_open(world_build_town);
	rodata = dp_rodata(l->rig->dp);
	rodata.capture = 1;
	for (int m = 0; m < LOAD_MAPS; m++)
		fds[m] = dp_map_fd(l->rig->dp, load_map_names[m]);
	make_maps(l);
	cr_assert_eq(load_open_like(entries, &rodata, fds, &l->load), 0);
	cr_assert_eq(load_use_capture(l->load, l->maps), 0);
	cr_assert_eq(load_now(l->load), 0);
	return l;
}

static void lens_closep(struct lens **l)
{
	ring_buffer__free((*l)->ring);
	load_close((*l)->load);
	close((*l)->maps[LOAD_CAPTURE_FILTER]);
	close((*l)->maps[LOAD_CAPTURE_RING]);
	rig_close((*l)->rig);
	free(*l);
}

#define _cleanup_lens_ _cleanup_(lens_closep)

static struct shunt_capture everything(void)
{
	return (struct shunt_capture){ .reasons = ~0ULL };
}

static void ask(struct lens *l, const struct shunt_capture *filter)
{
	const __u32 zero = 0;

	cr_assert_eq(bpf_map_update_elem(l->maps[LOAD_CAPTURE_FILTER], &zero, filter, BPF_ANY), 0);
	ring_buffer__consume(l->ring);
	l->n = 0;
}

/* Return: whether it was given away. */
static bool look(struct lens *l, const struct packet *p)
{
	const unsigned int before = l->n;
	struct frame in, out;

	frame_build(p, &in);
	dp_run_program(load_program_fd(l->load), &in, &out);
	cr_assert_geq(ring_buffer__consume(l->ring), 0);
	return l->n == before + 1;
}

/* --- the same to all ---------------------------------------------------------------- */

/* How a frame ends in the usual program. */
static enum shunt_reason run_usual(const struct lens *l, const struct frame *in, struct frame *out)
{
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	enum shunt_reason reason = SHUNT_CONTINUE;

	dp_read_reasons(l->rig->dp, before);
	cr_expect_eq(dp_run(l->rig->dp, in, out) > 0, true);
	dp_read_reasons(l->rig->dp, after);
	for (int r = 0; r < SHUNT_MAX_REASONS; r++)
		if (after[r] != before[r])
			reason = r;
	return reason;
}

static void expect_alike(struct lens *l, const struct packet *p)
{
	struct frame in, usual, out;
	enum shunt_reason reason;
	__u32 action;

	frame_build(p, &in);
	reason = run_usual(l, &in, &usual);
	action = dp_run_program(load_program_fd(l->load), &in, &out);
	cr_expect_eq(ring_buffer__consume(l->ring), 1, "port %u was not given away", p->dport);
	cr_expect_eq(action, ref_action(reason), "port %u", p->dport);
	cr_assert_eq(out.len, usual.len, "port %u", p->dport);
	cr_expect_arr_eq(out.data, usual.data, out.len, "port %u", p->dport);
	cr_expect_eq(l->last.reason, reason);
	cr_expect_eq(l->last.frame_bytes, in.len);
	cr_expect_eq(l->last.ifindex, WORLD_INGRESS);
	cr_expect_eq(l->last.bytes, in.len < SHUNT_CAPTURE_BYTES ? in.len : SHUNT_CAPTURE_BYTES);
	cr_expect_arr_eq(l->last.data, in.data, l->last.bytes, "port %u", p->dport);
}

Test(capture, does_what_the_usual_program_does)
{
	_cleanup_lens_ struct lens *l = lens_open();
	const struct shunt_capture all = everything();

	ask(l, &all);
	/* Up to those whose connections one packet after another would take. */
	for (int port = PORT_DIRECT; port < PORT_FULL; port++)
		for (int v6 = 0; v6 < 2; v6++)
			expect_alike(l, &(struct packet){ .src = v6 ? CLIENT6 : CLIENT4,
							  .dst = v6 ? SHOP6 : SHOP4,
							  .sport = 40000,
							  .dport = port,
							  .payload = port % 30 * 60,
							  .tags = port % 3,
							  .proto = port % 2 ? IPPROTO_TCP
									    : IPPROTO_UDP });
}

/* --- what is asked for --------------------------------------------------------------- */

static const struct packet shop4 = {
	.src = CLIENT4, .dst = SHOP4, .sport = 40000, .dport = PORT_DIRECT, .proto = IPPROTO_TCP
};
static const struct packet shop6 = {
	.src = CLIENT6, .dst = SHOP6, .sport = 40000, .dport = PORT_DIRECT, .proto = IPPROTO_TCP
};
static const struct packet stranger = {
	.src = CLIENT4, .dst = STRANGER4, .sport = 40000, .dport = PORT_DIRECT, .proto = IPPROTO_TCP
};

static struct packet tagged(const struct packet *p, __u8 tags)
{
	struct packet t = *p;

	t.tags = tags;
	return t;
}

Test(capture, by_host)
{
	_cleanup_lens_ struct lens *l = lens_open();
	struct shunt_capture f = everything();

	f.has_host = 1;
	f.host = frame_addr(SHOP4);
	ask(l, &f);
	cr_expect(look(l, &shop4));
	cr_expect(!look(l, &shop6));
	cr_expect(!look(l, &stranger));
	for (__u8 tags = 1; tags <= 2; tags++) {
		const struct packet t = tagged(&shop4, tags);

		cr_expect(look(l, &t), "with %u tags", tags);
	}
	f.host = frame_addr(CLIENT6);
	ask(l, &f);
	cr_expect(look(l, &shop6));
	cr_expect(!look(l, &shop4));
}

Test(capture, by_port)
{
	_cleanup_lens_ struct lens *l = lens_open();
	const struct packet later = { .src = CLIENT4,
				      .dst = SHOP4,
				      .sport = 40000,
				      .dport = 81,
				      .fragment = 100,
				      .proto = IPPROTO_UDP };
	struct shunt_capture f = everything();

	f.port = htons(PORT_DIRECT);
	ask(l, &f);
	cr_expect(look(l, &shop4));
	cr_expect(look(l, &shop6));
	f.port = htons(40000);
	ask(l, &f);
	cr_expect(look(l, &shop4));
	cr_expect(!look(l, &later), "the payload of a fragment is no port");
	f.port = htons(PORT_DIRECT_OTHER);
	ask(l, &f);
	cr_expect(!look(l, &shop4));
}

Test(capture, by_service)
{
	_cleanup_lens_ struct lens *l = lens_open();
	struct packet other = shop4, udp = shop4;
	struct shunt_capture f = everything();

	other.dport = PORT_DIRECT_OTHER;
	udp.proto = IPPROTO_UDP;
	f.n_ends = SHUNT_CAPTURE_ENDS;
	for (__u32 i = 0; i < f.n_ends; i++)
		f.ends[i].addr = frame_addr(STRANGER6);
	f.ends[f.n_ends - 1] = (struct shunt_capture_end){ .addr = frame_addr(SHOP4),
							   .port = htons(PORT_DIRECT),
							   .proto = IPPROTO_TCP };
	ask(l, &f);
	cr_expect(look(l, &shop4));
	cr_expect(!look(l, &shop6));
	cr_expect(!look(l, &other));
	cr_expect(!look(l, &udp));
	f.ends[f.n_ends - 1].port = 0;
	ask(l, &f);
	cr_expect(look(l, &other));
}

Test(capture, by_reason)
{
	_cleanup_lens_ struct lens *l = lens_open();
	struct shunt_capture f = { .reasons = 1ULL << SHUNT_NOT_SERVICE };

	ask(l, &f);
	cr_expect(look(l, &stranger));
	cr_expect(!look(l, &shop4));
	f.reasons = 1ULL << SHUNT_FORWARDED;
	ask(l, &f);
	cr_expect(!look(l, &stranger));
	cr_expect(look(l, &shop4));
	cr_expect_eq(l->last.reason, SHUNT_FORWARDED);
}

static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	cr_assert_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* Who does not read loses packets; the next one that is there says how many. */
Test(capture, says_what_was_lost)
{
	_cleanup_lens_ struct lens *l = lens_open();
	const __u32 n = SHUNT_CAPTURE_RING / SHUNT_CAPTURE_BYTES + 100;
	const struct shunt_capture all = everything();
	struct packet large = shop4;
	struct frame in, out;
	__u32 lost;

	stay_on_this_cpu();
	large.payload = 1400;
	frame_build(&large, &in);
	ask(l, &all);
	for (__u32 i = 0; i < n; i++)
		dp_run_program(load_program_fd(l->load), &in, &out);
	cr_assert_gt(ring_buffer__consume(l->ring), 0);
	lost = n - l->n;
	cr_expect_gt(lost, 0);
	cr_expect(look(l, &shop4));
	cr_expect_eq(l->last.lost, lost, "%u, not %u", l->last.lost, lost);
	cr_expect(look(l, &shop4));
	cr_expect_eq(l->last.lost, 0);
}
