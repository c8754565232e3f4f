/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages made by hand, whole and cut short anywhere. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"
#include "net/netlink.h"

struct message {
	union {
		struct nlmsghdr nlh;
		char bytes[1024];
	};
};

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

static void *start(struct message *m, uint16_t type, size_t header)
{
	memset(m, 0, sizeof(*m));
	mnl_nlmsg_put_header(m->bytes);
	m->nlh.nlmsg_type = type;
	return mnl_nlmsg_put_extra_header(&m->nlh, header);
}

static void put_addr(struct message *m, uint16_t type, const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	if (addr_is_v4(&a))
		mnl_attr_put(&m->nlh, type, 4, &a.b[12]);
	else
		mnl_attr_put(&m->nlh, type, 16, a.b);
}

static bool is(const struct shunt_addr *a, const char *text)
{
	char got[ADDR_TEXT];

	return !strcmp(addr_format(a, got), text);
}

static struct message make_link(void)
{
	struct message m;
	struct ifinfomsg *ifi = start(&m, RTM_NEWLINK, sizeof(*ifi));

	ifi->ifi_index = 3;
	ifi->ifi_type = ARPHRD_ETHER;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(&m.nlh, IFLA_IFNAME, "eth0");
	mnl_attr_put_u32(&m.nlh, IFLA_MTU, 9000);
	mnl_attr_put(&m.nlh, IFLA_ADDRESS, sizeof(mac), mac);
	return m;
}

static struct message make_addr(int family, uint8_t scope, uint32_t flags)
{
	struct message m;
	struct ifaddrmsg *ifa = start(&m, RTM_NEWADDR, sizeof(*ifa));

	ifa->ifa_family = family;
	ifa->ifa_index = 3;
	ifa->ifa_scope = scope;
	put_addr(&m, IFA_ADDRESS, family == AF_INET ? "192.0.2.2" : "2001:db8::1");
	if (family == AF_INET)
		put_addr(&m, IFA_LOCAL, "192.0.2.1");
	mnl_attr_put_u32(&m.nlh, IFA_FLAGS, flags);
	return m;
}

static struct message make_route(void)
{
	struct message m;
	struct rtmsg *rtm = start(&m, RTM_NEWROUTE, sizeof(*rtm));
	struct nlattr *metrics;

	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 24;
	rtm->rtm_table = RT_TABLE_COMPAT;
	rtm->rtm_protocol = 233;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(&m.nlh, RTA_TABLE, 1000);
	mnl_attr_put_u32(&m.nlh, RTA_PRIORITY, 4096);
	put_addr(&m, RTA_DST, "198.51.100.0");
	mnl_attr_put_u32(&m.nlh, RTA_OIF, 3);
	put_addr(&m, RTA_GATEWAY, "192.0.2.254");
	put_addr(&m, RTA_PREFSRC, "192.0.2.1");
	metrics = mnl_attr_nest_start(&m.nlh, RTA_METRICS);
	mnl_attr_put_u32(&m.nlh, RTAX_MTU, 1400);
	mnl_attr_nest_end(&m.nlh, metrics);
	return m;
}

static struct message make_neigh(uint16_t type, uint16_t state)
{
	struct message m;
	struct ndmsg *ndm = start(&m, type, sizeof(*ndm));

	ndm->ndm_family = AF_INET6;
	ndm->ndm_ifindex = 3;
	ndm->ndm_state = state;
	put_addr(&m, NDA_DST, "2001:db8::9");
	mnl_attr_put(&m.nlh, NDA_LLADDR, sizeof(mac), mac);
	return m;
}

static struct netlink_event parse(const struct message *m)
{
	struct netlink_event ev;

	cr_assert_eq(netlink_parse(&m->nlh, &ev), 0);
	return ev;
}

Test(netlink, reads_a_link)
{
	struct message m = make_link();
	struct netlink_event ev = parse(&m);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(&m.nlh);

	cr_assert_eq(ev.kind, NETLINK_LINK);
	cr_assert_not(ev.gone);
	cr_assert_eq(ev.link.ifindex, 3);
	cr_assert_str_eq(ev.link.name, "eth0");
	cr_assert_eq(ev.link.mtu, 9000U);
	cr_assert(ev.link.up);
	cr_assert(ev.link.has_mac);
	cr_assert_arr_eq(ev.link.mac, mac, sizeof(mac));

	/* A tunnel has no MAC addresses, whatever IFLA_ADDRESS says. */
	ifi->ifi_type = ARPHRD_TUNNEL;
	cr_assert_not(parse(&m).link.has_mac);
	ifi->ifi_type = ARPHRD_ETHER;
	ifi->ifi_flags |= IFF_NOARP;
	cr_assert_not(parse(&m).link.has_mac);
	/* A bridge port told of by its bridge. */
	ifi->ifi_family = AF_BRIDGE;
	cr_assert_eq(parse(&m).kind, NETLINK_OTHER);
	m.nlh.nlmsg_type = RTM_DELLINK;
	ifi->ifi_family = AF_UNSPEC;
	cr_assert(parse(&m).gone);
}

/* Number 100 on interface 2. */
static struct message make_vlan(const char *kind, uint16_t tpid)
{
	struct message m = make_link();
	struct nlattr *info, *data;

	mnl_attr_put_u32(&m.nlh, IFLA_LINK, 2);
	info = mnl_attr_nest_start(&m.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(&m.nlh, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(&m.nlh, IFLA_INFO_DATA);
	mnl_attr_put_u16(&m.nlh, IFLA_VLAN_ID, 100);
	mnl_attr_put_u16(&m.nlh, IFLA_VLAN_PROTOCOL, htons(tpid));
	mnl_attr_nest_end(&m.nlh, data);
	mnl_attr_nest_end(&m.nlh, info);
	return m;
}

Test(netlink, reads_a_vlan_device)
{
	struct message m = make_vlan("vlan", 0x88a8);
	struct netlink_link link = parse(&m).link;

	cr_assert_eq(link.vlan_id, 100);
	cr_assert_eq(link.tpid, 0x88a8);
	cr_assert_eq(link.below, 2);
	mnl_attr_put_u32(&m.nlh, IFLA_LINK_NETNSID, 0);
	cr_assert_eq(parse(&m).link.below, 0, "of another network namespace");
	m = make_vlan("vlanx", 0x8100);
	cr_assert_eq(parse(&m).link.tpid, 0);
	m = make_vlan("vla", 0x8100);
	cr_assert_eq(parse(&m).link.tpid, 0);
	m = make_link();
	cr_assert_eq(parse(&m).link.tpid, 0);
}

Test(netlink, reads_an_address)
{
	struct message m = make_addr(AF_INET, RT_SCOPE_UNIVERSE, 0);
	struct netlink_event ev = parse(&m);

	cr_assert_eq(ev.kind, NETLINK_ADDR);
	cr_assert(is(&ev.addr.addr, "192.0.2.1"), "not the other end of the link");
	cr_assert(ev.addr.usable);
	m = make_addr(AF_INET6, RT_SCOPE_UNIVERSE, 0);
	ev = parse(&m);
	cr_assert(is(&ev.addr.addr, "2001:db8::1"));
	cr_assert(ev.addr.usable);
	m = make_addr(AF_INET6, RT_SCOPE_LINK, 0);
	cr_assert_not(parse(&m).addr.usable);
	m = make_addr(AF_INET6, RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE);
	cr_assert_not(parse(&m).addr.usable);
	m = make_addr(AF_INET, RT_SCOPE_UNIVERSE, IFA_F_SECONDARY);
	cr_assert_not(parse(&m).addr.usable);
}

Test(netlink, reads_a_route)
{
	struct message m = make_route();
	struct netlink_event ev = parse(&m);

	cr_assert_eq(ev.kind, NETLINK_PATH);
	cr_assert_eq(ev.route.family, AF_INET);
	cr_assert(is(&ev.route.dst, "198.51.100.0"));
	cr_assert_eq(ev.route.dst_bits, 24);
	cr_assert_eq(ev.route.table, 1000);
	cr_assert_eq(ev.route.protocol, 233);
	cr_assert_eq(ev.route.metric, 4096);
	cr_assert_eq(ev.route.type, RTN_UNICAST);
	cr_assert_eq(ev.route.ifindex, 3);
	cr_assert(ev.route.has_gateway);
	cr_assert(is(&ev.route.gateway, "192.0.2.254"));
	cr_assert(ev.route.has_source);
	cr_assert(is(&ev.route.source, "192.0.2.1"));
	cr_assert_eq(ev.route.mtu, 1400U);
}

/* No RTA_DST, and a table whose number fits into the header. */
Test(netlink, reads_a_default_route)
{
	struct message m;
	struct rtmsg *rtm = start(&m, RTM_DELROUTE, sizeof(*rtm));
	struct netlink_event ev;

	rtm->rtm_family = AF_INET6;
	rtm->rtm_table = RT_TABLE_MAIN;
	ev = parse(&m);
	cr_assert(ev.gone);
	cr_assert(is(&ev.route.dst, "::"));
	cr_assert_eq(ev.route.dst_bits, 0);
	cr_assert_eq(ev.route.table, RT_TABLE_MAIN);
	cr_assert_eq(ev.route.metric, 0);
}

Test(netlink, reads_a_gateway_of_another_family)
{
	struct message m;
	struct rtmsg *rtm = start(&m, RTM_NEWROUTE, sizeof(*rtm));
	struct {
		uint16_t family;
		uint8_t addr[16];
	} via = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	struct netlink_event ev;

	rtm->rtm_family = AF_INET;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put(&m.nlh, RTA_VIA, sizeof(via), &via);
	ev = parse(&m);
	cr_assert(ev.route.has_gateway);
	cr_assert(is(&ev.route.gateway, "fe80::1"));
}

Test(netlink, reads_a_neighbour)
{
	static const struct {
		uint16_t state;
		bool has_mac;
	} states[] = { { NUD_REACHABLE, true }, { NUD_STALE, true },	   { NUD_DELAY, true },
		       { NUD_PROBE, true },	{ NUD_PERMANENT, true },   { NUD_FAILED, false },
		       { NUD_NONE, false },	{ NUD_INCOMPLETE, false }, { NUD_NOARP, false } };
	struct netlink_event ev;
	struct message m;

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		m = make_neigh(RTM_NEWNEIGH, states[i].state);
		ev = parse(&m);
		cr_assert_eq(ev.kind, NETLINK_NEIGH);
		cr_assert_eq(ev.neigh.ifindex, 3);
		cr_assert(is(&ev.neigh.addr, "2001:db8::9"));
		cr_assert_eq(ev.neigh.has_mac, states[i].has_mac, "state %#x", states[i].state);
	}
	m = make_neigh(RTM_DELNEIGH, NUD_REACHABLE);
	ev = parse(&m);
	cr_assert(ev.gone);
	cr_assert_not(ev.neigh.has_mac);
}

Test(netlink, leaves_out_what_it_does_not_know)
{
	struct message m = make_link();

	m.nlh.nlmsg_type = RTM_NEWQDISC;
	cr_assert_eq(parse(&m).kind, NETLINK_OTHER);
	m = make_neigh(RTM_NEWNEIGH, NUD_REACHABLE);
	((struct ndmsg *)mnl_nlmsg_get_payload(&m.nlh))->ndm_family = AF_BRIDGE;
	cr_assert_eq(parse(&m).kind, NETLINK_OTHER);
}

/* Cut at every byte, in memory that ends there: a sanitizer sees any step beyond. */
static void cut_everywhere(const struct message *whole)
{
	for (uint32_t len = MNL_NLMSG_HDRLEN; len < whole->nlh.nlmsg_len; len++) {
		struct nlmsghdr *cut = malloc(len);
		struct netlink_event ev = { .kind = 99 };
		int err;

		memcpy(cut, whole, len);
		cut->nlmsg_len = len;
		err = netlink_parse(cut, &ev);
		cr_assert(err == 0 || err == -EINVAL);
		cr_assert_eq(err != 0, ev.kind == 99, "untouched on failure");
		free(cut);
	}
}

Test(netlink, survives_every_truncation)
{
	struct message link = make_vlan("vlan", 0x8100), route = make_route();
	struct message addr = make_addr(AF_INET6, RT_SCOPE_UNIVERSE, 0);
	struct message neigh = make_neigh(RTM_NEWNEIGH, NUD_REACHABLE);

	cut_everywhere(&link);
	cut_everywhere(&route);
	cut_everywhere(&addr);
	cut_everywhere(&neigh);
}

Test(netlink, refuses_what_its_kind_must_have)
{
	struct netlink_event ev;
	struct message m;

	start(&m, RTM_NEWLINK, sizeof(struct ifinfomsg));
	cr_assert_eq(netlink_parse(&m.nlh, &ev), -EINVAL, "a link without a name");
	((struct ifaddrmsg *)start(&m, RTM_NEWADDR, sizeof(struct ifaddrmsg)))->ifa_family =
		AF_INET;
	cr_assert_eq(netlink_parse(&m.nlh, &ev), -EINVAL, "an address without one");
	((struct ndmsg *)start(&m, RTM_NEWNEIGH, sizeof(struct ndmsg)))->ndm_family = AF_INET;
	mnl_attr_put(&m.nlh, NDA_DST, 3, mac);
	cr_assert_eq(netlink_parse(&m.nlh, &ev), -EINVAL, "an address of three bytes");
	start(&m, RTM_NEWROUTE, sizeof(struct rtmsg));
	((struct rtmsg *)mnl_nlmsg_get_payload(&m.nlh))->rtm_family = AF_INET6;
	((struct rtmsg *)mnl_nlmsg_get_payload(&m.nlh))->rtm_dst_len = 128;
	cr_assert_eq(netlink_parse(&m.nlh, &ev), -EINVAL, "a route to nowhere");
	mnl_attr_put(&m.nlh, RTA_DST, 4, mac);
	cr_assert_eq(netlink_parse(&m.nlh, &ev), -EINVAL, "to half an address");
	start(&m, RTM_NEWROUTE, 4);
	cr_assert_eq(netlink_parse(&m.nlh, &ev), -EINVAL, "half a header");
}
