/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections of nat that begin with a SYN cookie, packet by packet: a client, the town of
 * nat_town.h, and a server. What comes out is compared to the byte with a frame that is
 * built from a description, checksums and all.
 */
#ifndef TESTS_BPF_SPLICED_H
#define TESTS_BPF_SPLICED_H

#include "nat_town.h"
#include "shunt/cookie.h"
#include "shunt/guard.h"

#define SYN_ACK (FRAME_SYN | FRAME_ACK)

/* The own MSS in answers to SYNs. */
#define SPLICED_MSS 1440
/* Of the client, and what the server hears of it. */
#define SPLICED_CLIENT_MSS 1459
#define SPLICED_SERVER_HEARS 1440

/**
 * struct spliced - one connection
 * @x, @s: sequence numbers of the SYNs of client and server
 * @c: the cookie
 * @record: 0 before the client has answered the cookie
 */
struct spliced {
	struct nat_town *t;
	struct packet p;
	__u32 x, c, s;
	__u32 record;
};

/* The town; all services have SYN cookies, with @flags, too. */
struct nat_town *spliced_town(__u32 flags);

/* The meter; times as the program reads them. */
struct shunt_syn_meter spliced_meter(const struct nat_town *t);
void spliced_put_meter(struct nat_town *t, const struct shunt_syn_meter *m);
/* Now is @period, and will be for a while. */
void spliced_set_period(struct nat_town *t, __u32 period);
__u32 spliced_now_s(void);

/* A packet of the client, which says @seq and acknowledges @ack. */
enum shunt_reason spliced_say(struct spliced *c, __u16 flags, __u32 seq, __u32 ack, __u16 payload);
/* And of the server. */
enum shunt_reason spliced_answer(struct spliced *c, __u16 flags, __u32 seq, __u32 ack,
				 __u16 payload);

/* The last frame that came out is one to the server, or to the client, as @like. */
bool spliced_went_to_server(struct spliced *c, const struct packet *like);
bool spliced_went_to_client(struct spliced *c, const struct packet *like);

/* What a SYN-ACK with a cookie is; and the SYN to the server, and what opens the window. */
bool spliced_is_cookie(struct spliced *c);
bool spliced_is_syn(struct spliced *c);
bool spliced_is_opening(struct spliced *c, __u16 window);

/* A client of that family knocks at @port, and is answered by a cookie. */
struct spliced spliced_knock(struct nat_town *t, int family, __u16 port, __u16 sport);
/* It answers that: the connection begins, and the server has its SYN. */
void spliced_begin(struct spliced *c);
/* The server answers; what each says arrives at the other, from then on. */
void spliced_join(struct spliced *c);

#endif /* TESTS_BPF_SPLICED_H */
