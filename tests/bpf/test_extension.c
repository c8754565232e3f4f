/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 extension headers: chains of all types, headers of all lengths, and the flow
 * hash, which must not know of them.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "rig.h"

/* Those that are walked, a fragment, and some that are not walked. */
static const __u8 types[] = { 0, 43, 51, 60, 44, IPPROTO_NONE, IPPROTO_ESP, 135, IPPROTO_UDP };
#define TYPES (sizeof(types) / sizeof(types[0]))
#define CHAIN 3

static const __u16 ports[] = { PORT_DIRECT, PORT_IPIP4, PORT_IPIP6_OTHER };

static struct packet packet(__u16 port, __u8 proto)
{
	return (struct packet){ CLIENT6, SHOP6, 40002, port, proto, .payload = 64 };
}

static bool agrees(struct rig *rig, const struct packet *p)
{
	struct frame in;

	frame_build(p, &in);
	return rig_check(rig, &in);
}

/* @number: a digit for each header, 0 ends the chain */
static void put_chain(unsigned int number, struct packet *p)
{
	for (int i = 0; i < CHAIN && number % (TYPES + 1); i++, number /= TYPES + 1)
		p->extension[i] = FRAME_EXTENSION(types[number % (TYPES + 1) - 1]);
}

/* Of the fragment headers in a chain: none that matters, the first one, later ones. */
static const __u16 fragments[] = { 0, 0x2000, 185, 1, 0x2000 | 3 };

Test(extension, chains_of_all_types)
{
	const unsigned int chains = (TYPES + 1) * (TYPES + 1) * (TYPES + 1);
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (unsigned int i = 0; i < chains; i++) {
		struct packet tcp = packet(ports[i % 3], IPPROTO_TCP);
		struct packet udp = packet(ports[(i + 1) % 3], IPPROTO_UDP);

		tcp.id = udp.id = i;
		tcp.fragment = fragments[i / 3 % 5];
		udp.fragment = fragments[(i / 3 + 2) % 5];
		put_chain(i, &tcp);
		put_chain(i, &udp);
		cr_expect(agrees(rig, &tcp), "chain %u, TCP", i);
		cr_expect(agrees(rig, &udp), "chain %u, UDP", i);
	}
	cr_expect_gt(rig->tally.reasons[SHUNT_FORWARDED], 100);
	cr_expect_gt(rig->tally.reasons[SHUNT_FRAGMENT], 5);
	cr_expect_gt(rig->tally.reasons[SHUNT_LATE_FRAGMENT], 50);
	cr_expect_gt(rig->tally.reasons[SHUNT_EXTENSION], 100);
	cr_expect_gt(rig->tally.reasons[SHUNT_NOT_L4], 100);
	cr_expect(rig_check_totals(rig));
}

/* A header of each length that it can say, in front of another one. */
static void expect_lengths(struct rig *rig, __u8 type, __u16 shortest, __u16 unit)
{
	for (__u32 n = 0; n < 256; n++) {
		struct packet p = packet(ports[n % 3], IPPROTO_TCP);

		p.extension[0] = FRAME_EXTENSION(type);
		p.extension_len = shortest + n * unit;
		cr_expect(agrees(rig, &p), "type %u, length %u", type, n);
		cr_expect_eq(rig->verdict.reason,
			     type == IPPROTO_AH && !n ? SHUNT_EXTENSION
			     : n % 3 == 2	      ? SHUNT_REDIRECTED
						      : SHUNT_FORWARDED,
			     "type %u, length %u: %s", type, n, ref_name(rig->verdict.reason));
	}
}

Test(extension, headers_of_all_lengths)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	expect_lengths(rig, IPPROTO_HOPOPTS, 8, 8);
	expect_lengths(rig, IPPROTO_ROUTING, 8, 8);
	expect_lengths(rig, IPPROTO_DSTOPTS, 8, 8);
	expect_lengths(rig, IPPROTO_AH, 8, 4);
}

/* A length that leads elsewhere than the header is long: into TCP, the payload, or out. */
Test(extension, headers_that_lie_about_their_length)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (size_t t = 0; t < 4; t++) {
		for (int off = 0; off < 256; off++) {
			struct packet p = packet(ports[off % 3], IPPROTO_TCP);

			p.extension[0] = FRAME_EXTENSION(types[t]);
			p.extension_off = off;
			cr_expect(agrees(rig, &p), "type %u, %d units too long", types[t], off);
			p.extension[1] = FRAME_EXTENSION(60);
			p.pad = 500;
			cr_expect(agrees(rig, &p), "type %u, %d units too long", types[t], off);
		}
	}
	cr_expect_gt(rig->tally.reasons[SHUNT_TRUNCATED], 500);
	cr_expect(rig_check_totals(rig));
}

/* Packets of one flow go to one backend, with headers before TCP or without. */
Test(extension, flows_stay_together)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (__u16 sport = 1; sport < 200; sport++) {
		struct packet p = packet(PORT_IPIP6, IPPROTO_TCP);
		__u8 label[3];

		p.sport = sport;
		cr_assert(agrees(rig, &p));
		memcpy(label, rig->got.data + FRAME_IP + 1, sizeof(label));
		p.extension[0] = FRAME_EXTENSION(IPPROTO_DSTOPTS);
		p.extension[1] = FRAME_EXTENSION(IPPROTO_AH);
		cr_assert(agrees(rig, &p));
		/* The outer flow label is made of the hash. */
		cr_expect_arr_eq(rig->got.data + FRAME_IP + 1, label, sizeof(label), "port %u",
				 sport);
	}
}
