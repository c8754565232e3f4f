/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "frame.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Entries of the egress map. */
enum {
	EGRESS_NONE, /* filled in all the same, as backend 0 is: nobody may look there */
	EGRESS_SAME = 1,
	EGRESS_OTHER,
	EGRESS_NO_SOURCE,
	EGRESS_NO_DEVICE,
	EGRESS_FREE,
	EGRESS_LAST = SHUNT_MAX_EGRESS - 1,
};

/* A service of the town: table and backend id are the position here, plus 1
 * for the id. Zeroes: what EGRESS_SAME and an MTU of 9000 do. */
struct street {
	__u16 port;
	__u8 forward;
	__u8 outer; /* 4 or 6, the family of the backend's address */
	__u16 egress;
	__u16 mtu;
	bool open; /* on the OPEN addresses, not the SHOP ones */
	bool unresolved;
	bool empty; /* slots are 0 */
	__u32 owner; /* of the slots, instead of the backend */
	__u32 prev; /* owner before */
	__u32 table; /* instead of the own one */
};

#define DIRECT .forward = SHUNT_FORWARD_DIRECT
#define IPIP4 .forward = SHUNT_FORWARD_IPIP, .outer = 4
#define IPIP6 .forward = SHUNT_FORWARD_IPIP, .outer = 6

/* clang-format off */
static const struct street streets[] = {
	{ PORT_DIRECT,		 DIRECT },
	{ PORT_DIRECT_OTHER,	 DIRECT, .egress = EGRESS_OTHER },
	{ PORT_IPIP4,		 IPIP4 },
	{ PORT_IPIP4_OTHER,	 IPIP4, .egress = EGRESS_OTHER },
	{ PORT_IPIP6,		 IPIP6 },
	{ PORT_IPIP6_OTHER,	 IPIP6, .egress = EGRESS_OTHER },
	{ PORT_DIRECT_SMALL,	 DIRECT, .mtu = TOWN_SMALL_MTU },
	{ PORT_IPIP4_SMALL,	 IPIP4, .mtu = TOWN_SMALL_MTU },
	{ PORT_IPIP6_SMALL,	 IPIP6, .mtu = TOWN_SMALL_MTU },
	{ PORT_LAST_EGRESS,	 DIRECT, .egress = EGRESS_LAST },
	{ PORT_OLD_OWNER,	 DIRECT, .prev = 5 },
	{ PORT_NO_BACKEND,	 DIRECT, .empty = true },
	{ PORT_NO_BACKEND_NOW,	 DIRECT, .prev = 9, .empty = true },
	{ PORT_NO_LEG,		 .forward = SHUNT_FORWARD_NONE },
	{ PORT_NO_NEIGHBOUR,	 DIRECT, .unresolved = true },
	{ PORT_NO_NEIGHBOUR_IPIP, IPIP4, .unresolved = true },
	{ PORT_NO_SOURCE4,	 IPIP4, .egress = EGRESS_NO_SOURCE },
	{ PORT_NO_SOURCE6,	 IPIP6, .egress = EGRESS_NO_SOURCE },
	{ PORT_NO_DEVICE,	 DIRECT, .egress = EGRESS_NO_DEVICE },
	{ PORT_NO_DEVICE_IPIP,	 IPIP4, .egress = EGRESS_NO_DEVICE },
	{ PORT_BAD_BACKEND,	 DIRECT, .owner = WORLD_BACKENDS },
	{ PORT_BAD_BACKEND_MAX,	 DIRECT, .owner = SHUNT_MAX_BACKENDS - 1 },
	{ PORT_BAD_EGRESS,	 DIRECT, .egress = SHUNT_MAX_EGRESS },
	{ PORT_BAD_EGRESS_MAX,	 IPIP4, .egress = 0xffff },
	{ PORT_BAD_EGRESS_FREE,	 DIRECT, .egress = EGRESS_FREE },
	{ PORT_BAD_TABLE,	 DIRECT, .table = WORLD_TABLES },
	{ PORT_BAD_TABLE_WRAP,	 DIRECT, .table = (1ULL << 32) / WORLD_SLOTS },
	{ PORT_BAD_TABLE_MAX,	 DIRECT, .table = 0xffffffff },
	{ 0,			 DIRECT, .open = true },
	{ 443,			 IPIP4, .open = true },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(streets) < WORLD_TABLES, "more tables");
_Static_assert(ARRAY_LEN(streets) < WORLD_BACKENDS, "more backends");

static struct shunt_addr backend_addr(__u32 id, int family)
{
	struct shunt_addr a = frame_addr(family == 6 ? "fd00:b::" : "10.1.0.0");

	a.b[14] = id >> 8;
	a.b[15] = id & 0xff;
	return a;
}

static struct shunt_leg make_leg(__u32 id, enum shunt_forward forward, int outer)
{
	return (struct shunt_leg){
		.addr = backend_addr(id, outer),
		.hop = { .dmac = { 0x02, 0xb0, 0, 0, id >> 8, id & 0xff }, .egress = EGRESS_SAME },
		.mtu = 9000,
		.forward = forward,
	};
}

void world_put_backend(struct world *w, __u32 id, enum shunt_forward forward, int outer)
{
	w->backends[id].leg[SHUNT_V4] = make_leg(id, forward, outer ?: 4);
	w->backends[id].leg[SHUNT_V6] = make_leg(id, forward, outer ?: 6);
	/* A leg of its own, not the other one by mistake. */
	w->backends[id].leg[SHUNT_V6].hop.dmac[1] = 0xb6;
}

static void put_interface(struct world *w, __u32 index, __u32 ifindex, bool sources)
{
	struct shunt_egress *e = &w->egress[index];

	e->ifindex = ifindex;
	memcpy(e->smac, (__u8[6]){ 0x02, 0xe0, 0, 0, 0, index }, 6);
	if (!sources)
		return;
	e->src6 = frame_addr("fd00:e::");
	e->src6.b[15] = index;
	e->src4 = htonl(0x0a000000 | index);
}

void world_build_empty(struct world *w, __u32 table_slots)
{
	memset(w, 0, sizeof(*w));
	w->rodata = (struct shunt_rodata){
		.hash_key = { 0x0123456789abcdefULL, 0xfedcba9876543210ULL },
		.slot_mask = table_slots - 1,
		.flow_mask = WORLD_FLOW_LINES - 1,
		.pins_per_s = 1000,
		.ipv4 = 1,
		.ipv6 = 1,
		.tcp = 1,
		.udp = 1,
		.any_port = 1,
		.direct = 1,
		.ipip4 = 1,
		.ipip6 = 1,
		.tracked = 1,
	};
	put_interface(w, EGRESS_SAME, WORLD_INGRESS, true);
	put_interface(w, EGRESS_OTHER, 7, true);
	w->device[EGRESS_OTHER] = true;
}

void world_put_vip(struct world *w, const char *vip)
{
	assert(w->n_vips < WORLD_VIPS);
	w->vips[w->n_vips++] = frame_addr(vip);
}

void world_put_service(struct world *w, const char *vip, __u8 proto, __u16 port, __u32 table)
{
	assert(w->n_services < WORLD_SERVICES);
	w->keys[w->n_services] = (struct shunt_service_key){
		.vip = frame_addr(vip),
		.port = htons(port),
		.proto = proto,
	};
	w->services[w->n_services++].table = table;
}

static void put_street_services(struct world *w, const struct street *s, __u32 table)
{
	const char *vips[] = { s->open ? OPEN4 : SHOP4, s->open ? OPEN6 : SHOP6 };

	for (size_t i = 0; i < ARRAY_LEN(vips); i++) {
		world_put_service(w, vips[i], IPPROTO_TCP, s->port, table);
		world_put_service(w, vips[i], IPPROTO_UDP, s->port, table);
	}
}

static void put_street(struct world *w, __u32 number)
{
	const struct street *s = &streets[number];
	const __u32 id = number + 1;
	const __u32 owner = s->empty ? 0 : s->owner ?: id;

	for (int i = 0; i < WORLD_SLOTS; i++)
		w->slots[number * WORLD_SLOTS + i] = SHUNT_SLOT(SHUNT_SLOT_STABLE, s->prev, owner);
	world_put_backend(w, id, s->forward, s->outer);
	for (int family = 0; family < SHUNT_FAMILIES; family++) {
		struct shunt_leg *leg = &w->backends[id].leg[family];

		leg->hop.egress = s->unresolved ? 0 : s->egress ?: EGRESS_SAME;
		leg->mtu = s->mtu ?: leg->mtu;
	}
	put_street_services(w, s, s->table ?: number);
}

void world_build_town(struct world *w)
{
	static const char *const vips[] = { SHOP4, SHOP6, OPEN4, OPEN6, IDLE4, IDLE6 };

	world_build_empty(w, WORLD_SLOTS);
	put_interface(w, EGRESS_NONE, WORLD_INGRESS, true);
	world_put_backend(w, 0, SHUNT_FORWARD_DIRECT, 0);
	put_interface(w, EGRESS_NO_SOURCE, WORLD_INGRESS, false);
	put_interface(w, EGRESS_NO_DEVICE, 8, true);
	put_interface(w, EGRESS_LAST, 9, true);
	w->device[EGRESS_LAST] = true;
	for (size_t i = 0; i < ARRAY_LEN(vips); i++)
		world_put_vip(w, vips[i]);
	for (__u32 i = 0; i < ARRAY_LEN(streets); i++)
		put_street(w, i);
	world_put_service(w, IDLE4, IPPROTO_TCP, 80, 0);
	world_put_service(w, IDLE6, IPPROTO_TCP, 80, 0);
}

struct dp_sizes world_sizes(void)
{
	return (struct dp_sizes){
		.services = WORLD_SERVICES,
		.vips = WORLD_VIPS,
		.slots = WORLD_TABLES * WORLD_SLOTS,
		.backends = WORLD_BACKENDS,
	};
}

void world_install(const struct world *w, struct dp *dp)
{
	for (__u32 i = 0; i < w->n_services; i++)
		dp_put_service(dp, &w->keys[i], &w->services[i]);
	for (__u32 i = 0; i < w->n_vips; i++)
		dp_put_vip(dp, &w->vips[i]);
	for (__u32 i = 0; i < WORLD_BACKENDS; i++)
		dp_put_backend(dp, i, &w->backends[i]);
	for (__u32 i = 0; i < SHUNT_MAX_EGRESS; i++) {
		dp_put_egress(dp, i, &w->egress[i]);
		if (w->device[i])
			dp_put_device(dp, i);
	}
	for (__u32 i = 0; i < ARRAY_LEN(w->slots); i++)
		dp_put_slot(dp, i, w->slots[i]);
}
