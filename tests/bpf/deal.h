/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services whose new flows are dealt out (bpf/sched.h): the program alone, and flows by
 * number. What comes out is looked at by where it was sent, and by what was counted.
 */
#ifndef TESTS_BPF_DEAL_H
#define TESTS_BPF_DEAL_H

#include "rig.h"

#define DEAL_BASE 1000
#define DEAL_MEMBERS 10
#define DEAL_SLOTS SHUNT_MIN_SLOTS
#define DEAL_PORT 80

/* Of deal_send(), instead of a member. */
#define DEAL_DROPPED 0

/**
 * struct deal - one service on DEAL_PORT of SHOP4 and SHOP6, TCP and UDP
 * @table: members of the block at DEAL_BASE, by @weight
 */
struct deal {
	struct rig *rig;
	struct slot_table table;
	__u32 n;
	struct shunt_load *loads; /* of the block, by member */
};

/**
 * struct deal_flow - a packet of a flow
 * @client: number of an address
 * @flags: of TCP; 0 for UDP
 */
struct deal_flow {
	__u32 client;
	__u16 sport;
	__u16 flags;
	bool v6;
};

/**
 * struct deal_options
 * @flags: SHUNT_SERVICE_*
 * @n: members, at most DEAL_MEMBERS; all live
 * @weights: of members from 1 on; NULL: 1 each
 * @limit: of each
 * @flow_lines, @no_pins: of the flow cache; 0: many
 */
struct deal_options {
	__u32 flags;
	__u32 n;
	const __u32 *weights;
	__u32 limit;
	__u32 flow_lines;
	bool no_pins;
};

/* Never NULL. */
struct deal *deal_open(const struct deal_options *o);
void deal_close(struct deal *d);
static inline void deal_closep(struct deal **d)
{
	deal_close(*d);
}

#define _cleanup_deal_ _cleanup_(deal_closep)

/* Return: the member that it was sent to, or DEAL_DROPPED. */
__u32 deal_send(struct deal *d, const struct deal_flow *f);
__u32 deal_syn(struct deal *d, __u32 client, __u16 sport);
__u32 deal_ack(struct deal *d, __u32 client, __u16 sport);
__u32 deal_fin(struct deal *d, __u32 client, __u16 sport);

/* The member that owns the slot of a TCP flow over IPv4, by its tuple. */
__u32 deal_owner(const struct deal *d, __u32 client, __u16 sport);
/* Slots of the table that a member owns. */
__u32 deal_slots(const struct deal *d, __u32 member);
/* A word in all slots. */
void deal_fill(struct deal *d, __u32 word);
/* Its services have SHUNT_SERVICE_* from now on. */
void deal_put_flags(struct deal *d, __u32 flags);
void deal_kill(struct deal *d, __u32 member, bool dead);
/* How many packets ended so, so far. */
__u64 deal_count(const struct deal *d, enum shunt_reason reason);
/* Connections of all members. */
__u32 deal_active(const struct deal *d);

#endif /* TESTS_BPF_DEAL_H */
