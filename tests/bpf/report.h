/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP errors about packets of connections, as somebody makes them and as whoever sent the
 * packet must get them: RFC 5508, and RFC 7915 from one family to the other.
 */
#ifndef TESTS_BPF_REPORT_H
#define TESTS_BPF_REPORT_H

#include "nat_alone.h"

/* RFC 792 and RFC 4443: what every error has behind its IP header, and quotes at least. */
#define ICMP_HEAD 8
#define QUOTED_L4 8

#define IPV4_DF 0x4000

/* ICMP types. */
enum {
	UNREACHABLE = 3,
	TIME_EXCEEDED = 11,
	PROBLEM = 12,
	UNREACHABLE6 = 1,
	TOO_BIG6 = 2,
	TIME_EXCEEDED6 = 3,
	PROBLEM6 = 4,
};

/* The first bytes of an ICMP message. */
struct say {
	__u8 type;
	__u8 code;
	__u32 rest;
};

/**
 * struct report - an error that somebody makes
 * @way: that the error goes; the packet it is about went the other one
 * @by_host: made by the other end of the connection, not by a router
 * @l4_bytes: that are quoted behind the quoted IP header; 0 for all
 * @says, @told: what the error says, and what it must say in the end
 * @kept: of @l4_bytes what is left in the end; 0 for all
 * @quoted: what is quoted, but for addresses and ports
 * @like: the error, likewise
 */
struct report {
	const struct pair *pair;
	enum shunt_way way;
	bool by_host;
	__u16 l4_bytes;
	__u16 kept;
	struct say says;
	struct say told;
	struct packet quoted;
	struct packet like;
};

/* That a packet was too big, in the words of either family. */
struct say report_too_big(bool v6, __u32 mtu);

/* Do errors that go @way come in by IPv6? */
bool report_by_v6(const struct pair *k, enum shunt_way way);

/* An error about a packet of 1500 bytes, to the client of a pair that crosses. */
struct report report_crossing(bool from_v6, struct say says, struct say told);

/* The error as it comes in. */
void report_build(const struct report *r, struct frame *f);

/* What must be quoted in the end, and what quotes @quoted. */
struct packet report_quoted(const struct report *r);
struct packet report_told(const struct report *r, const struct packet *quoted);

enum shunt_reason report_run(struct nat_bpf *skel, const struct report *r, const struct frame *in,
			     struct frame *out);

/* It ends as it is told, to the byte; or as @reason. */
void report_expect_told(struct nat_bpf *skel, const struct report *r);
void report_expect_refused(struct nat_bpf *skel, const struct report *r, enum shunt_reason reason,
			   const char *what);

/* Of every pair from @first_pair on, way, protocol and maker, with the rest as in @like. */
void report_expect_each(struct nat_bpf *skel, const struct report *like, int first_pair);

#endif /* TESTS_BPF_REPORT_H */
