/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of a frame, in the order that they lie there, those of packets inside
 * other packets included: what ICMP quotes, what IP-in-IP and GUE carry. Read as far as
 * they make sense, of frames that may make none.
 */
#ifndef TESTS_BPF_HEADERS_H
#define TESTS_BPF_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "frame.h"

enum header_kind {
	HEADER_TAGS, /* behind the MAC addresses, perhaps none; its @len is of all */
	HEADER_IPV4,
	HEADER_IPV6,
	HEADER_EXTENSION,
	HEADER_FRAGMENT, /* of IPv6 */
	HEADER_TCP,
	HEADER_UDP,
	HEADER_ICMP, /* and ICMPv6 */
	HEADER_PAYLOAD, /* the end */
	HEADER_KINDS,
};

#define HEADERS_MAX 32

/**
 * struct header
 * @at, @len: in the frame; as its length field says, perhaps past the end
 * @type: of an extension header, its number
 * @depth: 0: of the packet itself, 1: of the one inside it, and so on
 */
struct header {
	enum header_kind kind;
	size_t at;
	size_t len;
	__u8 type;
	__u8 depth;
};

struct headers {
	size_t n;
	struct header header[HEADERS_MAX];
};

/* @gue_port: UDP port behind which IP is looked for; 0: none. */
void headers_read(const struct frame *f, __u16 gue_port, struct headers *h);

/* The first one of that kind and depth; NULL if there is none. */
const struct header *headers_find(const struct headers *h, enum header_kind kind, __u8 depth);

/* The IP header that a header belongs to; NULL for tags. */
const struct header *headers_ip_of(const struct headers *h, const struct header *of);

#endif /* TESTS_BPF_HEADERS_H */
