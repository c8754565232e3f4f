/* SPDX-License-Identifier: BSD-2-Clause */
/* The MSS of servers' SYNs, which pass with nat and fullnat: clamped as clients' are. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nat_town.h"
#include "ref_mss.h"

#define MSS 1220
#define SYN_ACK (FRAME_SYN | FRAME_ACK)
#define CLAMPED (SHUNT_SERVICE_NAT | MSS << SHUNT_SERVICE_MSS_SHIFT)

static const int families[] = { 4, 6 };

#define each_family(i) for (size_t i = 0; i < 2; i++)

static struct world_service *tcp_service(struct world *w, const char *vip, __u16 port)
{
	const struct shunt_addr addr = frame_addr(vip);
	struct world_service *s = w->services;

	while (memcmp(&s->key.vip, &addr, sizeof(addr)) || s->key.port != htons(port) ||
	       s->key.proto != IPPROTO_TCP)
		cr_assert_lt(++s - w->services, w->n_services);
	return s;
}

/* NAT_FULL has it, and NAT_PLAIN on all other ports. */
static struct nat_town *open_town(void)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	static const char *const vips[] = { SHOP4, SHOP6 };

	cr_assert(w);
	nat_build_world(w);
	w->rodata.rich = 1;
	w->rodata.any_port = 1;
	each_family(f)
	{
		const struct world_service *plain = tcp_service(w, vips[f], NAT_PLAIN);

		tcp_service(w, vips[f], NAT_FULL)->flags = CLAMPED;
		world_put_service(w, vips[f], IPPROTO_TCP, 0, &plain->to)->flags = CLAMPED;
	}
	return nat_town_open_world(w);
}

/* A packet of the server with @mss, behind @before bytes that are no option. */
static void answer(struct nat_town *t, __u32 record, __u16 flags, __u16 mss, size_t before)
{
	const struct shunt_conn conn = nat_conn(t, record);
	struct packet like = { .flags = flags, .tcp_options_len = 8 };
	struct frame f;

	memset(like.tcp_options, 1, sizeof(like.tcp_options));
	like.tcp_options[before] = 2;
	like.tcp_options[before + 1] = 4;
	frame_put16(like.tcp_options + before + 2, mss);
	nat_answer_like(&conn, &like, &f);
	cr_expect_eq(nat_send_frame(t, &f), SHUNT_FORWARDED);
}

/* It went to the client as if the server had asked for @mss at most. */
static void expect_asked(struct nat_town *t, __u32 record, __u16 mss)
{
	struct view v;

	cr_assert_eq(view_read(&t->world, &t->in, &v), SHUNT_CONTINUE);
	ref_mss_clamp(&v, mss, &t->in);
	cr_expect(nat_went_to_client(t, record));
}

static void expect_clamped(struct nat_town *t, __u32 record)
{
	static const __u16 asked[] = { 0, 536, MSS - 1, MSS, MSS + 1, 1460, 8960, 0xffff };

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		for (size_t before = 0; before < 5; before++) {
			answer(t, record, SYN_ACK, asked[i], before);
			expect_asked(t, record, MSS);
		}
	}
}

Test(nat_mss, of_servers_is_clamped)
{
	_cleanup_nat_town_ struct nat_town *t = open_town();

	each_family(f)
	{
		const struct packet full = nat_packet(families[f], NAT_FULL, IPPROTO_TCP, 41000);
		/* A port that has no service of its own. */
		const struct packet any = nat_packet(families[f], 7000, IPPROTO_TCP, 41001);

		expect_clamped(t, nat_connect(t, &full));
		expect_clamped(t, nat_connect(t, &any));
	}
}

/* What is no SYN has nothing to say; a service without an MSS has nothing against it. */
Test(nat_mss, else_it_is_as_it_was)
{
	_cleanup_nat_town_ struct nat_town *t = open_town();

	each_family(f)
	{
		const struct packet full = nat_packet(families[f], NAT_FULL, IPPROTO_TCP, 41000);
		const struct packet two = nat_packet(families[f], NAT_TWO, IPPROTO_TCP, 41001);
		const __u32 clamped = nat_connect(t, &full), free = nat_connect(t, &two);

		answer(t, clamped, FRAME_ACK, 1460, 0);
		cr_expect(nat_went_to_client(t, clamped));
		answer(t, free, SYN_ACK, 1460, 0);
		cr_expect(nat_went_to_client(t, free));
	}
}
