/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests as the kernel gets them: what they ask for is what it would tell of it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"
#include "net/netlink.h"

struct message {
	union {
		struct nlmsghdr nlh;
		char bytes[NETLINK_BLACKHOLE_BYTES];
	};
};

static const struct blackhole {
	int family;
	const char *dst;
	uint8_t bits;
	uint8_t protocol;
	uint32_t table;
	uint32_t metric;
} blackholes[] = {
	{ AF_INET, "192.0.2.80", 32, 233, 250, 0 },
	{ AF_INET, "192.0.2.80", 32, 5, 255, UINT32_MAX },
	{ AF_INET6, "2001:db8::80", 128, 233, 256, 1024 },
	{ AF_INET6, "2001:db8::80", 128, 255, UINT32_MAX, 1 },
};

static struct netlink_route route_of(const struct blackhole *b)
{
	struct netlink_route r = {
		.family = b->family,
		.dst_bits = b->bits,
		.protocol = b->protocol,
		.table = b->table,
		.metric = b->metric,
	};

	cr_assert_eq(addr_parse(b->dst, &r.dst), 0);
	return r;
}

static void check_blackhole(const struct blackhole *b, bool gone)
{
	const struct netlink_route r = route_of(b);
	struct message m;
	struct netlink_event ev;

	memset(&m, 0xff, sizeof(m));
	cr_assert_eq(netlink_format_blackhole(m.bytes, &r, gone), &m.nlh);
	cr_assert_leq(m.nlh.nlmsg_len, sizeof(m));
	cr_assert_eq(m.nlh.nlmsg_flags & (NLM_F_REQUEST | NLM_F_ACK), NLM_F_REQUEST | NLM_F_ACK);
	cr_assert_eq(!(m.nlh.nlmsg_flags & NLM_F_EXCL), gone, "it must not replace another one");
	cr_assert_eq(netlink_parse(&m.nlh, &ev), 0);
	cr_assert_eq(ev.kind, NETLINK_PATH);
	cr_assert_eq(ev.gone, gone);
	cr_assert_eq(ev.route.type, RTN_BLACKHOLE);
	cr_assert_eq(ev.route.family, b->family);
	cr_assert(addr_is_equal(&ev.route.dst, &r.dst));
	cr_assert_eq(ev.route.dst_bits, b->bits);
	cr_assert_eq(ev.route.protocol, b->protocol);
	cr_assert_eq(ev.route.table, b->table);
	cr_assert_eq(ev.route.metric, b->metric);
	cr_assert_eq(ev.route.ifindex, 0);
	cr_assert_not(ev.route.has_gateway);
}

Test(blackhole, asks_for_blackholes)
{
	for (size_t i = 0; i < sizeof(blackholes) / sizeof(*blackholes); i++) {
		check_blackhole(&blackholes[i], false);
		check_blackhole(&blackholes[i], true);
	}
}

/* The kernel would never do that; whoever reads it must not mind. */
Test(blackhole, cut_anywhere_it_is_none)
{
	const struct netlink_route r = route_of(&blackholes[2]);
	struct message m;

	netlink_format_blackhole(m.bytes, &r, false);
	for (uint32_t len = NLMSG_HDRLEN; len < m.nlh.nlmsg_len; len++) {
		struct nlmsghdr *cut = malloc(len);
		struct netlink_event ev = { .kind = 99 };
		int err;

		memcpy(cut, m.bytes, len);
		cut->nlmsg_len = len;
		err = netlink_parse(cut, &ev);
		cr_expect(err == -EINVAL || (!err && ev.route.dst_bits == 128), "%u bytes", len);
		free(cut);
	}
}
