/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links, addresses, routes and neighbours of this network namespace, asked for
 * and watched by rtnetlink (rtnetlink(7), linux/rtnetlink.h, linux/neighbour.h).
 *
 * Two sockets: answers to requests never mix with events, so that a flood of
 * events cannot spoil a request. netlink_parse() is pure; nothing else looks into
 * a message.
 */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/abi.h"

struct nlmsghdr;
struct netlink;

enum netlink_kind {
	NETLINK_OTHER, /* nothing that anybody here asks about */
	NETLINK_LINK,
	NETLINK_ADDR,
	NETLINK_PATH, /* a route; NETLINK_ROUTE is the name of the protocol */
	NETLINK_NEIGH,
};

/**
 * struct netlink_link - an interface
 * @mac: zeroes unless @has_mac: it is Ethernet and its neighbours have addresses
 * @mtu: bytes of an IP packet
 * @tpid: of a VLAN device its kind of tag, ETH_P_8021Q mostly; 0 of others
 * @below: of a VLAN device the interface that it is on, or 0 if that is in another
 *	network namespace
 */
struct netlink_link {
	int ifindex;
	char name[IF_NAMESIZE];
	uint8_t mac[6];
	bool has_mac;
	bool up;
	uint16_t vlan_id;
	uint16_t tpid;
	int below;
	uint32_t mtu;
};

/**
 * struct netlink_addr - an address of an interface
 * @usable: global, primary, and not refused by duplicate address detection: what
 *	a packet may be sent from
 */
struct netlink_addr {
	int ifindex;
	struct shunt_addr addr;
	bool usable;
};

/**
 * struct netlink_route - a way to an address
 * @family: AF_INET or AF_INET6
 * @dst, @dst_bits: where to; without bits it is the default route
 * @table, @protocol, @metric: RT_TABLE_*, RTPROT_*; and which of several to the same
 *	place is taken, the least first
 * @type: RTN_*; only RTN_UNICAST leads anywhere
 * @gateway: the next hop; valid if @has_gateway, else the address is on the link
 * @source: what this host sends from; valid if @has_source
 * @mtu: of the path, in bytes, or 0: that of the link
 */
struct netlink_route {
	int family;
	struct shunt_addr dst;
	uint8_t dst_bits;
	uint8_t protocol;
	uint8_t type;
	uint32_t table;
	uint32_t metric;
	int ifindex;
	struct shunt_addr gateway;
	struct shunt_addr source;
	bool has_gateway;
	bool has_source;
	uint32_t mtu;
};

/**
 * struct netlink_neigh - a neighbour
 * @state: NUD_*; 0 if the entry is gone
 * @has_mac: @mac may be used now: the entry is there and has not failed
 */
struct netlink_neigh {
	int ifindex;
	struct shunt_addr addr;
	uint8_t mac[6];
	bool has_mac;
	uint16_t state;
};

struct netlink_event {
	enum netlink_kind kind;
	bool gone; /* RTM_DEL*: it is no more */
	union {
		struct netlink_link link;
		struct netlink_addr addr;
		struct netlink_route route;
		struct netlink_neigh neigh;
	};
};

/**
 * netlink_parse() - one message as an event
 * @nlh: whole: nlmsg_len bytes can be read
 *
 * Return: 0, with NETLINK_OTHER for what is of no interest; -EINVAL, @out untouched,
 * if it is cut short or lacks what its kind must have.
 */
int netlink_parse(const struct nlmsghdr *nlh, struct netlink_event *out);

/* Room for any message of netlink_format_blackhole(). */
#define NETLINK_BLACKHOLE_BYTES 128

/**
 * netlink_format_blackhole() - the request that adds or removes a blackhole
 * @buf: of NETLINK_BLACKHOLE_BYTES, aligned as a struct nlmsghdr
 * @r: of it: family, dst, dst_bits, table, protocol and metric. The kernel takes a metric
 *	of 0 for any when it removes one, and for 1024 when it adds one of IPv6.
 */
struct nlmsghdr *netlink_format_blackhole(void *buf, const struct netlink_route *r, bool gone);

typedef void netlink_event_fn(void *arg, const struct netlink_event *ev);

/* Open both sockets and subscribe. Return: 0 or a negative errno, not logged. */
int netlink_open(struct netlink **out);
/* The same, and events are of routes alone. */
int netlink_open_routes(struct netlink **out);
/* For requests alone: there are no events, and no descriptor for them. */
int netlink_open_quiet(struct netlink **out);
void netlink_close(struct netlink *nl);

/**
 * netlink_route_to() - the route that this host takes to @dst
 *
 * Return: 0; -ENETUNREACH if there is none, or one that refuses (blackhole,
 * prohibit); another negative errno.
 */
int netlink_route_to(struct netlink *nl, const struct shunt_addr *dst, struct netlink_route *out);

/* Every object of @kind, of both families; one may come twice if it changes meanwhile. */
int netlink_dump(struct netlink *nl, enum netlink_kind kind, netlink_event_fn *fn, void *arg);

/* Likewise the routes of @family in @table alone; none if there is no such table. */
int netlink_dump_table(struct netlink *nl, int family, uint32_t table, netlink_event_fn *fn,
		       void *arg);

/*
 * Add a route that leads nowhere, or remove it: @r as for netlink_format_blackhole().
 * Return: 0; -EEXIST if there is one with that metric already, of whatever protocol and
 * type; -ESRCH if there is none. Needs CAP_NET_ADMIN.
 */
int netlink_add_blackhole(struct netlink *nl, const struct netlink_route *r);
int netlink_del_blackhole(struct netlink *nl, const struct netlink_route *r);

/**
 * netlink_probe() - have the kernel find out, or confirm, a neighbour's MAC address
 *
 * As if a packet had been sent to it: an unknown one is asked for, a stale one is
 * confirmed, a reachable one is left alone. Needs CAP_NET_ADMIN.
 */
int netlink_probe(struct netlink *nl, int ifindex, const struct shunt_addr *addr);

/* Readable when there are events. */
int netlink_fd(const struct netlink *nl);

/* All pending events. Return: 0; -ENOBUFS if some were lost: ask for everything again. */
int netlink_read(struct netlink *nl, netlink_event_fn *fn, void *arg);

#endif /* NET_NETLINK_H */
