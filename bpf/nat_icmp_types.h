/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What an ICMP error is called in the other family: RFC 7915, 4.2 and 5.2. What has no
 * name there, or is none of a client's or a server's business, is not translated.
 */
#ifndef BPF_NAT_ICMP_TYPES_H
#define BPF_NAT_ICMP_TYPES_H

#include <bpf/bpf_endian.h>
#include <stdbool.h>

#include "icmp.h"
#include "pkt.h"

/* RFC 8200: an IPv6 link carries this much. */
#define IPV6_MIN_MTU 1280
#define NAT_GROWTH ((int)(sizeof(struct ipv6hdr) - sizeof(struct iphdr)))

/* Fields of the IPv6 header that errors point at. */
#define IPV6_AT_NEXT 6

/* Codes of ICMP_UNREACHABLE: RFC 792, RFC 1122, RFC 1812. */
enum icmp_unreachable {
	UNREACHABLE_HOST = 1,
	UNREACHABLE_PROTOCOL = 2,
	UNREACHABLE_PORT = 3,
	UNREACHABLE_TOO_BIG = 4,
	UNREACHABLE_NET_PROHIBITED = 9,
	UNREACHABLE_HOST_PROHIBITED = 10,
	UNREACHABLE_PROHIBITED = 13,
	UNREACHABLE_PRECEDENCE = 14,
	UNREACHABLE_PRECEDENCE_CUTOFF = 15,
};

/* Of ICMPV6_UNREACHABLE: RFC 4443. */
enum icmpv6_unreachable {
	UNREACHABLE6_ROUTE = 0,
	UNREACHABLE6_PROHIBITED = 1,
	UNREACHABLE6_SCOPE = 2,
	UNREACHABLE6_ADDRESS = 3,
	UNREACHABLE6_PORT = 4,
};

/* Of ICMP_PARAMETER_PROBLEM (RFC 1122) and ICMPV6_PARAMETER_PROBLEM. */
enum icmp_problem {
	PROBLEM_POINTER = 0,
	PROBLEM_LENGTH = 2,
	PROBLEM6_POINTER = 0,
	PROBLEM6_NEXT_HEADER = 1,
};

#define NO_POINTER 0xff

/**
 * struct icmp_error - the first 8 bytes of an ICMP error, but for the checksum
 * @rest: as it lies in the packet
 */
struct icmp_error {
	__u8 type;
	__u8 code;
	__be32 rest;
};

/* RFC 7915, figure 3: the byte of the IPv6 header that stands for one of IPv4. */
static __always_inline __u8 pointer_to_v6(__u8 at)
{
	switch (at) {
	case 0: /* version */
	case 1: /* type of service */
		return at;
	case 2: /* length */
	case 3:
		return 4;
	case 8: /* time to live */
		return 7;
	case 9: /* protocol */
		return IPV6_AT_NEXT;
	case 12 ... 15: /* source */
		return 8;
	case 16 ... 19: /* destination */
		return 24;
	default:
		return NO_POINTER;
	}
}

/* Figure 6: the other way. */
static __always_inline __u8 pointer_to_v4(__u32 at)
{
	switch (at) {
	case 0:
	case 1:
		return at;
	case 4:
	case 5:
		return 2;
	case IPV6_AT_NEXT:
		return 9;
	case 7:
		return 8;
	case 8 ... 23:
		return 12;
	case 24 ... 39:
		return 16;
	default:
		return NO_POINTER;
	}
}

/* RFC 1191, table 7-1: what a router that did not say its MTU may have meant. */
static __always_inline __u32 plateau_below(__u32 bytes)
{
	return bytes > 32000   ? 32000
	       : bytes > 17914 ? 17914
	       : bytes > 8166  ? 8166
	       : bytes > 4352  ? 4352
	       : bytes > 2002  ? 2002
	       : bytes > 1492  ? 1492
			       : 0; /* and less than an IPv6 link has */
}

/* @bytes: of the packet that was too big. */
static __always_inline __be32 mtu_to_v6(__u32 mtu, __u32 bytes)
{
	mtu = (mtu ?: plateau_below(bytes)) + NAT_GROWTH;
	return bpf_htonl(mtu < IPV6_MIN_MTU ? IPV6_MIN_MTU : mtu);
}

/* Less than an IPv6 link has is not believed; more than IPv4 can say is not needed. */
static __always_inline __be32 mtu_to_v4(__u32 mtu)
{
	if (mtu < IPV6_MIN_MTU)
		mtu = IPV6_MIN_MTU;
	mtu -= NAT_GROWTH;
	return bpf_htonl(mtu > 0xffff ? 0xffff : mtu);
}

static __always_inline bool unreach_to_v6(struct icmp_error *e, __u32 bytes)
{
	const __u16 mtu = bpf_ntohl(e->rest);

	e->type = ICMPV6_UNREACHABLE;
	e->rest = 0;
	switch (e->code) {
	case UNREACHABLE_PROTOCOL:
		e->type = ICMPV6_PARAMETER_PROBLEM;
		e->code = PROBLEM6_NEXT_HEADER;
		e->rest = bpf_htonl(IPV6_AT_NEXT);
		return true;
	case UNREACHABLE_PORT:
		e->code = UNREACHABLE6_PORT;
		return true;
	case UNREACHABLE_TOO_BIG:
		e->type = ICMPV6_TOO_BIG;
		e->code = 0;
		e->rest = mtu_to_v6(mtu, bytes);
		return true;
	case UNREACHABLE_NET_PROHIBITED:
	case UNREACHABLE_HOST_PROHIBITED:
	case UNREACHABLE_PROHIBITED:
	case UNREACHABLE_PRECEDENCE_CUTOFF:
		e->code = UNREACHABLE6_PROHIBITED;
		return true;
	case UNREACHABLE_PRECEDENCE:
		return false;
	default:
		e->code = UNREACHABLE6_ROUTE;
		return true;
	}
}

/* @bytes: of the packet that it is about, as its header says. False: it has no name. */
static __always_inline bool icmp_to_v6(struct icmp_error *e, __u32 bytes)
{
	__u8 at;

	switch (e->type) {
	case ICMP_UNREACHABLE:
		return e->code <= UNREACHABLE_PRECEDENCE_CUTOFF && unreach_to_v6(e, bytes);
	case ICMP_TIME_EXCEEDED:
		e->type = ICMPV6_TIME_EXCEEDED;
		e->rest = 0;
		return true;
	case ICMP_PARAMETER_PROBLEM:
		at = pointer_to_v6(bpf_ntohl(e->rest) >> 24);
		if ((e->code && e->code != PROBLEM_LENGTH) || at == NO_POINTER)
			return false;
		*e = (struct icmp_error){ ICMPV6_PARAMETER_PROBLEM, PROBLEM6_POINTER,
					  bpf_htonl(at) };
		return true;
	default:
		return false;
	}
}

static __always_inline bool unreach_to_v4(struct icmp_error *e)
{
	e->type = ICMP_UNREACHABLE;
	e->rest = 0;
	switch (e->code) {
	case UNREACHABLE6_ROUTE:
	case UNREACHABLE6_SCOPE:
	case UNREACHABLE6_ADDRESS:
		e->code = UNREACHABLE_HOST;
		return true;
	case UNREACHABLE6_PROHIBITED:
		e->code = UNREACHABLE_HOST_PROHIBITED;
		return true;
	case UNREACHABLE6_PORT:
		e->code = UNREACHABLE_PORT;
		return true;
	default:
		return false;
	}
}

static __always_inline bool paramprob_to_v4(struct icmp_error *e)
{
	const __u8 at = pointer_to_v4(bpf_ntohl(e->rest));

	if (e->code == PROBLEM6_NEXT_HEADER) {
		*e = (struct icmp_error){ ICMP_UNREACHABLE, UNREACHABLE_PROTOCOL, 0 };
		return true;
	}
	if (e->code != PROBLEM6_POINTER || at == NO_POINTER)
		return false;
	*e = (struct icmp_error){ ICMP_PARAMETER_PROBLEM, 0, bpf_htonl((__u32)at << 24) };
	return true;
}

static __always_inline bool icmp_to_v4(struct icmp_error *e)
{
	switch (e->type) {
	case ICMPV6_UNREACHABLE:
		return unreach_to_v4(e);
	case ICMPV6_TOO_BIG:
		*e = (struct icmp_error){ ICMP_UNREACHABLE, UNREACHABLE_TOO_BIG,
					  mtu_to_v4(bpf_ntohl(e->rest)) };
		return true;
	case ICMPV6_TIME_EXCEEDED:
		e->type = ICMP_TIME_EXCEEDED;
		e->rest = 0;
		return true;
	case ICMPV6_PARAMETER_PROBLEM:
		return paramprob_to_v4(e);
	default:
		return false;
	}
}

#endif /* BPF_NAT_ICMP_TYPES_H */
