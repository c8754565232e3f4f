/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nat_translate() and nat_icmp() on single frames, for connections that nobody has to
 * look for. What must come out is not computed from what went in: a test describes both
 * (struct packet), and the frames are built from the descriptions, each checksum as a
 * whole.
 */
#ifndef TESTS_BPF_NAT_ALONE_H
#define TESTS_BPF_NAT_ALONE_H

#include "base/cleanup.h"
#include "frame.h"
#include "shunt/reason.h"

/* The ends of a connection, as either side knows them. */
struct pair {
	const char *name;
	const char *client, *vip; /* the client's packets: from, to */
	const char *pool, *server; /* the same as the server sees them */
	__u16 client_port, vip_port;
	__u16 pool_port, server_port;
};

enum {
	PAIR_4TO6,
	PAIR_6TO4,
	PAIR_CROSSING, /* those before here cross from one family to the other */
	PAIR_FULLNAT4 = PAIR_CROSSING,
	PAIR_FULLNAT6,
	PAIR_NAT4,
	PAIR_NAT6,
	PAIRS,
};

extern const struct pair pairs[PAIRS];

struct nat_bpf;

/* Never NULL. */
struct nat_bpf *nat_open(void);
void nat_close(struct nat_bpf *skel);

static inline void nat_closep(struct nat_bpf **skel)
{
	nat_close(*skel);
}

#define _cleanup_nat_ _cleanup_(nat_closep)

/* A packet of @k that goes @way, before the balancer or behind it; the rest as in @like. */
struct packet pair_before(const struct pair *k, enum shunt_way way, const struct packet *like);
struct packet pair_behind(const struct pair *k, enum shunt_way way, const struct packet *like);

/* Run nat_translate() or nat_icmp() alone. */
enum shunt_reason nat_run_packet(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
				 const struct frame *in, struct frame *out);
enum shunt_reason nat_run_error(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
				const struct frame *in, struct frame *out);

/* @got is @want behind the MAC addresses, of which nothing is promised. */
bool nat_same(const struct frame *got, const struct frame *want, const struct frame *in);

/*
 * What @want cannot know of @got: the identification of an IPv4 packet without DF, which
 * is random.
 */
void nat_take_id(struct packet *want, const struct frame *got);

#endif /* TESTS_BPF_NAT_ALONE_H */
