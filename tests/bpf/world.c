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
	EGRESS_VLAN,
	EGRESS_VLAN_OTHER,
	EGRESS_VLAN_NO_DEVICE,
	EGRESS_LAST = SHUNT_MAX_EGRESS - 1,
};

/*
 * A service of the town, and its backend. Most tables name one member only, and all
 * services whose backend is that member of their block share the table. Zeroes: the
 * backend's id is the position here, plus 1; a member that many are; what EGRESS_SAME
 * and an MTU of 9000 do.
 */
struct street {
	__u16 port;
	__u8 forward;
	__u8 outer; /* 4 or 6, the family of the backend's address */
	__u16 egress;
	__u16 mtu;
	bool open; /* on the OPEN addresses, not the SHOP ones */
	bool unresolved;
	__u32 id; /* of the backend */
	__u32 member; /* that the backend is of its block */
	__u32 alone; /* slots of a table of its own, filled with @word */
	__u32 word;
	__u32 line; /* instead of that table's first */
	__u32 flags; /* of the service */
};

#define DIRECT .forward = SHUNT_FORWARD_DIRECT
#define FULLNAT .forward = SHUNT_FORWARD_FULLNAT
#define IPIP4 .forward = SHUNT_FORWARD_IPIP, .outer = 4
#define IPIP6 .forward = SHUNT_FORWARD_IPIP, .outer = 6
#define GUE4 .forward = SHUNT_FORWARD_GUE, .outer = 4
#define GUE6 .forward = SHUNT_FORWARD_GUE, .outer = 6
#define MSS (TOWN_MSS << SHUNT_SERVICE_MSS_SHIFT)
#define STABLE(prev, cur) .word = SHUNT_SLOT(SHUNT_SLOT_STABLE, prev, cur)

/* Of owners only, where the map ends. */
#define LAST_LINE (WORLD_LINES - 1024 / SHUNT_SLOTS_PER_LINE)

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
	{ PORT_LAST_BACKEND,	 DIRECT, .id = WORLD_BACKENDS - 1, .member = 1 },
	{ PORT_LAST_MEMBER,	 DIRECT, .id = SHUNT_MAX_MEMBERS + 999,
	  .member = SHUNT_MAX_MEMBERS - 1, .alone = 2048, STABLE(0, SHUNT_MAX_MEMBERS - 1) },
	{ PORT_ALONE,		 IPIP4, .member = 7, .alone = 4096, STABLE(0, 7) },
	{ PORT_SMALL_TABLE,	 DIRECT, .member = 3, .alone = 32, STABLE(0, 3) },
	{ PORT_LAST_LINE,	 DIRECT, .member = 4, .alone = 1024, STABLE(0, 4), .line = LAST_LINE },
	{ PORT_OLD_OWNER,	 DIRECT, .member = 6, .alone = 1024, STABLE(5, 6) },
	{ PORT_NO_BACKEND,	 DIRECT, .member = 5, .alone = 1024, STABLE(0, 0) },
	{ PORT_NO_BACKEND_NOW,	 DIRECT, .member = 5, .alone = 2048, STABLE(9, 0) },
	{ PORT_NO_LEG,		 .forward = SHUNT_FORWARD_NONE },
	{ PORT_NO_NEIGHBOUR,	 DIRECT, .unresolved = true },
	{ PORT_NO_NEIGHBOUR_IPIP, IPIP4, .unresolved = true },
	{ PORT_NO_SOURCE4,	 IPIP4, .egress = EGRESS_NO_SOURCE },
	{ PORT_NO_SOURCE6,	 IPIP6, .egress = EGRESS_NO_SOURCE },
	{ PORT_NO_DEVICE,	 DIRECT, .egress = EGRESS_NO_DEVICE },
	{ PORT_NO_DEVICE_IPIP,	 IPIP4, .egress = EGRESS_NO_DEVICE },
	{ PORT_BAD_BACKEND,	 DIRECT, .id = WORLD_BACKENDS, .member = 2 },
	{ PORT_BAD_BACKEND_MAX,	 DIRECT, .id = 0xffff + SHUNT_MAX_MEMBERS - 1,
	  .member = SHUNT_MAX_MEMBERS - 1, .alone = 1024, STABLE(0, SHUNT_MAX_MEMBERS - 1) },
	{ PORT_BAD_EGRESS,	 DIRECT, .egress = SHUNT_MAX_EGRESS },
	{ PORT_BAD_EGRESS_MAX,	 IPIP4, .egress = 0xffff },
	{ PORT_BAD_EGRESS_FREE,	 DIRECT, .egress = EGRESS_FREE },
	{ PORT_BAD_TABLE,	 DIRECT, .member = 1, .alone = 1024, .line = WORLD_LINES },
	{ PORT_BAD_TABLE_MAX,	 DIRECT, .member = 1, .alone = 1024, .line = 0U - 1024 / 32 },
	{ PORT_GUE4,		 GUE4 },
	{ PORT_GUE4_OTHER,	 GUE4, .egress = EGRESS_OTHER },
	{ PORT_GUE4_SMALL,	 GUE4, .mtu = TOWN_SMALL_MTU },
	{ PORT_GUE4_NO_SOURCE,	 GUE4, .egress = EGRESS_NO_SOURCE },
	{ PORT_GUE6,		 GUE6 },
	{ PORT_GUE6_OTHER,	 GUE6, .egress = EGRESS_OTHER },
	{ PORT_GUE6_SMALL,	 GUE6, .mtu = TOWN_SMALL_MTU },
	{ PORT_GUE6_NO_SOURCE,	 GUE6, .egress = EGRESS_NO_SOURCE },
	{ PORT_VLAN,		 DIRECT, .egress = EGRESS_VLAN },
	{ PORT_VLAN_IPIP4,	 IPIP4, .egress = EGRESS_VLAN },
	{ PORT_VLAN_GUE6,	 GUE6, .egress = EGRESS_VLAN },
	{ PORT_VLAN_OTHER,	 DIRECT, .egress = EGRESS_VLAN_OTHER },
	{ PORT_VLAN_NO_DEVICE,	 DIRECT, .egress = EGRESS_VLAN_NO_DEVICE },
	{ PORT_DIRECT_MEDIUM,	 DIRECT, .mtu = TOWN_MEDIUM_MTU },
	{ PORT_IPIP4_MEDIUM,	 IPIP4, .mtu = TOWN_MEDIUM_MTU },
	{ PORT_IPIP6_MEDIUM,	 IPIP6, .mtu = TOWN_MEDIUM_MTU },
	{ PORT_GUE4_MEDIUM,	 GUE4, .mtu = TOWN_MEDIUM_MTU },
	{ PORT_GUE6_MEDIUM,	 GUE6, .mtu = TOWN_MEDIUM_MTU },
	{ PORT_DIRECT_TINY,	 DIRECT, .mtu = 60 },
	{ PORT_IPIP6_TINY,	 IPIP6, .mtu = 30 },
	{ PORT_WHOLE,		 DIRECT, .flags = SHUNT_SERVICE_NO_FRAGMENTS },
	{ PORT_MSS,		 DIRECT, .flags = MSS },
	{ PORT_MSS_IPIP6,	 IPIP6, .flags = MSS },
	{ PORT_MSS_NO_BACKEND,	 DIRECT, .member = 5, .alone = 1024, STABLE(0, 0), .flags = MSS },
	{ PORT_NAT,		 FULLNAT, .flags = SHUNT_SERVICE_NAT },
	{ PORT_NAT_NO_BACKEND,	 FULLNAT, .member = 5, .alone = 1024, STABLE(0, 0),
	  .flags = SHUNT_SERVICE_NAT },
	{ 0,			 DIRECT, .open = true },
	{ 443,			 IPIP4, .open = true },
};
/* clang-format on */

/* By member, the slots of the tables that streets share. */
static const __u32 shared_slots[] = { [1] = 1024, [2] = 4096, [3] = 2048 };

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
		.port = forward == SHUNT_FORWARD_GUE ? htons(TOWN_GUE_PORT) : 0,
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

static void put_vlan_device(struct world *w, __u32 index, __u32 below)
{
	put_interface(w, index, below | SHUNT_EGRESS_VLAN, true);
	w->egress[index].vlan = htons(TOWN_VLAN);
}

void world_build_empty(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->rodata = (struct shunt_rodata){
		.hash_key = { 0x0123456789abcdefULL, 0xfedcba9876543210ULL },
		.flow_mask = WORLD_FLOW_LINES - 1,
		.pins_per_s = 1000,
		.ipv4 = 1,
		.ipv6 = 1,
		.any_port = 1,
		.direct = 1,
		.ipip4 = 1,
		.ipip6 = 1,
		.tracked = 1,
		.rich = 1,
		.nat = 1,
		.resets = 1,
		.icmp_per_s = 1000000000,
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

struct world_service *world_put_service(struct world *w, const char *vip, __u8 proto, __u16 port,
					const struct shunt_service *to)
{
	struct world_service *s = &w->services[w->n_services++];

	assert(w->n_services <= WORLD_SERVICES);
	*s = (struct world_service){
		.key = { .vip = frame_addr(vip), .port = htons(port), .proto = proto },
		.to = *to,
	};
	return s;
}

struct slot_table world_put_table(struct world *w, __u32 n)
{
	const struct slot_table s = { w->n_lines, n };

	w->n_lines += slot_table_lines(&s);
	assert(w->n_lines <= WORLD_LINES);
	return s;
}

void world_fill_table(struct world *w, const struct slot_table *s, __u32 word)
{
	for (__u32 i = 0; i < s->n; i++)
		slot_table_put(w->lines, s, i, slot_halves(word));
}

static void put_street_backend(struct world *w, const struct street *s, __u32 id)
{
	if (id >= WORLD_BACKENDS)
		return;
	world_put_backend(w, id, s->forward, s->outer);
	for (int family = 0; family < SHUNT_FAMILIES; family++) {
		struct shunt_leg *leg = &w->backends[id].leg[family];

		leg->hop.egress = s->unresolved ? 0 : s->egress ?: EGRESS_SAME;
		leg->mtu = s->mtu ?: leg->mtu;
	}
}

/* Only the owners where the table has no place of its own but says one. */
static struct slot_table put_street_table(struct world *w, const struct street *s)
{
	struct slot_table table;

	if (!s->line) {
		table = world_put_table(w, s->alone);
		world_fill_table(w, &table, s->word);
		return table;
	}
	for (__u32 line = s->line; line < WORLD_LINES; line++)
		for (int i = 0; i < SHUNT_SLOTS_PER_LINE; i++)
			w->lines[line].half[i] = slot_halves(s->word).owner;
	return (struct slot_table){ s->line, s->alone };
}

static void put_street(struct world *w, __u32 number, const struct slot_table *shared)
{
	const struct street *s = &streets[number];
	const __u32 id = s->id ?: number + 1;
	/* The first streets have no room for much of a block. */
	const __u32 member = s->member ?: number % ARRAY_LEN(shared_slots) ?: 1;
	const struct slot_table table = s->alone ? put_street_table(w, s) : shared[member];
	const struct shunt_service to = slot_table_service(&table, id - member);
	const char *vips[] = { s->open ? OPEN4 : SHOP4, s->open ? OPEN6 : SHOP6 };

	put_street_backend(w, s, id);
	for (size_t i = 0; i < ARRAY_LEN(vips); i++) {
		world_put_service(w, vips[i], IPPROTO_TCP, s->port, &to)->flags = s->flags;
		world_put_service(w, vips[i], IPPROTO_UDP, s->port, &to)->flags = s->flags;
	}
}

static void put_streets(struct world *w)
{
	struct slot_table shared[ARRAY_LEN(shared_slots)] = {};

	for (__u32 m = 1; m < ARRAY_LEN(shared_slots); m++) {
		shared[m] = world_put_table(w, shared_slots[m]);
		world_fill_table(w, &shared[m], SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, m));
	}
	for (__u32 i = 0; i < ARRAY_LEN(streets); i++)
		put_street(w, i, shared);
	assert(w->n_lines <= LAST_LINE);
}

/* Of UDP alone: whose every packet begins a flow as long as none is let in. */
static void put_full(struct world *w)
{
	const __u32 id = ARRAY_LEN(streets) + 1;
	const struct slot_table table = world_put_table(w, SHUNT_MIN_SLOTS);
	const struct shunt_service to = slot_table_service(&table, id - 1);
	const __u32 flags = SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED | SHUNT_SERVICE_LIMITED;

	world_put_backend(w, id, SHUNT_FORWARD_DIRECT, 0);
	world_fill_table(w, &table, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 1));
	world_put_service(w, SHOP4, IPPROTO_UDP, PORT_FULL, &to)->flags = flags;
	world_put_service(w, SHOP6, IPPROTO_UDP, PORT_FULL, &to)->flags = flags;
	w->full[w->n_full++] = id;
}

void world_build_town(struct world *w)
{
	static const char *const vips[] = { SHOP4, SHOP6, OPEN4, OPEN6, IDLE4, IDLE6 };

	world_build_empty(w);
	put_interface(w, EGRESS_NONE, WORLD_INGRESS, true);
	world_put_backend(w, 0, SHUNT_FORWARD_DIRECT, 0);
	put_interface(w, EGRESS_NO_SOURCE, WORLD_INGRESS, false);
	put_interface(w, EGRESS_NO_DEVICE, 8, true);
	put_interface(w, EGRESS_LAST, 9, true);
	w->device[EGRESS_LAST] = true;
	put_vlan_device(w, EGRESS_VLAN, WORLD_INGRESS);
	put_vlan_device(w, EGRESS_VLAN_OTHER, 7);
	w->device[EGRESS_VLAN_OTHER] = true;
	put_vlan_device(w, EGRESS_VLAN_NO_DEVICE, 8);
	for (size_t i = 0; i < ARRAY_LEN(vips); i++)
		world_put_vip(w, vips[i]);
	put_streets(w);
	world_put_fragments(w);
	put_full(w);
	world_put_service(w, IDLE4, IPPROTO_TCP, 80, &w->services[0].to);
	world_put_service(w, IDLE6, IPPROTO_TCP, 80, &w->services[0].to);
}

struct dp_sizes world_sizes(void)
{
	return (struct dp_sizes){
		.vips = WORLD_VIPS,
		.lines = WORLD_LINES,
		.backends = WORLD_BACKENDS,
	};
}

void world_install(const struct world *w, struct dp *dp)
{
	static const struct shunt_backend nobody;

	for (__u32 i = 0; i < w->n_services; i++)
		dp_put_service(dp, &w->services[i].key, &w->services[i].to, w->services[i].flags);
	for (__u32 i = 0; i < w->n_vips; i++)
		dp_put_vip(dp, &w->vips[i]);
	for (__u32 i = 0; i < WORLD_BACKENDS; i++)
		if (memcmp(&w->backends[i], &nobody, sizeof(nobody)))
			dp_put_backend(dp, i, &w->backends[i]);
	for (__u32 i = 0; i < SHUNT_MAX_EGRESS; i++) {
		dp_put_egress(dp, i, &w->egress[i]);
		if (w->device[i])
			dp_put_device(dp, w->egress[i].ifindex & SHUNT_EGRESS_VLAN
						  ? SHUNT_MAX_EGRESS + i
						  : i);
	}
	for (__u32 i = 0; i < w->n_fragments; i++)
		dp_put_fragment(dp, &w->fragments[i].key, &w->fragments[i].first,
				w->fragments[i].age_s);
	for (__u32 i = 0; i < w->n_full; i++)
		dp_loads(dp)[w->full[i]] = (struct shunt_load){ .active = 3, .limit = 3 };
	memcpy(dp_lines(dp), w->lines, sizeof(w->lines));
}
