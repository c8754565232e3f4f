/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The border between the XDP program and user space: every struct that lies
 * in a map, every limit, every flag. Both sides include this file; of ours it
 * includes the words of slots only.
 *
 * Rules of the border
 * - Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d.
 * - Numbers named __be are in network order; all others in host order.
 * - Ids are write-once: a backend that changes gets a new id, because an array
 *   map is overwritten in place and a packet could read half of each. What
 *   must change in place is one aligned 64-bit (or 32-bit) word: the hop of a
 *   leg, a slot.
 * - Any change of a size, an offset or a meaning raises SHUNT_ABI_VERSION,
 *   which is part of the path that the maps are pinned under.
 */
#ifndef SHUNT_ABI_H
#define SHUNT_ABI_H

#include <linux/types.h>

#include "shunt/slot.h"

#define SHUNT_ABI_VERSION 3

/*
 * Ids of backends are 16 bits in a flow entry; id 0 means "no backend". Each service
 * has a block of ids of its own, and its slots name the members of that block: the
 * id of member m is base + m. Members are 15 bits, and member 0 means "nobody".
 */
#define SHUNT_MAX_BACKENDS 65536
#define SHUNT_MAX_MEMBERS 32768
/* Interfaces that packets may leave by; egress 0 means "not resolved". */
#define SHUNT_MAX_EGRESS 64
/* Slots of one table: a power of two; tables differ. */
#define SHUNT_MIN_SLOTS 1024
#define SHUNT_MAX_SLOTS (1 << 20)
/* Virtual services (address, protocol, port), and VIP addresses. */
#define SHUNT_MAX_SERVICES 16384

/**
 * struct shunt_addr - an IP address, network order, IPv4 as ::ffff:a.b.c.d
 */
struct shunt_addr {
	union {
		__u8 b[16];
		__be32 w[4];
		__u64 d[2];
	};
};

/* How packets reach a backend. Append only. */
enum shunt_forward {
	SHUNT_FORWARD_NONE, /* no such leg: the family is not served */
	SHUNT_FORWARD_DIRECT, /* rewrite the MAC addresses */
	SHUNT_FORWARD_IPIP, /* encapsulate in IPv4 or IPv6 */
	SHUNT_FORWARD_GUE, /* the same in UDP: generic UDP encapsulation, variant 1 */
	SHUNT_FORWARD_NAT, /* rewrite the destination; answers come back */
	SHUNT_FORWARD_FULLNAT, /* rewrite the source, too; perhaps into the other family */
	SHUNT_FORWARD_COUNT,
};

/**
 * struct shunt_service_key - what a virtual service answers to
 * @vip: destination address
 * @port: destination port, or 0 for every port that has no key of its own
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @fragments: 1: it answers to later fragments whose ports nobody remembers, and to
 *	nothing else; @port is 0
 */
struct shunt_service_key {
	struct shunt_addr vip;
	__be16 port;
	__u8 proto;
	__u8 fragments;
	__u8 pad[4];
};

/**
 * struct shunt_service - where a virtual service sends its packets: one word, so that
 *	it changes whole
 * @first: the line of shunt_slots that its table begins with. Services whose tables
 *	hold the same words share one.
 * @line_mask: lines of slots in the table - 1
 * @base: first id of its block of backends
 */
struct shunt_service {
	__u32 first;
	__u16 line_mask;
	__u16 base;
};

/*
 * The services as the program looks them up: an array of cache lines, two services
 * each. A service is in the line that shunt_service_hash() picks or, where that
 * is full, in one of the next; then the lines before it have SHUNT_LISTING_MORE.
 * User space alone writes, in place: `match` last when a service is entered and
 * first when it goes, the service in one store. What is freed is not used again
 * before the next change, so that no packet reads the key of one service and the
 * table of another.
 */
#define SHUNT_LISTINGS_PER_LINE 2
/* Lines that a service may be in, from the first one on. */
#define SHUNT_SERVICE_LINES_TRIED 4

/* struct shunt_listing.flags */
/* Of the first listing of a line: look in the next line, too. */
#define SHUNT_LISTING_MORE (1U << 0)
/* UDP goes to the new backend at once; without it flows in transition stay. */
#define SHUNT_SERVICE_UDP_MOVES (1U << 1)
/* Every flow is kept in the flow cache, not only those of slots in transition. */
#define SHUNT_SERVICE_TRACKED (1U << 2)
/* The slot follows from the client's address alone: shunt_hash_source(). */
#define SHUNT_SERVICE_SOURCE (1U << 3)
/* The hash of a flow leaves the ports out, so that all fragments have the same. */
#define SHUNT_SERVICE_L3HASH (1U << 4)
/* Fragments are dropped; else later ones follow the first one. */
#define SHUNT_SERVICE_NO_FRAGMENTS (1U << 5)
/* Connections are kept in shunt_conns, not in the flow cache: nat and fullnat. */
#define SHUNT_SERVICE_NAT (1U << 6)
/*
 * All flows of a client are one flow in the flow cache, which so remembers where
 * the client went. With SHUNT_SERVICE_TRACKED. Then clients are counted, and not their
 * flows, which nothing tells from each other; of nat it is connections all the same.
 */
#define SHUNT_SERVICE_AFFINITY (1U << 7)
/* struct shunt_load of its backends is kept: how many connections they have. With
 * SHUNT_SERVICE_TRACKED or SHUNT_SERVICE_NAT. */
#define SHUNT_SERVICE_COUNTED (1U << 8)
/* Some backend has a limit of connections. With SHUNT_SERVICE_COUNTED. */
#define SHUNT_SERVICE_LIMITED (1U << 9)
/* Who gets a new flow: enum shunt_choice. All but SLOT are with SHUNT_SERVICE_TRACKED
 * or SHUNT_SERVICE_NAT. */
#define SHUNT_SERVICE_CHOICE_SHIFT 10
#define SHUNT_SERVICE_CHOICE(flags) ((flags) >> SHUNT_SERVICE_CHOICE_SHIFT & 3)
/* The firewall has prefixes for this service alone: shunt/guard.h. */
#define SHUNT_SERVICE_GUARDED (1U << 12)
/* SYNs are answered by cookies while there are too many; with SHUNT_SERVICE_NAT. */
#define SHUNT_SERVICE_COOKIES (1U << 13)
/* And at all other times. */
#define SHUNT_SERVICE_COOKIES_ALWAYS (1U << 14)
/* Flows are being carried here from former maps: those that are not known yet wait. */
#define SHUNT_SERVICE_HOLDS (1U << 15)
/* The largest TCP segment that SYNs may ask for; 0: as they say. */
#define SHUNT_SERVICE_MSS_SHIFT 16
#define SHUNT_SERVICE_MSS(flags) ((flags) >> SHUNT_SERVICE_MSS_SHIFT)

/* Who gets a new flow. The owner of the slot ... */
enum shunt_choice {
	SHUNT_CHOICE_SLOT, /* that its hash picks */
	SHUNT_CHOICE_TURN, /* whose turn it is: struct shunt_load.turn */
	SHUNT_CHOICE_RANDOM, /* that is drawn */
	SHUNT_CHOICE_LEAST, /* that its hash picks, or of another one with clearly less load */
};

/**
 * struct shunt_listing - a virtual service
 * @match: port as it lies in the packet | protocol << 16; 0: empty
 * @flags: SHUNT_LISTING_MORE is of the line, the others are of the service
 */
struct shunt_listing {
	struct shunt_addr vip;
	__u32 match;
	__u32 flags;
	struct shunt_service service;
};

struct shunt_service_line {
	struct shunt_listing listing[SHUNT_LISTINGS_PER_LINE];
};

#define SHUNT_SERVICE_MATCH(port_be, proto) ((__u32)(__u16)(port_be) | (__u32)(proto) << 16)
/*
 * Listed once more, for later fragments: with SHUNT_SERVICE_L3HASH and without
 * SHUNT_SERVICE_NAT. One service of each VIP and protocol can be, and only if no other
 * one of them goes elsewhere with fragments whose ports nobody remembers.
 */
#define SHUNT_SERVICE_MATCH_FRAGMENT(proto) ((__u32)(proto) << 16 | 1U << 24)

/*
 * The flow cache: eight flows in a cache line, 0 is an empty entry:
 *
 *    63             32 31         16 15          0
 *   +-----------------+-------------+-------------+
 *   |       tag       |   backend   |c|   time    |
 *   +-----------------+-------------+-------------+
 *
 * tag: the low half of the flow's hash, which holds its slot in any table. backend:
 * an id. c: the client has ended it (FIN or RST); it is counted no more in struct
 * shunt_load. time: seconds of the monotonic clock when the flow was last seen, modulo
 * 2^15. Entries are loaded and stored whole.
 *
 * A flow is in one of two lines: the one that the high half of its hash picks, hash
 * >> 32 & flow_mask, or the one that shunt_flow_other() names. It is entered in the
 * first if at least half of that is free, else in the one that has more free entries,
 * the first of equals. With one line each, lines overflow when the cache is half full;
 * with two, when it is two thirds full. Then the entry of both that was seen longest ago
 * is overwritten.
 *
 * A second, small array of the same lines, shunt_fresh, notes where the SYNs of
 * slots in transition went, so that a flood of them cannot push pins out.
 */
#define SHUNT_FLOWS_PER_LINE 8

struct shunt_flow_line {
	__u64 entry[SHUNT_FLOWS_PER_LINE];
};

#define SHUNT_FLOW(tag, backend, time)                                                             \
	((__u64)(__u32)(tag) << 32 | (__u32)(__u16)(backend) << 16 | ((time)&SHUNT_FLOW_TIME_MASK))
#define SHUNT_FLOW_TAG(entry) ((__u32)((entry) >> 32))
#define SHUNT_FLOW_BACKEND(entry) ((__u16)((entry) >> 16))
/* The same entry for another backend. */
#define SHUNT_FLOW_OF(entry, backend)                                                              \
	(((entry) & ~(__u64)0xffff0000) | (__u32)(__u16)(backend) << 16)
#define SHUNT_FLOW_CLOSING 0x8000ULL
#define SHUNT_FLOW_TIME_MASK 0x7fffU
#define SHUNT_FLOW_TIME(entry) ((__u32)(entry)&SHUNT_FLOW_TIME_MASK)
/* Seconds from when an entry was last seen until @now. */
#define SHUNT_FLOW_AGE(entry, now) (((now)-SHUNT_FLOW_TIME(entry)) & SHUNT_FLOW_TIME_MASK)

/* The other line of a flow, of either of them. */
static inline __attribute__((always_inline)) __u32 shunt_flow_other(__u32 line, __u32 tag,
								    __u32 flow_mask)
{
	return (line ^ (__u32)(tag * 0x9e3779b97f4a7c15ULL >> 40)) & flow_mask;
}

/*
 * What may be in a line of the flow cache, a byte a line: a bit for each value of the
 * three highest bits of a tag. The program sets it with every entry; user space clears
 * what no entry needs any more. So a flow that is in no line, as most are while a slot
 * is MIGRATING, is found missing in an array that the processor's cache holds.
 */
#define SHUNT_MARKS_PER_VALUE 64

struct shunt_flow_marks {
	__u64 word[SHUNT_MARKS_PER_VALUE / sizeof(__u64)]; /* eight bytes, the lowest first */
};

#define SHUNT_FLOW_MARK(tag) (1U << ((__u32)(tag) >> 29))

/* Lines of shunt_fresh: a power of two; 256 KiB. */
#define SHUNT_FRESH_LINES 4096

/**
 * struct shunt_pin_budget - what a CPU has done this second of what is rationed: pins
 *	to prev, answers by ICMP
 */
struct shunt_pin_budget {
	__u32 second;
	__u32 used;
};

/**
 * struct shunt_load - how busy a backend is, by id
 *
 * Where SHUNT_SERVICE_COUNTED or a choice asks for it. The program adds and subtracts
 * atomically; user space counts the flows that there are and corrects what was lost.
 * The id that is the base of a block is nobody's: there is the turn of the service.
 *
 * @active: connections that have begun and not ended; as a signed number it may be less
 *	than 0 for a while, and counts as 0
 * @turn: of the base: new flows that were dealt out so far
 * @limit: of @active; 0: none
 * @weight: what @active is measured by; 0: gets no new flow by SHUNT_CHOICE_LEAST
 * @opened: connections so far, modulo 2^32
 */
struct shunt_load {
	union {
		__u32 active;
		__u32 turn;
	};
	__u32 limit;
	__u32 weight;
	__u32 opened;
};

/*
 * Connections of nat and fullnat, exactly: shunt_conns has a record for each. Its index
 * has both tuples of it, in lines like those of the flow cache, at the same two places
 * (hash >> 32 & conn_mask, shunt_flow_other()), by shunt_hash_flow() of the tuple:
 *
 *    63             32 31              0
 *   +-----------------+-----------------+
 *   |       tag       |     record      |	0 is empty; record 0 is nobody's
 *   +-----------------+-----------------+
 *
 * A record is taken by setting its bit in shunt_conn_bits, written, and then entered in
 * the index, the tuple of the server first, by compare-and-swap of an empty entry. Who
 * has entered that looks for another record with the same tuple in both lines, and takes
 * its own entry away if there is one: of two that do so at once at least one sees the
 * other. A client that begins anew where the former connection is over has its entry
 * changed to the new record; the former record keeps its server's entry, if nobody
 * takes that over.
 *
 * User space takes records out in three steps. First the entries of the index go that
 * name the record. Then it waits until no packet is under way any more that may have found
 * it. Then server.ports become 0, and last of all the bit is cleared. So a record whose bit
 * is set and whose server.ports are 0 is being written, and is left alone. The bit of
 * record 0 is always set.
 */

/**
 * struct shunt_tuple - a flow in one direction, as it is in its packets
 * @ports: source and destination port
 */
struct shunt_tuple {
	struct shunt_addr src;
	struct shunt_addr dst;
	__be32 ports;
	__u8 proto;
	__u8 pad[3];
};

enum shunt_way {
	SHUNT_TO_SERVER,
	SHUNT_TO_CLIENT,
	SHUNT_WAYS,
};

/* struct shunt_conn.flags: what was seen in that direction */
#define SHUNT_CONN_SYN (1U << 0) /* TCP */
#define SHUNT_CONN_DATA (1U << 1) /* a packet, without SYN or RST */
#define SHUNT_CONN_FIN (1U << 2)
#define SHUNT_CONN_RST (1U << 3)
#define SHUNT_CONN_UNCOUNTED (1U << 4) /* what ended it, and its being counted */
/* Of SHUNT_TO_SERVER: begun by a SYN cookie; it has a struct shunt_conn_seq. From the start. */
#define SHUNT_CONN_SPLICED (1U << 5)
/* Likewise: behind the server's answer its client has sent another SYN. */
#define SHUNT_CONN_ANEW (1U << 6)

#define SHUNT_NO_PORT_BIT 0xffffffffU

/**
 * struct shunt_conn - a connection of nat or fullnat
 * @client: of packets that the client sends: to the VIP
 * @server: of packets that the server sends: to the client or to the pool; the
 *	families differ where fullnat translates. Its ports are not 0 of a record in use.
 * @seen_s: by enum shunt_way: seconds of the monotonic clock
 * @flags: by enum shunt_way: SHUNT_CONN_*
 * @backend: id
 * @counted: the id whose shunt_load.active counts it, else 0; exchanged atomically
 * @tags: VLAN tags of the client's frames, as they lie there
 * @port_bit: in shunt_port_bits, or SHUNT_NO_PORT_BIT
 * @ifindex: by which the client's packets come
 * @macs: of a frame to the client: destination, source
 * @ip_csum, @l4_csum: what the one's complement sum of the addresses, and of these and
 *	the ports, grows by on the way to the server (RFC 1624); it shrinks by it on the
 *	way back. The prefix ::ffff adds nothing, so it holds from one family to the
 *	other.
 */
struct shunt_conn {
	struct shunt_tuple client;
	__u32 seen_s[SHUNT_WAYS];
	__u8 flags[SHUNT_WAYS];
	__u16 backend;
	__u32 counted;
	__u64 tags;
	struct shunt_tuple server;
	__u32 port_bit;
	__u32 ifindex;
	__u8 macs[12];
	__u16 ip_csum;
	__u16 l4_csum;
};

/**
 * struct shunt_conn_seq - sequence numbers of a connection that a SYN cookie began, in one
 *	word so that it changes whole; by record
 * @client_isn: that of the client's SYN; with SHUNT_CONN_ANEW that of the last one
 * @ours: until SHUNT_CONN_SYN is in flags[SHUNT_TO_CLIENT]: the cookie, by which the client
 *	counts what the server sends; then by how much more the server does
 */
struct shunt_conn_seq {
	__u32 client_isn;
	__u32 ours;
};

/**
 * struct shunt_syn_meter - how many connections are asked for
 * @second, @count: of SYNs that would begin one, in one word; by the program, which counts
 *	no further than it needs
 * @until_s: seconds of the monotonic clock: before that SYNs are answered by cookies
 * @above: in a second: so many are a flood; 0: nothing is one. By user space.
 * @wall_s: what makes of the monotonic clock one that balancers share. By user space.
 */
struct shunt_syn_meter {
	__u32 second;
	__u32 count;
	__u32 until_s;
	__u32 above;
	__u32 wall_s;
	__u32 pad;
};

/* For so long after the last second in which there was half of a flood. */
#define SHUNT_SYN_HOLD_S 10

#define SHUNT_CONN_ENTRY(tag, record) ((__u64)(__u32)(tag) << 32 | (__u32)(record))
#define SHUNT_CONN_RECORD(entry) ((__u32)(entry))

/*
 * Bits, a cache line of words a value. shunt_conn_bits: records that are in use.
 * shunt_port_bits: ports that are, in spaces of rodata.space_lines lines. A server's
 * address has a space of its own (struct shunt_leg.space) as long as there are enough
 * of them; if two share one, they share the ports. Bit b of a space is port
 * pool_first_port + b % pool_ports of address b / pool_ports of the pool.
 */
#define SHUNT_BITS_PER_LINE 512

struct shunt_bit_line {
	__u64 word[SHUNT_BITS_PER_LINE / 64];
};

/* Addresses that fullnat sends from: shunt_pool has those of IPv4, then those of IPv6. */
#define SHUNT_MAX_POOL 64

/**
 * struct shunt_fragment_key - a datagram that came in fragments
 * @id: as it lies in the packet; IPv4 has 16 bits
 * @proto: 0 with IPv6: RFC 8200, 4.5 tells datagrams apart without it, and not every
 *	fragment knows it
 */
struct shunt_fragment_key {
	struct shunt_addr src;
	struct shunt_addr dst;
	__u32 id;
	__u8 proto;
	__u8 pad[3];
};

/**
 * struct shunt_fragment - what its first fragment said
 * @ports: as they lie in the packet
 * @seen_s: when, seconds of the monotonic clock
 * @proto: TCP or UDP
 */
struct shunt_fragment {
	__be32 ports;
	__u32 seen_s;
	__u8 proto;
	__u8 pad[3];
};

/* Datagrams in fragments that are kept at a time. */
#define SHUNT_FRAGMENTS 16384

/* RFC 8200 gives reassembly 60 s, Linux 30: identifications come again. */
#define SHUNT_FRAGMENT_S 30

/**
 * union shunt_hop - the next hop of a leg, one word so that it changes whole
 * @dmac: MAC address of the next hop
 * @egress: entry of shunt_egress that it is reached by; 0 while unresolved
 */
union shunt_hop {
	struct {
		__u8 dmac[6];
		__u16 egress;
	};
	__u64 word;
};

/**
 * struct shunt_leg - how packets of one family reach a backend
 * @addr: the backend's address; with SHUNT_FORWARD_IPIP and GUE the outer destination
 * @hop: followed in place when routes or neighbours change
 * @mtu: largest IP packet that the egress link takes, outer header included
 * @forward: enum shunt_forward
 * @flags: SHUNT_LEG_*; one byte, written in place
 * @port: SHUNT_FORWARD_GUE: of the outer UDP header; with NAT and FULLNAT the port of
 *	the server, 0 if it is that of the service
 * @space: SHUNT_FORWARD_FULLNAT: of shunt_port_bits
 */
struct shunt_leg {
	struct shunt_addr addr;
	union shunt_hop hop;
	__u16 mtu;
	__u8 forward;
	__u8 flags;
	__be16 port;
	__u16 space;
};

/* The backend is known to be down: pins to it do not count. */
#define SHUNT_LEG_DEAD (1U << 0)
/*
 * The backend has gone, and its connections shall be told: what would be sent to it is
 * answered by a TCP reset. What begins, and UDP, goes to others, as if it were dead. Of
 * both legs; it owns no slot, but prev and pins may name it.
 */
#define SHUNT_LEG_RESET (1U << 1)

enum shunt_family {
	SHUNT_V4,
	SHUNT_V6,
	SHUNT_FAMILIES,
};

/**
 * struct shunt_backend - one backend of one service, a cache line
 * @leg: by family of the client's packet, not of the backend's address: an
 *	IPv4 VIP may be tunnelled to a backend that has only an IPv6 address
 */
struct shunt_backend {
	struct shunt_leg leg[SHUNT_FAMILIES];
};

/**
 * struct shunt_egress - an interface that packets leave by
 * @ifindex: 0 if the entry is free; also the value in the device map. Of a VLAN device:
 *	that of the interface below it, with SHUNT_EGRESS_VLAN
 * @smac: MAC address of the interface
 * @src4: outer source of IPv4 tunnels, 0 if the interface has no address
 * @src6: outer source of IPv6 tunnels, zeroes if it has none
 * @vlan: the 802.1Q tag (TCI) that frames leave with, instead of those that they came
 *	with, which is never VLAN 0; 0: they keep those
 */
struct shunt_egress {
	struct shunt_addr src6;
	__be32 src4;
	__u32 ifindex;
	__u8 smac[6];
	__be16 vlan;
};

/* So it is the interface of no packet, and only those that go there ask for the tag. */
#define SHUNT_EGRESS_VLAN (1U << 31)

/**
 * struct shunt_counter - packets and bytes of one backend on one CPU
 * @bytes: frames as received, Ethernet header included
 */
struct shunt_counter {
	__u64 packets;
	__u64 bytes;
};

/* The counters of one CPU lie side by side: each value of a per-CPU array has an
 * address of its own to be looked up. By backend id. */
#define SHUNT_COUNTERS_PER_BLOCK 16

struct shunt_counter_block {
	struct shunt_counter counter[SHUNT_COUNTERS_PER_BLOCK];
};

/* Room for reasons; reason.h asserts that the list fits. A power of two. */
#define SHUNT_MAX_REASONS 64

/**
 * struct shunt_reasons - packets that ended in each reason, on one CPU
 */
struct shunt_reasons {
	__u64 packets[SHUNT_MAX_REASONS];
};

/**
 * struct shunt_rodata - load-time constants
 *
 * What is 0 here is not in the loaded program: the verifier removes the code
 * behind it. A change means loading the program again over the same maps.
 *
 * @hash_key: secret of the flow hash; the same on every balancer of a fleet
 * @service_mask: lines of the services map - 1
 * @flow_mask: lines of the flow cache - 1
 * @pins_per_s: pins to prev that one CPU may write in a second
 * @conn_mask: lines of shunt_conn_index - 1
 * @conns: records in shunt_conns, the one that is nobody's included
 * @space_lines: lines of a space of shunt_port_bits
 * @pool_first_port, @pool_ports: of each address of the pool; host order
 * @pool_addrs: addresses of the pool, by family
 * @icmp_per_s: ICMP packets that one CPU may answer with in a second
 * @ipv4, @ipv6: some VIP, or some backend of fullnat, is of that family
 * @any_port: some service has port 0
 * @direct: some leg is SHUNT_FORWARD_DIRECT
 * @ipip4, @ipip6: some leg is SHUNT_FORWARD_IPIP with such an outer header
 * @tracked: some service has SHUNT_SERVICE_TRACKED
 * @rich: some leg or service has what few have, and what is therefore asked for at run
 *	time: SHUNT_FORWARD_GUE, SHUNT_SERVICE_SOURCE, L3HASH, AFFINITY, an MSS, or
 *	@nat
 * @nat: some service has SHUNT_SERVICE_NAT: packets that are for no service may be
 *	answers
 * @capture: somebody looks at packets: another program is loaded, shunt/capture.h
 * @resets: some leg has SHUNT_LEG_RESET, or may have
 * @guard: what the firewall has to do: SHUNT_GUARD_*, of shunt/guard.h
 * @bucket_bits: lines of shunt_buckets, as a power of two
 */
struct shunt_rodata {
	__u64 hash_key[2];
	__u32 service_mask;
	__u32 flow_mask;
	__u32 pins_per_s;
	__u32 conn_mask;
	__u32 conns;
	__u32 space_lines;
	__u16 pool_first_port;
	__u16 pool_ports;
	__u16 pool_addrs[SHUNT_FAMILIES];
	__u32 icmp_per_s;
	__u8 ipv4;
	__u8 ipv6;
	__u8 any_port;
	__u8 direct;
	__u8 ipip4;
	__u8 ipip6;
	__u8 tracked;
	__u8 resets;
	__u8 nat; /* from here on to guard: read at once, see bpf/rodata.h */
	__u8 capture;
	__u8 rich;
	__u8 guard;
	__u8 bucket_bits;
	__u8 pad[7];
};

_Static_assert(sizeof(struct shunt_addr) == 16, "ABI");
_Static_assert(sizeof(struct shunt_service_key) == 24, "ABI");
_Static_assert(sizeof(struct shunt_service) == 8, "ABI");
_Static_assert(sizeof(struct shunt_service_line) == 64, "ABI");
_Static_assert(sizeof(union shunt_hop) == 8, "ABI");
_Static_assert(sizeof(struct shunt_leg) == 32, "ABI");
_Static_assert(sizeof(struct shunt_backend) == 64, "ABI");
_Static_assert(sizeof(struct shunt_egress) == 32, "ABI");
_Static_assert(sizeof(struct shunt_counter_block) == 256, "ABI");
_Static_assert(sizeof(struct shunt_flow_line) == 64, "ABI");
_Static_assert(sizeof(struct shunt_flow_marks) == 64, "ABI");
_Static_assert(sizeof(struct shunt_load) == 16, "ABI");
_Static_assert(sizeof(struct shunt_tuple) == 40, "ABI");
_Static_assert(sizeof(struct shunt_conn) == 128, "ABI");
_Static_assert(sizeof(struct shunt_conn_seq) == 8, "ABI");
_Static_assert(sizeof(struct shunt_syn_meter) == 24, "ABI");
_Static_assert(sizeof(struct shunt_bit_line) == 64, "ABI");
_Static_assert(sizeof(struct shunt_fragment_key) == 40, "ABI");
_Static_assert(sizeof(struct shunt_fragment) == 12, "ABI");
_Static_assert(sizeof(struct shunt_rodata) == 72, "ABI");

#endif /* SHUNT_ABI_H */
