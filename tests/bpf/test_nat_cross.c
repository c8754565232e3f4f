/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of fullnat from one family to the other through the whole program: their
 * packets, errors about them, and what ends there.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat_alone.h"
#include "nat_town.h"
#include "pcap.h"

#define IPV4_DF 0x4000

/* Of the link that packets of an IPv6 client to NAT_SMALL leave by: more than IPv6's least. */
#define MTU6 1400

/* A connection of @town, in words. */
struct live {
	struct nat_town *town;
	__u32 record;
	char text[4][INET6_ADDRSTRLEN];
	struct pair pair;
};

static const char *text_of(const struct shunt_addr *a, char out[INET6_ADDRSTRLEN])
{
	const bool v4 = !a->d[0] && a->w[2] == htonl(0xffff);

	return v4 ? inet_ntop(AF_INET, a->b + 12, out, INET6_ADDRSTRLEN)
		  : inet_ntop(AF_INET6, a->b, out, INET6_ADDRSTRLEN);
}

/* Every backend is reached by the other family. */
static struct nat_town *open_crossing(void)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));

	cr_assert(w);
	nat_build_world(w);
	w->rodata.icmp_per_s = 1000;
	for (__u32 id = 0; id < NAT_BACKENDS; id++) {
		struct shunt_leg *leg = w->backends[id].leg;
		const struct shunt_addr v4 = leg[SHUNT_V4].addr;

		leg[SHUNT_V4].addr = leg[SHUNT_V6].addr;
		leg[SHUNT_V6].addr = v4;
	}
	w->backends[NAT_BACKEND_SMALL].leg[SHUNT_V6].mtu = MTU6;
	return nat_town_open_world(w);
}

static void read_pair(struct live *l)
{
	const struct shunt_conn conn = nat_conn(l->town, l->record);

	l->pair = (struct pair){
		.name = "live",
		.client = text_of(&conn.client.src, l->text[0]),
		.vip = text_of(&conn.client.dst, l->text[1]),
		.server = text_of(&conn.server.src, l->text[2]),
		.pool = text_of(&conn.server.dst, l->text[3]),
		.client_port = ntohs(conn.client.ports & 0xffff),
		.vip_port = ntohs(conn.client.ports >> 16),
		.server_port = ntohs(conn.server.ports & 0xffff),
		.pool_port = ntohs(conn.server.ports >> 16),
	};
}

/* Begun by a packet of the client of @family to @port. */
static struct live *live_open(struct nat_town *town, int family, __u16 port, __u8 proto)
{
	struct packet p = nat_packet(family, port, proto, 41000);
	struct live *l = calloc(1, sizeof(*l));

	cr_assert(l);
	p.flags = FRAME_SYN;
	cr_assert_eq(nat_send(town, &p), SHUNT_FORWARDED);
	l->town = town;
	l->record = nat_record(town, &p);
	cr_assert(l->record);
	read_pair(l);
	return l;
}

/* @p has gone @way: what went in as @like came out behind the balancer. */
static void expect_went(const struct live *l, enum shunt_way way, const struct packet *like)
{
	const struct packet in = pair_before(&l->pair, way, like);
	struct packet out = pair_behind(&l->pair, way, like);
	struct frame want;

	cr_assert_eq(nat_send(l->town, &in), SHUNT_FORWARDED, "way %d", way);
	out.ttl = 63;
	out.no_label = true;
	out.fragment = like->payload > 1260 - 40 ? IPV4_DF : 0;
	nat_take_id(&out, &l->town->got);
	frame_build(&out, &want);
	cr_assert(nat_same(&l->town->got, &want, &l->town->in), "way %d", way);
	pcap_append(&l->town->got);
}

static void expect_lives(struct nat_town *town, int family, __u8 proto)
{
	_cleanup_free_ struct live *l = live_open(town, family, NAT_FULL, proto);
	const struct shunt_leg *leg =
		&town->world.backends[NAT_BACKEND_FULL].leg[family == 6 ? SHUNT_V6 : SHUNT_V4];
	__u8 client[6];

	memcpy(client, town->in.data + 6, sizeof(client));
	for (__u16 payload = 0; payload < 1400; payload += 233) {
		const struct packet like = { .proto = proto, .payload = payload };

		expect_went(l, SHUNT_TO_SERVER, &like);
		cr_expect_arr_eq(town->got.data, leg->hop.dmac, 6);
		expect_went(l, SHUNT_TO_CLIENT, &like);
		cr_expect_arr_eq(town->got.data, client, 6);
	}
}

Test(nat_cross, packets_go_both_ways)
{
	_cleanup_nat_town_ struct nat_town *town = open_crossing();

	expect_lives(town, 4, IPPROTO_TCP);
	expect_lives(town, 4, IPPROTO_UDP);
	expect_lives(town, 6, IPPROTO_TCP);
	expect_lives(town, 6, IPPROTO_UDP);
	cr_expect_eq(nat_count_conns(town), 4);
}

/* A router on the way to @way's receiver found a packet of 1400 bytes too big. */
static void expect_told(const struct live *l, enum shunt_way way, const char *router)
{
	const bool v6 = strchr(router, ':');
	const struct packet big = { .proto = IPPROTO_TCP, .payload = 1340 };
	struct packet before = pair_behind(&l->pair, !way, &big);
	struct packet behind = pair_before(&l->pair, !way, &big);
	struct packet error = { .src = router,
				.dst = before.src,
				.proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
				.icmp_type = v6 ? 2 : 3,
				.icmp_code = v6 ? 0 : 4,
				.icmp_rest = 1300,
				.quoted = &before,
				.quote = (v6 ? 40 : 20) + 40 };
	struct packet told = { .src = behind.dst,
			       .dst = behind.src,
			       .proto = v6 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
			       .icmp_type = v6 ? 3 : 2,
			       .icmp_code = v6 ? 4 : 0,
			       .icmp_rest = v6 ? 1280 : 1320,
			       .quoted = &behind,
			       .quote = (v6 ? 20 : 40) + 40,
			       .ttl = 63,
			       .no_label = true };
	struct frame want;

	behind.no_label = true;
	behind.fragment = IPV4_DF;
	cr_assert_eq(nat_send(l->town, &error), SHUNT_FORWARDED);
	nat_take_id(&told, &l->town->got);
	frame_build(&told, &want);
	cr_assert(nat_same(&l->town->got, &want, &l->town->in), "from %s", router);
	pcap_append(&l->town->got);
}

/* The path MTU gets through, in both directions. */
Test(nat_cross, errors_quote_what_was_sent)
{
	_cleanup_nat_town_ struct nat_town *town = open_crossing();
	_cleanup_free_ struct live *from4 = live_open(town, 4, NAT_FULL, IPPROTO_TCP);
	_cleanup_free_ struct live *from6 = live_open(town, 6, NAT_FULL, IPPROTO_TCP);

	expect_told(from4, SHUNT_TO_CLIENT, STRANGER6);
	expect_told(from4, SHUNT_TO_SERVER, STRANGER4);
	expect_told(from6, SHUNT_TO_CLIENT, STRANGER4);
	expect_told(from6, SHUNT_TO_SERVER, STRANGER6);
}

/* As long as the link takes it with the other header; else the client hears of its MTU. */
static void expect_largest(struct nat_town *town, int family, __u16 ip_bytes)
{
	struct packet p = nat_packet(family, NAT_SMALL, IPPROTO_UDP, 42000);
	const size_t icmp_mtu = FRAME_IP + (family == 6 ? 40 + 4 : 20 + 4);

	p.fragment = IPV4_DF;
	p.payload = ip_bytes - (family == 6 ? 48 : 28);
	cr_expect_eq(nat_send(town, &p), SHUNT_FORWARDED, "IPv%d", family);
	p.payload++;
	cr_expect_eq(nat_send(town, &p), SHUNT_TOO_BIG_ANSWERED, "IPv%d", family);
	cr_expect_eq(frame_get16(town->got.data + icmp_mtu + 2), ip_bytes);
	pcap_append(&town->got);
}

Test(nat_cross, mtu_allows_for_the_other_header)
{
	_cleanup_nat_town_ struct nat_town *town = open_crossing();

	expect_largest(town, 4, TOWN_SMALL_MTU - 20);
	expect_largest(town, 6, MTU6 + 20);
}

Test(nat_cross, fragments_end_there)
{
	_cleanup_nat_town_ struct nat_town *town = open_crossing();
	struct packet p = nat_packet(4, NAT_FULL, IPPROTO_UDP, 43000);

	p.payload = 100;
	cr_expect_eq(nat_send(town, &p), SHUNT_FORWARDED);
	p.fragment = 0x2000;
	p.id = 7;
	cr_expect_eq(nat_send(town, &p), SHUNT_NO_TRANSLATION);
	p = nat_packet(6, NAT_FULL, IPPROTO_TCP, 43001);
	p.flags = FRAME_SYN;
	p.extension[0] = FRAME_EXTENSION(60);
	cr_expect_eq(nat_send(town, &p), SHUNT_NO_TRANSLATION);
}
