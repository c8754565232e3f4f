/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every way that a packet can end, once: the enum, the XDP action, the label
 * of the metric and the table of `shunt show drops` all come from this list.
 * Append only: the position is the counter's index.
 */
#ifndef SHUNT_REASON_H
#define SHUNT_REASON_H

#include "shunt/abi.h"

/* clang-format off */
/*	  name			XDP action	what it says */
#define SHUNT_REASON_LIST(X)						\
	X(FORWARDED,		TX,		"sent to a backend by the interface it came in")	\
	X(REDIRECTED,		REDIRECT,	"sent to a backend by another interface")	\
	X(NOT_IP,		PASS,		"neither IPv4 nor IPv6, or a family without a VIP")	\
	X(NOT_UNICAST,		PASS,		"the frame is for a group of hosts")	\
	X(NOT_L4,		PASS,		"neither TCP nor UDP, or a protocol without a service")	\
	X(NOT_SERVICE,		PASS,		"no virtual service has this address and port")	\
	X(RUNT,			PASS,		"the frame ends before the destination address")	\
	X(TRUNCATED,		DROP,		"for a VIP, but a header runs past the end")	\
	X(BAD_LENGTH,		DROP,		"for a VIP, but the IP length is wrong")	\
	X(FRAGMENT,		DROP,		"for a VIP, but a fragment")	\
	X(EXTENSION,		DROP,		"for a VIP, but with too many or broken IPv6 extension headers")	\
	X(TTL_EXPIRED,		DROP,		"for a VIP, but it may not be forwarded any further")	\
	X(NO_BACKEND,		DROP,		"no backend of the service is usable")	\
	X(NO_LEG,		DROP,		"the backend has no way for this address family")	\
	X(NO_NEIGHBOUR,		DROP,		"the MAC address of the next hop is not known")	\
	X(NO_SOURCE,		DROP,		"the interface has no address to tunnel from")	\
	X(TOO_BIG,		DROP,		"does not fit the link after encapsulation")	\
	X(NO_HEADROOM,		DROP,		"the driver left no room for the outer header")	\
	X(NO_DEVICE,		DROP,		"the interface to leave by takes no redirected frames")	\
	X(BAD_SLOT,		DROP,		"a table names a backend or an interface that does not exist")	\
	X(ECHO_ANSWERED,	TX,		"a ping to a VIP, answered")	\
	X(TOO_BIG_ANSWERED,	TX,		"does not fit the link: its sender was told by ICMP")	\
	X(ICMP_LIMITED,		DROP,		"would be answered by ICMP, but for the budget of this second")	\
	X(BAD_ICMP,		DROP,		"for a VIP, but an ICMP error that names none of its flows")	\
	X(LATE_FRAGMENT,	DROP,		"for a VIP, but a later fragment whose first one was not seen")	\
	X(OVER_LIMIT,		DROP,		"every backend has as many connections as it may")	\
	X(NO_CONNECTION,	DROP,		"for a VIP with nat, but no connection is known, and it begins none")	\
	X(CONNECTIONS_FULL,	DROP,		"there is no room for one more connection")	\
	X(CONNECTION_CLASH,	DROP,		"nat: its answers would be taken for those of another connection")	\
	X(NO_PORT,		DROP,		"fullnat: every port of the pool is in use to this backend")	\
	X(NO_TRANSLATION,	DROP,		"fullnat: the other address family cannot say this")	\
	X(RESET_ANSWERED,	TX,		"nobody has its connection any more: its sender was told by a TCP reset")	\
	X(BACKEND_GONE,		DROP,		"its backend is gone, and a reset would be no answer to it")	\
	X(DENIED,		DROP,		"the firewall denies its source")	\
	X(RATE_LIMITED,		DROP,		"the firewall grants its source, or its service, no more of these")	\
	X(BAD_FLAGS,		DROP,		"TCP flags that no connection has a use for")	\
	X(SYN_COOKIE,		TX,		"a SYN, answered by a cookie: nothing is kept of it")	\
	X(BAD_COOKIE,		DROP,		"for a VIP with nat, no connection is known, and it has no SYN cookie of ours")	\
	X(HELD,			DROP,		"its flow may be one that is being carried to new maps: sent again, it is known")
/* clang-format on */

enum shunt_reason {
	SHUNT_CONTINUE, /* not ended: the next stage goes on */
#define SHUNT_REASON_ENUM(name, action, text) SHUNT_##name,
	SHUNT_REASON_LIST(SHUNT_REASON_ENUM)
#undef SHUNT_REASON_ENUM
	SHUNT_REASONS,
};

_Static_assert(SHUNT_REASONS <= SHUNT_MAX_REASONS, "too many reasons");

#endif /* SHUNT_REASON_H */
