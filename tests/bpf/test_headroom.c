/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers leave room before a frame, some of them little. A wrapper takes room
 * away a byte at a time, up to the kernel's own limit, and calls the program.
 */
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <netinet/in.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "rig.h"
#include "tests/squeeze.skel.h"

#include "../lib/squeeze.h"

/* More than any kernel gives. */
#define MOST_ROOM 320

struct squeeze {
	struct squeeze_bpf *skel;
	struct rig *rig;
};

static struct squeeze squeeze_open(struct rig *rig)
{
	struct squeeze_bpf *skel = squeeze_bpf__open_and_load();
	__u32 zero = 0, program = dp_program_fd(rig->dp);

	cr_assert(skel);
	cr_assert_eq(bpf_map_update_elem(bpf_map__fd(skel->maps.squeeze_next), &zero, &program, 0),
		     0);
	/* What is run here is the wrapper: see dp.c for why it is attached. */
	cr_assert_eq(
		bpf_xdp_attach(1, bpf_program__fd(skel->progs.squeeze), XDP_FLAGS_SKB_MODE, NULL),
		0);
	return (struct squeeze){ skel, rig };
}

/* Return: the action with @taken bytes of headroom gone; XDP_ABORTED if there are not so many. */
static __u32 squeeze_run(struct squeeze *s, __u32 taken, const struct frame *in)
{
	s->skel->bss->squeeze_bytes = taken;
	return dp_run_program(bpf_program__fd(s->skel->progs.squeeze), in, &s->rig->got);
}

static void build_frame(const char *src, const char *dst, __u16 port, __u8 tags, struct frame *out)
{
	struct packet p = { .src = src, .dst = dst, .sport = 40001, .dport = port, .tags = tags };

	p.proto = IPPROTO_UDP;
	p.fragment = 0x4000; /* DF */
	frame_build(&p, out);
	p.payload = SQUEEZE_FRAME - out->len;
	frame_build(&p, out);
}

/* The headroom of a test run. */
static __u32 find_room(struct squeeze *s)
{
	struct frame in;
	__u32 room = 0;

	build_frame(CLIENT4, STRANGER4, PORT_DIRECT, 0, &in);
	while (room < MOST_ROOM && squeeze_run(s, room + 1, &in) == XDP_PASS)
		room++;
	cr_assert_gt(room, 40);
	cr_assert_lt(room, MOST_ROOM);
	return room;
}

/*
 * Forwarded or answered as the reference says while there are @need bytes, and dropped without: as
 * it came, unless an outer header found room and only the tags lack it, @tag_bytes.
 */
static void expect_need(struct squeeze *s, const struct frame *in, __u32 room, __u32 need,
			__u32 tag_bytes)
{
	const struct frame *got = &s->rig->got, *want = &s->rig->verdict.out;
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	enum shunt_reason reason = SHUNT_CONTINUE;
	__u32 lacking = 0;

	dp_read_reasons(s->rig->dp, before);
	for (__u32 taken = room - 60; taken <= room; taken++) {
		const bool fits = room - taken >= need;
		const __u32 action = squeeze_run(s, taken, in);

		ref_judge(&s->rig->world, in, got, &s->rig->verdict);
		reason = s->rig->verdict.reason;
		if (!fits)
			s->rig->verdict.out = *in;
		lacking += !fits;
		cr_expect_eq(action, fits ? XDP_TX : XDP_DROP, "%u bytes left", room - taken);
		if (!fits && room - taken + tag_bytes >= need)
			continue;
		cr_expect_eq(got->len, want->len, "%u bytes left", room - taken);
		cr_expect_arr_eq(got->data, want->data, want->len, "%u bytes left", room - taken);
	}
	dp_read_reasons(s->rig->dp, after);
	cr_expect_eq(after[SHUNT_NO_HEADROOM] - before[SHUNT_NO_HEADROOM], lacking);
	cr_expect_eq(after[reason] - before[reason], 61 - lacking);
}

Test(headroom, is_needed_for_new_headers_only)
{
	static const struct {
		const char *src, *dst;
		__u16 port;
		__u32 need;
		__u8 tags;
	} cases[] = {
		{ CLIENT4, SHOP4, PORT_DIRECT, 0, 0 },
		{ CLIENT6, SHOP6, PORT_DIRECT, 0, 0 },
		{ CLIENT4, SHOP4, PORT_IPIP4, 20, 0 },
		{ CLIENT6, SHOP6, PORT_IPIP4, 20, 0 },
		{ CLIENT4, SHOP4, PORT_IPIP6, 40, 0 },
		{ CLIENT6, SHOP6, PORT_IPIP6, 40, 0 },
		{ CLIENT4, SHOP4, PORT_DIRECT, 0, 1 },
		{ CLIENT6, SHOP6, PORT_DIRECT, 0, 2 },
		{ CLIENT4, SHOP4, PORT_IPIP4, 20, 2 },
		{ CLIENT6, SHOP6, PORT_IPIP4, 20, 1 },
		{ CLIENT4, SHOP4, PORT_IPIP6, 40, 1 },
		{ CLIENT6, SHOP6, PORT_IPIP6, 40, 2 },
		{ CLIENT4, SHOP4, PORT_GUE4, 28, 0 },
		{ CLIENT6, SHOP6, PORT_GUE4, 28, 1 },
		{ CLIENT4, SHOP4, PORT_GUE6, 48, 2 },
		{ CLIENT6, SHOP6, PORT_GUE6, 48, 0 },
		/* Too big, and answered. */
		{ CLIENT4, SHOP4, PORT_DIRECT_TINY, 28, 0 },
		{ CLIENT4, SHOP4, PORT_IPIP6_TINY, 28, 1 },
		{ CLIENT4, SHOP4, PORT_DIRECT_TINY, 28, 2 },
	};
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	struct squeeze s = squeeze_open(rig);
	__u32 room = find_room(&s);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame in;

		build_frame(cases[i].src, cases[i].dst, cases[i].port, cases[i].tags, &in);
		expect_need(&s, &in, room, cases[i].need, 4 * cases[i].tags);
	}
	squeeze_bpf__destroy(s.skel);
}

/* A frame may come without a tag and leave with one, or bring room for it. */
Test(headroom, is_needed_for_the_tag_of_a_vlan_device)
{
	static const struct {
		__u16 port;
		__u32 need;
		__u8 tags;
	} cases[] = {
		{ PORT_VLAN, 4, 0 },	    { PORT_VLAN, 0, 1 },	{ PORT_VLAN, 0, 2 },
		{ PORT_VLAN_IPIP4, 24, 0 }, { PORT_VLAN_IPIP4, 20, 1 }, { PORT_VLAN_IPIP4, 16, 2 },
		{ PORT_VLAN_GUE6, 52, 0 },  { PORT_VLAN_GUE6, 44, 2 },
	};
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	struct squeeze s = squeeze_open(rig);
	__u32 room = find_room(&s);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame in;

		build_frame(CLIENT6, SHOP6, cases[i].port, cases[i].tags, &in);
		expect_need(&s, &in, room, cases[i].need, 4);
	}
	squeeze_bpf__destroy(s.skel);
}
