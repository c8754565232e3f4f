/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the reference (ref.h) that reads frames. */
#ifndef TESTS_BPF_VIEW_H
#define TESTS_BPF_VIEW_H

#include "shunt/reason.h"
#include "frame.h"
#include "world.h"

/*
 * What the headers of a frame say of themselves. Of an ICMP error that is for a flow,
 * proto, src, dst and ports are those of the packet that it quotes, turned round.
 */
struct view {
	bool v6;
	bool dont_fragment;
	bool is_fragment; /* and not all of its datagram */
	bool is_later; /* and not the first one */
	__u16 fragment_offset; /* in units of 8 bytes */
	__u32 fragment_id; /* as it lies in the packet */
	bool has_ports; /* or it was said what they are; for ref.c to tell */
	enum shunt_reason fault; /* of IPv6 extension headers */
	__u8 proto; /* behind them; of a later fragment perhaps one of them */
	__u8 tos; /* DSCP and ECN */
	__u8 ttl;
	size_t ip; /* offset in the frame */
	size_t l4;
	size_t ip_len; /* of the IP packet, by its length field */
	struct shunt_addr src;
	struct shunt_addr dst;
	__be32 ports; /* as they lie in the packet */
	bool icmp; /* an error that is for a flow */
};

/**
 * view_read() - what @f says
 *
 * Return: why it is left to the stack before its protocol is known, or
 * SHUNT_CONTINUE.
 */
enum shunt_reason view_read(const struct world *w, const struct frame *f, struct view *v);

/* An IPv6 extension header that is walked. */
bool view_is_extension(__u8 type);

#endif /* TESTS_BPF_VIEW_H */
