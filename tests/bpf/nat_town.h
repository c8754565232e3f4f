/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A town whose services are nat and fullnat: the program over it, its connections, and
 * packets in both directions. What comes out is compared with the reference (ref_nat.h)
 * to the byte; which port of the pool a connection has is the program's to choose, and
 * is read from its record.
 */
#ifndef TESTS_BPF_NAT_TOWN_H
#define TESTS_BPF_NAT_TOWN_H

#include "base/cleanup.h"
#include "ref.h"
#include "ref_nat.h"

/* Services of the SHOP addresses, TCP and UDP, and the ids of their backends. */
enum nat_port {
	NAT_FULL = 80, /* fullnat to backend 1, there to port 8080 */
	NAT_TWO, /* fullnat to backends 3 and 4 by turns of the slots, to the same port */
	NAT_PLAIN, /* nat to backend 6; on the OPEN addresses, too */
	NAT_DIRECT, /* its leg is no nat */
	NAT_NOBODY, /* its slots have no owner */
	NAT_SMALL, /* fullnat, a link of TOWN_SMALL_MTU */
	NAT_UNRESOLVED, /* fullnat, the next hop is not known */
	NAT_OTHER, /* fullnat to a server of the other family */
};

enum nat_backend {
	NAT_BACKEND_FULL = 1,
	NAT_BACKEND_TWO = 3, /* and the next */
	NAT_BACKEND_PLAIN = 6,
	NAT_BACKEND_DIRECT = 8,
	NAT_BACKEND_SMALL = 12,
	NAT_BACKEND_UNRESOLVED = 14,
	NAT_BACKEND_OTHER = 16,
	NAT_BACKENDS = 18,
};

#define NAT_SERVER_PORT 8080
#define NAT_FIRST_PORT 2000
/* Of each of its addresses: not a multiple of anything. */
#define NAT_PORTS 1001
#define NAT_ADDRS4 2
#define NAT_ADDRS6 1
#define NAT_CONNS 4000

struct nat_town {
	struct world world;
	struct dp *dp;
	struct conns conns;
	__u32 action;
	struct frame in;
	struct frame got;
};

/* The world of the town, to be changed before nat_town_open(). */
void nat_build_world(struct world *w);
struct nat_town *nat_town_open_world(const struct world *w);
struct nat_town *nat_town_open(void);
void nat_town_close(struct nat_town *t);

static inline void nat_town_closep(struct nat_town **t)
{
	nat_town_close(*t);
}

#define _cleanup_nat_town_ _cleanup_(nat_town_closep)

/* Run @p, or @f, through the program. What comes out is in @t. */
enum shunt_reason nat_send(struct nat_town *t, const struct packet *p);
enum shunt_reason nat_send_frame(struct nat_town *t, const struct frame *f);

/* A packet of TCP from the client of that family to @port of its SHOP address. */
struct packet nat_packet(int family, __u16 port, __u8 proto, __u16 sport);

/* The record of the packet that a client sends; 0 if there is none. */
__u32 nat_record(const struct nat_town *t, const struct packet *p);
struct shunt_conn nat_conn(const struct nat_town *t, __u32 record);

/* Bits that are set of records, nobody's aside, and of ports. */
__u64 nat_count_conns(const struct nat_town *t);
__u64 nat_count_ports(const struct nat_town *t);

/* As user space does when its time is over. */
void nat_collect(struct nat_town *t, __u32 record);

/* A frame with the tuple of the server's packets in that connection; the first one is as
 * @like otherwise. */
void nat_answer_like(const struct shunt_conn *conn, const struct packet *like, struct frame *f);
void nat_answer_frame(const struct shunt_conn *conn, __u16 flags, __u16 payload, struct frame *f);

/*
 * Is what came out the packet that went in, on its way to the server of @record, or back
 * to its client? The MAC addresses, too.
 */
bool nat_went_to_server(const struct nat_town *t, __u32 record);
bool nat_went_to_client(const struct nat_town *t, __u32 record);

/* Open a connection with the first packet of @p's flow; the record, which is not 0. */
__u32 nat_connect(struct nat_town *t, const struct packet *p);

/* The backend is said to be down, or not any more; its slots stay its own. */
void nat_put_dead(struct nat_town *t, __u32 id, bool dead);
/* All slots of NAT_TWO are the second backend's. */
void nat_leave_to_the_second(struct nat_town *t);

#endif /* TESTS_BPF_NAT_TOWN_H */
