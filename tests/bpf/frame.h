/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet frames for tests, built from a description whose zeroes mean "the
 * usual". Nothing here includes a header of the program under test but the
 * ABI's types: what the tests believe about packets comes from the RFCs.
 */
#ifndef TESTS_BPF_FRAME_H
#define TESTS_BPF_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "shunt/abi.h"

/* More than a test run of the kernel takes in one piece, and 128 bytes to grow. */
#define FRAME_ROOM 4096
/* The longest that fits one piece on every kernel, with some to spare. */
#define FRAME_LONGEST 3400
/* The shortest that a test run takes. */
#define FRAME_SHORTEST 14

struct frame {
	size_t len;
	__u8 data[FRAME_ROOM];
};

/* TCP flags (RFC 9293), and none of them, which 0 is not. */
#define FRAME_FIN 0x01
#define FRAME_SYN 0x02
#define FRAME_RST 0x04
#define FRAME_ACK 0x10
#define FRAME_NO_FLAGS 0x100

/* Of a packet, as struct packet has them: an IPv6 extension header of type @n. */
#define FRAME_EXTENSION(n) (0x100 | (n))
#define FRAME_EXTENSIONS 8

/* The low half of identifications in IPv6. */
#define FRAME_ID6 0x1d1d

/**
 * struct packet - what a frame should hold
 * @src, @dst: addresses as text; both of one family, which is the frame's
 * @proto: IPPROTO_*; what is neither TCP, UDP nor ICMP gets an 8-byte header like UDP's
 * @flags: of TCP, FRAME_*; 0 for ACK
 * @ttl: 0 for 64
 * @ttl_zero: a TTL of 0 is meant
 * @tos: DSCP and ECN; the traffic class in IPv6
 * @no_label: the flow label of IPv6 is 0
 * @fragment: the IPv4 word of flags and fragment offset; in IPv6 of each
 *	FRAME_EXTENSION(44), with the same meaning
 * @id: of the datagram, the high half of it in IPv6
 * @options: bytes of IPv4 options, a multiple of 4
 * @seq, @ack, @window: of TCP
 * @tcp_options: @tcp_options_len of them, a multiple of 4
 * @extension: before the transport header, each FRAME_EXTENSION(), up to the first 0
 * @extension_len: bytes of each; 0 for 8, or 16 if it is AH
 * @extension_off: added to the length field of the last one
 * @icmp_type, @icmp_code, @icmp_rest: of ICMP and ICMPv6: the header
 * @quoted: a packet that ICMP quotes behind its header; or NULL
 * @quote: bytes of it, of IP header and all; 0 for the whole packet
 * @l4_csum_off: added to the checksum of ICMP
 * @payload: bytes behind the transport header and what is quoted
 * @payload_zero: of TCP and UDP: these are zeroes
 * @pad: bytes behind the IP packet, of no value to anybody
 * @tags: VLAN tags: of 802.1Q the last one, of 802.1ad those before it
 * @tpid: of all of them, instead
 * @tci: of the first tag, 0 for 100; one more for each further tag
 * @ethertype, @version, @ihl: in place of the right value
 * @ip_len_off: added to the IP length field
 * @csum_off: added to the IPv4 header checksum
 * @cut: the frame is cut to this length in the end
 */
struct packet {
	const char *src;
	const char *dst;
	__u16 sport;
	__u16 dport;
	__u8 proto;
	__u16 flags;
	__u8 ttl;
	bool ttl_zero;
	__u8 tos;
	bool no_label;
	__u16 id;
	__u16 fragment;
	__u16 options;
	__u32 seq;
	__u32 ack;
	__u16 window;
	__u8 tcp_options[40];
	__u8 tcp_options_len;
	__u16 extension[FRAME_EXTENSIONS];
	__u16 extension_len;
	int extension_off;
	__u8 icmp_type;
	__u8 icmp_code;
	__u32 icmp_rest;
	const struct packet *quoted;
	__u16 quote;
	__u16 l4_csum_off;
	__u16 payload;
	bool payload_zero;
	__u16 pad;
	__u8 tags;
	__u16 tpid;
	__u16 tci;
	bool group;
	__u16 ethertype;
	__u8 version;
	__u8 ihl;
	int ip_len_off;
	__u16 csum_off;
	__u16 cut;
};

void frame_build(const struct packet *p, struct frame *f);

/* Offset of the IP header behind Ethernet without tags. */
#define FRAME_IP 14

/* The same behind at most two tags; 0 if the frame ends before its type. */
size_t frame_ip(const struct frame *f);

static inline __u16 frame_get16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static inline void frame_put16(__u8 *p, __u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

/**
 * frame_sum() - one's complement sum of 16-bit words (RFC 1071)
 *
 * Over a header that carries a right checksum: 0xffff.
 */
__u16 frame_sum(const __u8 *p, size_t len);

/* 16 bytes from text, IPv4 as ::ffff:a.b.c.d. */
struct shunt_addr frame_addr(const char *text);

/* Bytes in hex to stderr, for a test that failed. */
void frame_dump(const char *what, const struct frame *f);

#endif /* TESTS_BPF_FRAME_H */
