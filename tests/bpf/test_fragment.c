/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams in fragments: all of one go one way, by what the program remembers itself, and
 * without memory where the hash leaves ports out. The backend is read from the MAC address,
 * not from the reference.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define MF 0x2000

static const char *const clients[] = { CLIENT4, CLIENT6 };
static const char *const hashed[] = { HASHED4, HASHED6 };
static const char *const open[] = { OPEN4, OPEN6 };
static const char *const shop[] = { SHOP4, SHOP6 };

/* A fragment of datagram @id at @offset, in units of 8 bytes and with MF. */
static struct packet fragment(const char *src, const char *dst, __u16 id, __u16 offset)
{
	struct packet p = { .src = src, .dst = dst, .proto = IPPROTO_UDP, .id = id };

	p.fragment = offset;
	p.payload = 64;
	p.sport = 40003;
	if (strchr(dst, ':'))
		p.extension[0] = FRAME_EXTENSION(IPPROTO_FRAGMENT);
	return p;
}

static enum shunt_reason end_of(struct rig *rig, const struct packet *p)
{
	struct frame in;

	frame_build(p, &in);
	cr_expect(rig_check(rig, &in));
	return rig->verdict.reason;
}

/* Of a frame that was forwarded: bytes 4 and 5 of the MAC address of where it went. */
static __u16 gone_to(const struct rig *rig)
{
	return frame_get16(rig->got.data + 4);
}

/* What the program remembers of a packet's datagram. */
static bool is_remembered(const struct rig *rig, const struct packet *p)
{
	const bool v6 = strchr(p->dst, ':');
	const struct shunt_fragment_key key = {
		.src = frame_addr(p->src),
		.dst = frame_addr(p->dst),
		.id = v6 ? htonl((__u32)p->id << 16 | FRAME_ID6) : htons(p->id),
		.proto = v6 ? 0 : p->proto,
	};
	struct shunt_fragment first;

	return dp_read_fragment(rig->dp, &key, &first);
}

/* The source port is another one in each, so that a hash of ports would tell. */
static __u32 follow_hashed(struct rig *rig, bool v6)
{
	bool seen[TOWN_HASHED_BACKENDS + 1] = {};
	__u32 n = 0;

	for (__u16 client = 1; client < 200; client++) {
		char src[64];
		struct packet p = fragment(src, hashed[v6], client, MF);
		__u16 to;

		snprintf(src, sizeof(src), v6 ? "2001:db8:c::%x" : "198.51.100.%u", client);
		p.dport = PORT_HASHED;
		cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_expect_not(is_remembered(rig, &p), "client %u", client);
		to = gone_to(rig);
		for (__u16 offset = 1; offset < 0x1fff; offset += 999) {
			p.fragment = offset;
			p.sport = p.dport = client * offset;
			cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
			cr_expect_eq(gone_to(rig), to, "client %u, offset %u", client, offset);
		}
		p.fragment = 0;
		p.sport = 7 * client;
		p.dport = PORT_HASHED;
		cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_expect_eq(gone_to(rig), to, "client %u, a whole packet", client);
		n += !seen[to - TOWN_HASHED_BASE];
		seen[to - TOWN_HASHED_BASE] = true;
	}
	return n;
}

/* And clients are spread: sixteen backends, two hundred clients. */
Test(fragment, hashed_without_ports_go_one_way_without_memory)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	cr_expect_eq(follow_hashed(rig, false), TOWN_HASHED_BACKENDS);
	cr_expect_eq(follow_hashed(rig, true), TOWN_HASHED_BACKENDS);
}

/* One service of the VIP has a listing for fragments, another has not. */
Test(fragment, memory_is_asked_before_the_listing)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (int v6 = 0; v6 < 2; v6++) {
		struct packet p = fragment(clients[v6], hashed[v6], 0x3000, MF);
		__u16 to;

		p.dport = PORT_NOT_HASHED;
		cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_expect(is_remembered(rig, &p));
		to = gone_to(rig);
		cr_expect_lt(to, TOWN_HASHED_BASE);
		p.fragment = 8;
		cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_expect_eq(gone_to(rig), to);
		p.id++;
		cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_expect_gt(gone_to(rig), TOWN_HASHED_BASE);
	}
}

/* A later one before the first one, in time, too late, and of another datagram. */
Test(fragment, later_ones_follow_the_first_one)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (int v6 = 0; v6 < 2; v6++) {
		struct packet p = fragment(clients[v6], open[v6], 0x3001, 8);
		struct world_fragment *known;

		cr_expect_eq(end_of(rig, &p), SHUNT_LATE_FRAGMENT);
		p.fragment = MF;
		p.dport = 443;
		cr_expect_eq(end_of(rig, &p), SHUNT_FORWARDED);
		known = world_find_fragment(&rig->world, &rig->verdict.note.key);
		cr_assert(known);
		p.fragment = 8;
		p.dport = 1;
		cr_expect_eq(end_of(rig, &p), SHUNT_FORWARDED);
		known->age_s = SHUNT_FRAGMENT_S - 3;
		cr_expect_eq(end_of(rig, &p), SHUNT_FORWARDED);
		known->age_s = SHUNT_FRAGMENT_S + 1;
		cr_expect_eq(end_of(rig, &p), SHUNT_LATE_FRAGMENT);
		known->age_s = 0;
		p.src = v6 ? "2001:db8:c::8" : "198.51.100.8";
		cr_expect_eq(end_of(rig, &p), SHUNT_LATE_FRAGMENT);
	}
}

/* Identifications come again: the last first fragment counts. */
Test(fragment, the_last_first_one_counts)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (int v6 = 0; v6 < 2; v6++) {
		struct packet p = fragment(clients[v6], shop[v6], 0x3002, MF);
		struct packet later = fragment(clients[v6], shop[v6], 0x3002, 8);

		p.dport = PORT_DIRECT;
		cr_assert_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_assert_eq(end_of(rig, &later), SHUNT_FORWARDED);
		p.dport = PORT_DIRECT_OTHER;
		cr_assert_eq(end_of(rig, &p), SHUNT_REDIRECTED);
		cr_assert_eq(end_of(rig, &later), SHUNT_REDIRECTED);
	}
}

/* What is refused, and what is whole, is not remembered. */
Test(fragment, only_what_others_follow_is_remembered)
{
	_cleanup_rig_ struct rig *rig = rig_open(world_build_town);

	for (int v6 = 0; v6 < 2; v6++) {
		struct packet p = fragment(clients[v6], shop[v6], 0x3003, MF);

		p.dport = PORT_WHOLE;
		cr_expect_eq(end_of(rig, &p), SHUNT_FRAGMENT);
		cr_expect_not(is_remembered(rig, &p));
		p.fragment = 0;
		p.dport = PORT_DIRECT;
		cr_expect_eq(end_of(rig, &p), SHUNT_FORWARDED);
		cr_expect_not(is_remembered(rig, &p));
		p.dst = v6 ? STRANGER6 : STRANGER4;
		p.fragment = MF;
		cr_expect_eq(end_of(rig, &p), SHUNT_NOT_SERVICE);
		/* With nat it may be of an answer. */
		cr_expect_eq(is_remembered(rig, &p), rig->world.rodata.nat);
	}
}
