/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The border between bpf/decap.bpf.c, which takes outer headers off on a backend,
 * and shunt-decap, which attaches it: every struct that lies in one of its maps.
 */
#ifndef SHUNT_DECAP_H
#define SHUNT_DECAP_H

#include "shunt/abi.h"

/* clang-format off */
/* Every way that a packet can end. Append only: the position is the counter's index.
 *	  name			XDP action	label		what it says */
#define DECAP_REASON_LIST(X)						\
	X(V4_IN_V4,		PASS,	"4in4",			"IPv4 taken out of IPv4")	\
	X(V6_IN_V4,		PASS,	"6in4",			"IPv6 taken out of IPv4")	\
	X(V4_IN_V6,		PASS,	"4in6",			"IPv4 taken out of IPv6")	\
	X(V6_IN_V6,		PASS,	"6in6",			"IPv6 taken out of IPv6")	\
	X(NOT_TUNNELLED,	PASS,	"not_tunnelled",	"no packet in another: left as it is")	\
	X(FRAGMENT,		PASS,	"fragment",		"a piece of a tunnelled packet: left to the stack")	\
	X(REFUSED_SOURCE,	DROP,	"refused_source",	"tunnelled by a sender that --from does not name")	\
	X(BAD_OUTER,		DROP,	"bad_outer",		"the outer header is wrong, or has options")	\
	X(BAD_INNER,		DROP,	"bad_inner",		"the inner packet is wrong, or longer than the outer one")	\
	X(BAD_ECN,		DROP,	"bad_ecn",		"congestion was marked, and the inner packet cannot say so")	\
	X(GUE,			PASS,	"gue",			"IPv4 or IPv6 taken out of UDP")	\
	X(OTHER_GUE,		PASS,	"other_gue",		"GUE of another kind, or with options: left to the stack")
/* clang-format on */

enum decap_reason {
	DECAP_CONTINUE, /* not ended: the next stage goes on */
#define DECAP_REASON_ENUM(name, action, label, text) DECAP_##name,
	DECAP_REASON_LIST(DECAP_REASON_ENUM)
#undef DECAP_REASON_ENUM
	DECAP_REASONS,
};

/* Room for reasons: a power of two. */
#define DECAP_MAX_REASONS 16

/**
 * struct decap_counters - packets that ended in each reason, on one CPU
 */
struct decap_counters {
	struct shunt_counter reason[DECAP_MAX_REASONS];
};

/**
 * struct decap_config - load-time constants
 * @gue_port: UDP port that GUE comes to; 0: none
 */
struct decap_config {
	__be16 gue_port;
};

/**
 * struct decap_source - a prefix that outer sources may be in: key of an LPM trie
 * @bits: that count, of @family and @addr together
 * @family: 4 or 6; always counts, so that ::/0 does not stand for IPv4
 * @addr: zeroes behind the prefix
 */
struct decap_source {
	__u32 bits;
	__u32 family;
	struct shunt_addr addr;
};

#define DECAP_SOURCE_BITS(family, prefix_bits) (32 + ((family) == 4 ? 96 : 0) + (prefix_bits))

_Static_assert(DECAP_REASONS <= DECAP_MAX_REASONS, "too many reasons");
_Static_assert(sizeof(struct decap_source) == 24, "ABI");

#endif /* SHUNT_DECAP_H */
