/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A packet of a connection, as the functions of nat hand it to each other: they are
 * global, so that the verifier looks at each once for both families and both ways, and
 * struct pkt is to stay in the registers of the stages.
 */
#ifndef BPF_NAT_PACKET_H
#define BPF_NAT_PACKET_H

#include "parse.h"
#include "pkt.h"
#include "rodata.h"
#include "shunt/hash.h"

/* Not the end of a packet: struct nat_packet says what it is, and nat.h goes on. */
#define NAT_PENDING ((enum shunt_reason)(PARSE_ODD + 1))

/**
 * struct nat_packet - a packet that a connection is looked for
 * @tuple: of the packet; of an ICMP error that of the flow it is about, see PKT_ICMP
 * @service, @service_flags: of a packet to a server; else 0
 * @frame_bytes, @ip_bytes, @ttl, @tcp_flags, @odd: as in struct pkt
 * @mtu: with SHUNT_TOO_BIG: the largest packet that its sender may send
 * @record: of its connection, if that is known
 * @v6: the family of the packet
 * @is_spliced, @seq: it answers a SYN cookie, and begins a connection: cookie.h
 * @vain: not of the packet: searches of this CPU for a record or a port that found none
 */
struct nat_packet {
	struct shunt_tuple tuple;
	struct shunt_service service;
	__u32 service_flags;
	__u32 frame_bytes;
	__u32 ip_bytes;
	__u32 mtu;
	__u8 ttl;
	__u8 tcp_flags;
	__u8 odd;
	__u8 v6;
	__u32 record;
	__u32 is_spliced;
	struct shunt_conn_seq seq;
	struct shunt_pin_budget vain;
};

/*
 * One a CPU, which no two packets use at a time. Not on the stack, most of which is taken
 * by the stages; and not in maps.h, because it is nobody else's.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct nat_packet);
	__uint(max_entries, 1);
} shunt_nat_packet SEC(".maps");

static __always_inline struct nat_packet *nat_packet(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shunt_nat_packet, &zero);
}

static __always_inline void nat_packet_put(const struct pkt *pkt, bool of_service, const bool v6)
{
	struct nat_packet *p = nat_packet();

	if (!p)
		return;
	p->tuple.src = pkt->src;
	p->tuple.dst = pkt->dst;
	p->tuple.ports = pkt->ports;
	*(__u32 *)&p->tuple.proto = pkt->proto;
	p->service = of_service ? pkt->service : (struct shunt_service){};
	p->service_flags = of_service ? pkt->service_flags : 0;
	p->frame_bytes = pkt->frame_bytes;
	p->ip_bytes = pkt->ip_bytes;
	p->ttl = pkt->ttl;
	p->tcp_flags = pkt->tcp_flags;
	p->odd = pkt->odd;
	p->v6 = v6;
	p->record = 0;
	if (shunt_rodata.guard & SHUNT_GUARD_SYN)
		p->is_spliced = false;
}

static __always_inline bool nat_is_spliced(const struct nat_packet *p)
{
	return shunt_rodata.guard & SHUNT_GUARD_SYN && p->is_spliced;
}

static __always_inline __u64 nat_hash(const struct nat_packet *p)
{
	return shunt_hash_flow(shunt_rodata.hash_key, &p->tuple.src, &p->tuple.dst, p->tuple.ports,
			       p->tuple.proto, p->v6);
}

#endif /* BPF_NAT_PACKET_H */
