/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways that lead over VLAN devices. What the kernel would say of them is said here:
 * not every machine has such devices.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/hops_internal.h"
#include "hops_fake.h"
#include "net/addr.h"

#define ETH0 2
#define VLAN 5

struct hops_vlan {
	struct fake maps;
	struct hops hops;
	struct leg leg;
	struct target target;
};

static struct shunt_addr address(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static void tell(struct hops *h, const struct netlink_event *ev)
{
	cr_assert_neq(view_update(&h->view, ev), VIEW_NO_MEMORY);
}

static void tell_link(struct hops *h, const struct netlink_link *like)
{
	struct netlink_event ev = { .kind = NETLINK_LINK, .link = *like };

	ev.link.up = ev.link.has_mac = true;
	ev.link.mac[5] = like->ifindex;
	tell(h, &ev);
}

/* eth0, and a backend with a known MAC address behind interface VLAN. */
static void begin(struct hops_vlan *t)
{
	struct view_neigh watched = { .ifindex = VLAN, .addr = address("10.0.0.2") };
	struct netlink_event ev = { .kind = NETLINK_ADDR };
	bool added;

	t->hops.ops = &ops;
	t->hops.ctx = &t->maps;
	t->leg = (struct leg){ .addr = watched.addr, .id = 1, .family = SHUNT_V4 };
	t->target = (struct target){ .addr = watched.addr, .n_legs = 1 };
	t->target.path = (struct path){ .ifindex = VLAN, .via = watched.addr };
	t->hops.legs = &t->leg;
	tell_link(&t->hops, &(struct netlink_link){ .ifindex = ETH0, .name = "eth0", .mtu = 9000 });
	ev.addr = (struct netlink_addr){ VLAN, address("10.0.0.1"), true };
	tell(&t->hops, &ev);
	cr_assert_eq(view_watch(&t->hops.view, &watched, 1, &added), 0);
	ev = (struct netlink_event){ .kind = NETLINK_NEIGH };
	ev.neigh = (struct netlink_neigh){ .ifindex = VLAN, .addr = watched.addr, .has_mac = true };
	ev.neigh.mac[5] = 9;
	tell(&t->hops, &ev);
}

static const union shunt_hop *settle(struct hops_vlan *t, uint64_t now_ms)
{
	hops_settle(&t->hops, &t->target, now_ms);
	return &t->maps.leg[1][SHUNT_V4].hop;
}

static struct netlink_link vlan_device(int below, uint16_t tpid)
{
	return (struct netlink_link){ .ifindex = VLAN,
				      .name = "eth0.100",
				      .mtu = 1400,
				      .vlan_id = 100,
				      .tpid = tpid,
				      .below = below };
}

Test(hops_vlan, leaves_by_the_interface_below_with_a_tag)
{
	const struct netlink_link device = vlan_device(ETH0, ETH_P_8021Q);
	struct hops_vlan t = { 0 };
	const struct shunt_egress *e;

	begin(&t);
	tell_link(&t.hops, &device);
	e = &t.maps.egress[settle(&t, 1)->egress];
	cr_assert_eq(e->ifindex, ETH0 | SHUNT_EGRESS_VLAN);
	cr_assert_eq(e->vlan, htons(100));
	cr_assert_eq(e->smac[5], VLAN, "the MAC address of the device");
	cr_assert_eq(e->src4, htonl(0x0a000001), "and its address");
	cr_assert_eq(t.maps.leg[1][SHUNT_V4].hop.dmac[5], 9);
	cr_assert_eq(t.maps.leg[1][SHUNT_V4].mtu, 1400, "and its MTU");
	view_free(&t.hops.view);
}

/* One that gets another number is another way out. */
Test(hops_vlan, another_number_is_another_entry)
{
	struct netlink_link device = vlan_device(ETH0, ETH_P_8021Q);
	struct hops_vlan t = { 0 };
	union shunt_hop before;

	begin(&t);
	tell_link(&t.hops, &device);
	before = *settle(&t, 1);
	device.vlan_id = 101;
	tell_link(&t.hops, &device);
	cr_assert_neq(settle(&t, 2)->egress, before.egress);
	cr_assert_eq(t.maps.egress[settle(&t, 3)->egress].vlan, htons(101));
	view_free(&t.hops.view);
}

static void expect_obstacle(const struct netlink_link *device, const struct netlink_link *below)
{
	struct hops_vlan t = { 0 };

	begin(&t);
	tell_link(&t.hops, below);
	tell_link(&t.hops, device);
	cr_assert_eq(settle(&t, 1)->word, 0);
	cr_assert_eq(t.target.said.state, HOP_NO_ROUTE);
	view_free(&t.hops.view);
}

Test(hops_vlan, what_is_not_supported_is_no_way)
{
	struct netlink_link device = vlan_device(ETH0, ETH_P_8021AD), other = device;

	other.ifindex = 4;
	expect_obstacle(&device, &other);
	device = vlan_device(4, ETH_P_8021Q);
	expect_obstacle(&device, &other);
	device.below = 0;
	expect_obstacle(&device, &other);
}
