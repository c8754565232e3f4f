/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference: what must happen to a frame, written a second time, from the
 * RFCs and the ABI, a byte at a time and with no care for speed. It shares
 * nothing with the program but the ABI's types, the list of reasons and the
 * flow hash, which is itself part of the contract.
 *
 *   802.1Q          VLAN tags, and 802.1ad's around them
 *   RFC 791, 8200   IPv4 and IPv6 headers
 *   RFC 4302        the length of AH
 *   RFC 2003, 4213  IPv4 and IPv6 in IPv4
 *   RFC 2473        IPv4 and IPv6 in IPv6
 *   draft-ietf-intarea-gue  variant 1: IPv4 and IPv6 directly in UDP
 *   RFC 6040        ECN and tunnels: normal mode, the inner field is copied
 *   RFC 6864        the ID of an atomic datagram
 *   RFC 792, 4443   ICMP and ICMPv6, in ref_icmp.c; RFC 1191, 1812: "too big" in IPv4
 *
 * Where several reasons apply, the first in this order counts: Ethernet, IP header,
 * IPv6 extension headers from the first on, protocol, fragment, the end of the frame,
 * the IP length, service, slot and backend, TTL, leg, hop, mode, source address, size,
 * device.
 *
 * Of slots in transition it knows one thing, that it does not know them: there a
 * packet goes where world.found says.
 */
#ifndef TESTS_BPF_REF_H
#define TESTS_BPF_REF_H

#include "shunt/reason.h"
#include "frame.h"
#include "world.h"

/**
 * struct verdict - how a frame must end
 * @backend: the one that its slot, or its flow, gave; its counter grows if the frame
 *	is forwarded
 * @notes: the frame is the first fragment of a datagram that has to be remembered ...
 * @note: ... as this
 * @out: the frame afterwards; if it is neither forwarded nor answered, as it came in
 */
struct verdict {
	enum shunt_reason reason;
	__u32 backend;
	bool notes;
	struct world_fragment note;
	struct frame out;
};

/**
 * ref_judge() - what must happen to @in
 * @got: what the program made of it. Where the RFCs leave a value open (the ID of
 *	an outer IPv4 header without DF, the outer flow label and UDP port) the expected frame
 *	takes it from here.
 */
void ref_judge(const struct world *w, const struct frame *in, const struct frame *got,
	       struct verdict *v);

/* The action that the list of reasons gives @r, as an XDP action. */
__u32 ref_action(enum shunt_reason r);
const char *ref_name(enum shunt_reason r);

bool ref_is_forwarded(enum shunt_reason r);

bool ref_is_vip(const struct world *w, const struct shunt_addr *a);

#endif /* TESTS_BPF_REF_H */
