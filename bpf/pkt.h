/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the stages know of a packet, and the cursor they read it with.
 *
 * struct pkt holds values and no pointers. Those into the packet would be void after a
 * helper has moved it, so whoever writes to the packet opens a cursor of its own; and on
 * the cold way it lies in a map (odd.h), which the verifier takes pointers into, and
 * gives numbers back.
 */
#ifndef BPF_PKT_H
#define BPF_PKT_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>

#include "shunt/abi.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words of MAC addresses and ports are put together for little-endian machines"
#endif

/* IPv4 fragment field: "don't fragment". */
#define IPV4_DF 0x4000

/*
 * An ICMP error about a packet that was sent by one of ours. struct pkt describes that
 * packet turned round: @src, @dst, @ports and @proto are those of the flow that it
 * answered; lengths and TTL are of what came in.
 */
#define PKT_ICMP (1U << 0)
/* A fragment. */
#define PKT_FRAGMENT (1U << 1)
/* And not the first one: there is no header of TCP or UDP. @ports are remembered, or 0. */
#define PKT_LATER (1U << 2)
/* And nothing is remembered of the first one. */
#define PKT_NO_PORTS (1U << 3)
/* Of IPv6: its addresses may look like those of IPv4. */
#define PKT_FRAGMENT6 (1U << 4)

/**
 * struct pkt - a packet on its way through the stages
 * @dst: as in the maps
 * @ports: source and destination port, as they lie in the packet
 * @frame_bytes: the frame as received, Ethernet header included
 * @ip_bytes: the IP packet; a frame may be longer (Ethernet padding)
 * @ttl: or hop limit, as received
 * @tcp_flags: the byte of the TCP header; 0 for UDP, and of an ICMP error
 * @odd: PKT_*: what is not as it is in most packets. Only the cold way (odd.h) sets
 *	bits here; on the others it is a constant, and what asks for it is not there.
 * @fragment_id: of the datagram, with PKT_FRAGMENT; as it lies in the packet
 * @hash: of the flow
 * @service, @service_flags: of the virtual service
 */
struct pkt {
	struct shunt_addr src;
	struct shunt_addr dst;
	__be32 ports;
	__u32 frame_bytes;
	__u32 ip_bytes;
	__u8 proto;
	__u8 ttl;
	__u8 tcp_flags;
	__u8 odd;
	__u32 fragment_id;
	__u64 hash;
	struct shunt_service service;
	__u32 service_flags;
	__u32 backend_id;
};

struct cursor {
	void *pos;
	void *end;
};

static __always_inline struct cursor cursor_open(const struct xdp_md *xdp)
{
	return (struct cursor){ (void *)(long)xdp->data, (void *)(long)xdp->data_end };
}

/*
 * Point @hdr at the next sizeof(*@hdr) bytes and step over them. False if the
 * packet ends before that; @hdr must not be used then. A macro because a function
 * that may return NULL costs a test for NULL in the generated code.
 */
#define cursor_take(cur, hdr)                                                                      \
	((hdr) = (cur)->pos, (cur)->pos = (void *)((hdr) + 1), (cur)->pos <= (cur)->end)

/* struct ethhdr is packed, so that its fields are read and written byte by byte. */
static __always_inline __be16 *pkt_ethertype(const struct ethhdr *eth)
{
	return (void *)eth + __builtin_offsetof(struct ethhdr, h_proto);
}

static __always_inline __be16 pkt_dst_port(const struct pkt *pkt)
{
	return pkt->ports >> 16;
}

#endif /* BPF_PKT_H */
