/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way of forwarding over whole ranges of what a header can carry. */
#include <criterion/criterion.h>
#include <netinet/in.h>

#include "rig.h"

static const __u16 modes[] = { PORT_DIRECT, PORT_IPIP4, PORT_IPIP6, PORT_GUE4, PORT_GUE6 };

#define each_mode(m) for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++)

static struct packet packet4(__u16 port)
{
	return (struct packet){ CLIENT4, SHOP4, 40001, port, IPPROTO_TCP, .payload = 20 };
}

static struct packet packet6(__u16 port)
{
	return (struct packet){ CLIENT6, SHOP6, 40002, port, IPPROTO_UDP, .payload = 20 };
}

static bool is_forwarded_right(struct rig *rig, const struct packet *p)
{
	struct frame in;

	frame_build(p, &in);
	return rig_check(rig, &in) && rig->verdict.reason == SHUNT_FORWARDED;
}

Test(mode, carries_every_dscp_and_ecn)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	each_mode(m)
	{
		for (int tos = 0; tos < 256; tos++) {
			struct packet v4 = packet4(modes[m]), v6 = packet6(modes[m]);

			v4.tos = v6.tos = tos;
			cr_expect(is_forwarded_right(rig, &v4), "port %u, TOS %d", modes[m], tos);
			cr_expect(is_forwarded_right(rig, &v6), "port %u, class %d", modes[m], tos);
		}
	}
}

Test(mode, takes_one_hop_from_every_ttl)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	each_mode(m)
	{
		for (int ttl = 2; ttl < 256; ttl++) {
			struct packet v4 = packet4(modes[m]), v6 = packet6(modes[m]);

			v4.ttl = v6.ttl = ttl;
			cr_expect(is_forwarded_right(rig, &v4), "port %u, TTL %d", modes[m], ttl);
			cr_expect(is_forwarded_right(rig, &v6), "port %u, hops %d", modes[m], ttl);
		}
	}
}

/* The ID takes a right checksum through all its values, and the sum past the carry. */
Test(mode, updates_every_right_checksum)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 step = 65536 / rig_scale(65536);

	for (__u32 id = 0; id < 65536; id += step) {
		struct packet p = packet4(PORT_DIRECT);

		p.id = id;
		cr_assert(is_forwarded_right(rig, &p), "ID %u", id);
	}
}

/* 0x0000 and 0xffff among them, two words for one number. */
Test(mode, leaves_every_wrong_checksum_wrong)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 step = 65536 / rig_scale(65536);

	for (__u32 csum = 0; csum < 65536; csum += step) {
		const struct packet p = packet4(PORT_IPIP4);
		struct frame in;

		frame_build(&p, &in);
		frame_put16(in.data + FRAME_IP + 10, csum);
		cr_assert(rig_check(rig, &in), "checksum %04x", csum);
	}
}

Test(mode, carries_every_length)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);
	const __u32 step = 3000 / rig_scale(3000);

	each_mode(m)
	{
		for (__u32 len = 0; len < 3000; len += step) {
			struct packet v4 = packet4(modes[m]), v6 = packet6(modes[m]);

			v4.payload = v6.payload = len;
			cr_expect(is_forwarded_right(rig, &v4), "port %u, %u", modes[m], len);
			cr_expect(is_forwarded_right(rig, &v6), "port %u, %u", modes[m], len);
		}
	}
}

static __u32 flow_label(const struct frame *f)
{
	const __u8 *ip = f->data + FRAME_IP;

	return (ip[1] & 0xfU) << 16 | frame_get16(ip + 2);
}

/* RFC 7510: by which routers and network cards tell flows apart. */
static __u32 source_port(const struct frame *f)
{
	const __u8 *ip = f->data + FRAME_IP;

	return frame_get16(ip + (*ip >> 4 == 4 ? 20 : 40));
}

/* @mark: the same for all packets of a flow, and apt to tell flows apart. */
static void expect_mark(struct rig *rig, __u16 to, __u32 (*mark)(const struct frame *f))
{
	__u32 different = 0, before = 0;

	for (__u16 port = 1000; port < 1100; port++) {
		struct packet p = packet6(to);
		__u32 first;

		p.sport = port;
		cr_assert(is_forwarded_right(rig, &p));
		first = mark(&rig->got);
		p.payload = 100;
		p.tos = 0xff;
		p.ttl = 3;
		cr_assert(is_forwarded_right(rig, &p));
		cr_expect_eq(mark(&rig->got), first, "flow from port %u", port);
		different += first != before;
		before = first;
	}
	cr_expect_gt(different, 95);
}

/* RFC 6437 */
Test(mode, labels_flows_in_outer_ipv6)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	expect_mark(rig, PORT_IPIP6, flow_label);
	expect_mark(rig, PORT_GUE6, flow_label);
}

Test(mode, sends_flows_of_gue_from_ports_of_their_own)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	expect_mark(rig, PORT_GUE4, source_port);
	expect_mark(rig, PORT_GUE6, source_port);
}
