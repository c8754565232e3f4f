/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the maps and constants hold, in plain C: the reference reads it, and
 * world_install() writes the same into the maps.
 *
 * The town is the world of the fixtures. Every port of its VIPs is a service
 * of its own, with a block and a backend of its own, so that the destination
 * of a packet says what shall happen to it. Most of them share a table.
 */
#ifndef TESTS_BPF_WORLD_H
#define TESTS_BPF_WORLD_H

#include <stdbool.h>

#include "shunt/abi.h"
#include "dp.h"

#define WORLD_SERVICES 320
#define WORLD_VIPS 16
#define WORLD_LINES 4096
/* More than a slot can name, and fewer than a service can. */
#define WORLD_BACKENDS 40000
#define WORLD_FLOW_LINES 16

/* The interface that a test run says a frame came in by: the loopback device. */
#define WORLD_INGRESS 1

/* Backends that have as many connections as they may. */
#define WORLD_FULL 4

/* Datagrams in fragments. */
#define WORLD_FRAGMENTS 8192

/**
 * struct world_fragment - a datagram whose first fragment was seen
 * @first: what it said; seen_s means nothing here
 * @age_s: how many seconds ago
 */
struct world_fragment {
	struct shunt_fragment_key key;
	struct shunt_fragment first;
	__u32 age_s;
};

/* @flags: SHUNT_SERVICE_* */
struct world_service {
	struct shunt_service_key key;
	struct shunt_service to;
	__u32 flags;
};

/**
 * struct world
 * @lines: of the slots map
 * @n_lines: that tables were put into
 * @device: in the device map, for a VLAN device the interface below it
 * @fragments: datagrams that are remembered; rig_check() adds those that it sees
 * @full: ids of backends that have as many connections as they may
 * @found: where a packet goes whose flow is looked up, and not only its slot; for
 *	flow_model.h to say, and for the reference to take for granted
 */
struct world {
	struct shunt_rodata rodata;
	__u32 n_services;
	struct world_service services[WORLD_SERVICES];
	__u32 n_vips;
	struct shunt_addr vips[WORLD_VIPS];
	__u32 n_lines;
	struct shunt_slot_line lines[WORLD_LINES];
	struct shunt_backend backends[WORLD_BACKENDS];
	struct shunt_egress egress[SHUNT_MAX_EGRESS];
	bool device[SHUNT_MAX_EGRESS];
	__u32 n_fragments;
	struct world_fragment fragments[WORLD_FRAGMENTS];
	__u32 n_full;
	__u32 full[WORLD_FULL];
	__u32 found;
};

/* Addresses of the town; NAME4 and NAME6 belong together. */
#define CLIENT4 "198.51.100.7"
#define CLIENT6 "2001:db8:c::7"
#define SHOP4 "192.0.2.80" /* a service on each port of enum town_port */
#define SHOP6 "2001:db8::80"
#define OPEN4 "192.0.2.81" /* a service on every port, another on 443 */
#define OPEN6 "2001:db8::81"
#define IDLE4 "192.0.2.82" /* a VIP, with a TCP service on port 80 only */
#define IDLE6 "2001:db8::82"
#define HASHED4 "192.0.2.83" /* services for fragments: see world_fragment.c */
#define HASHED6 "2001:db8::83"
#define STRANGER4 "203.0.113.9" /* not a VIP */
#define STRANGER6 "2001:db8:f::9"

enum town_port {
	PORT_DIRECT = 80, /* sent by the interface that it came in by */
	PORT_DIRECT_OTHER, /* by another */
	PORT_IPIP4, /* tunnelled to an IPv4 backend */
	PORT_IPIP4_OTHER,
	PORT_IPIP6, /* to an IPv6 backend */
	PORT_IPIP6_OTHER,
	PORT_DIRECT_SMALL, /* links of TOWN_SMALL_MTU */
	PORT_IPIP4_SMALL,
	PORT_IPIP6_SMALL,
	PORT_LAST_EGRESS, /* by the last entry of the egress map */
	PORT_LAST_BACKEND, /* of the map, by the largest base */
	PORT_LAST_MEMBER, /* the largest that a slot can name */
	PORT_ALONE, /* a table that nobody shares */
	PORT_SMALL_TABLE, /* as small as the border allows, less than shunt does */
	PORT_LAST_LINE, /* owners up to the end of the map, no transits */
	PORT_OLD_OWNER, /* slots that had another owner before */
	PORT_NO_BACKEND,
	PORT_NO_BACKEND_NOW, /* slots that had an owner before */
	PORT_NO_LEG,
	PORT_NO_NEIGHBOUR,
	PORT_NO_NEIGHBOUR_IPIP,
	PORT_NO_SOURCE4,
	PORT_NO_SOURCE6,
	PORT_NO_DEVICE,
	PORT_NO_DEVICE_IPIP,
	PORT_BAD_BACKEND, /* the first id behind the map */
	PORT_BAD_BACKEND_MAX, /* the largest that a service can name */
	PORT_BAD_EGRESS, /* the first behind the map */
	PORT_BAD_EGRESS_MAX,
	PORT_BAD_EGRESS_FREE,
	PORT_BAD_TABLE, /* the first line behind the map */
	PORT_BAD_TABLE_MAX, /* the last lines that have a number */
	PORT_GUE4, /* in UDP to an IPv4 backend */
	PORT_GUE4_OTHER,
	PORT_GUE4_SMALL,
	PORT_GUE4_NO_SOURCE,
	PORT_GUE6, /* to an IPv6 backend */
	PORT_GUE6_OTHER,
	PORT_GUE6_SMALL,
	PORT_GUE6_NO_SOURCE,
	PORT_VLAN, /* by a VLAN device on the interface that it came in by */
	PORT_VLAN_IPIP4,
	PORT_VLAN_GUE6,
	PORT_VLAN_OTHER, /* by one on another interface */
	PORT_VLAN_NO_DEVICE,
	PORT_DIRECT_MEDIUM, /* links of TOWN_MEDIUM_MTU */
	PORT_IPIP4_MEDIUM,
	PORT_IPIP6_MEDIUM,
	PORT_GUE4_MEDIUM,
	PORT_GUE6_MEDIUM,
	PORT_DIRECT_TINY, /* links that IP does not allow */
	PORT_IPIP6_TINY, /* smaller than the outer header */
	PORT_WHOLE, /* no fragments */
	PORT_MSS, /* a largest segment of TOWN_MSS */
	PORT_MSS_IPIP6,
	PORT_MSS_NO_BACKEND,
	PORT_FULL, /* UDP, of a backend that has as many connections as it may */
	PORT_NAT, /* fullnat, and no record is free */
	PORT_NAT_NO_BACKEND,
	PORT_NOBODY, /* no service */
};

#define TOWN_SMALL_MTU 1000
#define TOWN_MEDIUM_MTU 1400
/* Tag of its VLAN devices, and UDP port of its tunnels. */
#define TOWN_VLAN 0x0321
#define TOWN_GUE_PORT 6080
#define TOWN_MSS 1220

/* Of the HASHED addresses, and their backends. */
enum town_hashed {
	PORT_HASHED = 53, /* hashed without ports, to any of TOWN_HASHED_BACKENDS */
	PORT_NOT_HASHED, /* another service */
};
#define TOWN_HASHED_BASE 20000
#define TOWN_HASHED_BACKENDS 16

/* Identifications of datagrams, whose first fragment ... */
enum town_datagram {
	ID_UNKNOWN = 0x0fff, /* was not seen */
	ID_KNOWN = 0x1000, /* was seen just now */
	ID_AGED, /* long ago, but not too long */
	ID_EXPIRED, /* too long ago */
	ID_NOBODY, /* just now, for a port without a service */
	ID_SMALL, /* just now, to SHOP: PORT_DIRECT_SMALL, with IPv6 PORT_DIRECT_MEDIUM */
	ID_OF_TCP = 0x0100, /* added to those of TCP */
};
/* The source port of all of them; the destination port is TOWN_OPEN_PORT of OPEN,
 * PORT_NOT_HASHED of HASHED and PORT_WHOLE of SHOP. */
#define TOWN_DATAGRAM_PORT 40003
#define TOWN_OPEN_PORT 9

void world_put_fragments(struct world *w);

void world_build_town(struct world *w);

/* No service, no backend; every feature loaded, two interfaces. */
void world_build_empty(struct world *w);

/* Room for a table of @n slots. */
struct slot_table world_put_table(struct world *w, __u32 n);
/* The same word in all slots. */
void world_fill_table(struct world *w, const struct slot_table *s, __u32 word);

/*
 * Backend @id: @forward to an IPv@outer address, or to one of the packet's family
 * if that is 0. Bytes 4 and 5 of its MAC addresses are the id.
 */
void world_put_backend(struct world *w, __u32 id, enum shunt_forward forward, int outer);

/* @port 0 for every port; host order. Return: what was put, without flags. */
struct world_service *world_put_service(struct world *w, const char *vip, __u8 proto, __u16 port,
					const struct shunt_service *to);

void world_put_vip(struct world *w, const char *vip);

/* What is remembered of a datagram; NULL if nothing is. */
struct world_fragment *world_find_fragment(const struct world *w,
					   const struct shunt_fragment_key *key);
/* Remember @f instead of what is known of that datagram. */
void world_put_fragment(struct world *w, const struct world_fragment *f);

struct dp_sizes world_sizes(void);
void world_install(const struct world *w, struct dp *dp);

#endif /* TESTS_BPF_WORLD_H */
