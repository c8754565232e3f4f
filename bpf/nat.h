/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * nat and fullnat: packets of a client go to the server that their connection has,
 * with other addresses, and the server's answers come back the same way.
 *
 * Who begins a connection stands in nat_begin.h, and in cookie.h and splice.h when there
 * are too many who do; what becomes of a packet in nat_rewrite.h, nat_translate.h and
 * nat_icmp.h; here is what a packet is for, and
 * where it leaves. Counted for the backend are packets to it, as with all other ways.
 */
#ifndef BPF_NAT_H
#define BPF_NAT_H

#include "cookie.h"
#include "fwd.h"
#include "mss.h"
#include "nat_begin.h"
#include "nat_icmp.h"
#include "nat_rewrite.h"
#include "nat_translate.h"
#include "reset.h"
#include "service.h"
#include "splice.h"
#include "too_big.h"

/*
 * Is the other side of @p, which goes @way, of the other family? The address asked is not
 * a client's, which in IPv6 may look like one of IPv4.
 */
static __always_inline bool nat_is_translated(const struct nat_packet *p,
					      const struct shunt_conn *conn, enum shunt_way way)
{
	const struct shunt_addr *other =
		way == SHUNT_TO_CLIENT ? &conn->client.dst : &conn->server.src;

	return shunt_addr_is_v6(other) != p->v6;
}

static __always_inline enum shunt_reason nat_write(struct xdp_md *xdp, const struct nat_packet *p,
						   const struct shunt_conn *conn,
						   enum shunt_way way)
{
	if (p->odd & PKT_ICMP)
		return nat_icmp(xdp, p, conn, way);
	if (nat_is_translated(p, conn, way))
		return nat_translate(xdp, p, conn, way);
	return nat_rewrite(xdp, p, conn, way);
}

/* --- to a server ------------------------------------------------------------------ */

/* The leg that packets of @conn go by; NULL if its backend is not what it was. */
static __always_inline const struct shunt_leg *nat_leg(const struct shunt_conn *conn,
						       const struct nat_packet *p)
{
	__u32 id = conn->backend;
	const struct shunt_backend *b = bpf_map_lookup_elem(&shunt_backends, &id);
	const struct shunt_leg *leg;

	if (!b)
		return NULL;
	leg = &b->leg[p->v6 ? SHUNT_V6 : SHUNT_V4];
	return nat_leg_is_ours(leg) && shunt_addr_is_equal(&leg->addr, &conn->server.src) ? leg
											  : NULL;
}

/* May it begin a connection? */
static __always_inline bool nat_is_first(const struct nat_packet *p)
{
	if (p->odd & (PKT_ICMP | PKT_LATER))
		return false;
	if (p->tuple.proto == IPPROTO_UDP)
		return true;
	return (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/*
 * A server that is said to be down keeps what has begun, for who says so may err. Until it
 * has answered nothing has, and of a client that had a cookie no SYN will come again.
 */
static __always_inline bool nat_is_over(const struct nat_packet *p, const struct shunt_conn *conn,
					const struct shunt_leg *leg)
{
	const bool is_down = leg->flags & (SHUNT_LEG_DEAD | SHUNT_LEG_RESET);

	if (nat_is_first(p))
		return is_down || shunt_conn_is_closed(conn->flags);
	return is_down && p->service_flags & SHUNT_SERVICE_COOKIES && splice_is_early(p, conn);
}

/*
 * For a packet whose connection p->record (0: none) does not go on as it was. Return: the
 * record of the one that begins, or of that one after all, because there is no other
 * server; or a reason, negative.
 */
__noinline int nat_renew(const struct nat_packet *p)
{
	const __u32 known = p ? p->record : 0;
	const struct shunt_conn *conn = conn_at(known);
	int id;

	if (!p || !conn || !nat_is_first(p) || shunt_tuple_is_v6(&p->tuple) != p->v6)
		return p && p->odd & PKT_ICMP ? -SHUNT_BAD_ICMP : -SHUNT_NO_CONNECTION;
	id = nat_choose(p);
	if (known && nat_leg(conn, p) && !shunt_conn_is_closed(conn->flags) &&
	    (id <= 0 || id == conn->backend))
		return known;
	if (id <= 0)
		return id;
	id = nat_begin(p, nat_hash(p), id, known);
	nat_note_vain(-id);
	return id;
}

/* Keep the way back: the frame's own, turned round. */
static __always_inline void nat_learn(const struct xdp_md *xdp, struct shunt_conn *conn, __u64 tags)
{
	struct cursor cur = cursor_open(xdp);
	__u64 *macs = (__u64 *)conn->macs;
	__u32 *macs_end = (__u32 *)&conn->macs[sizeof(*macs)];
	const struct ethhdr *eth;
	__u64 head, back;
	__u32 tail;

	if (!cursor_take(&cur, eth))
		return;
	head = *(const __u64 *)eth;
	tail = *(const __u32 *)((const void *)eth + sizeof(head));
	if (conn->tags != tags || conn->ifindex != xdp->ingress_ifindex) {
		conn->tags = tags;
		conn->ifindex = xdp->ingress_ifindex;
	}
	/* Two stores: a packet between them may be lost, when the path changes. */
	back = head >> 48 | (__u64)tail << 16 | head << 48;
	if (*macs != back)
		*macs = back;
	if (*macs_end != (__u32)(head >> 16))
		*macs_end = head >> 16;
}

/* RFC 7915: the headers of the families differ by 20 bytes. */
static __always_inline __u32 nat_largest(const struct nat_packet *p, const struct shunt_conn *conn,
					 const struct shunt_leg *leg)
{
	const __u32 differ = sizeof(struct ipv6hdr) - sizeof(struct iphdr);

	if (!nat_is_translated(p, conn, SHUNT_TO_SERVER))
		return leg->mtu;
	return p->v6 ? leg->mtu + differ : leg->mtu - differ;
}

static __always_inline enum shunt_reason nat_to_server(struct xdp_md *xdp, struct nat_packet *p,
						       const struct shunt_conn *conn,
						       const struct shunt_leg *leg)
{
	const __u32 backend = conn->backend;
	enum shunt_reason reason;
	struct ethhdr *eth;
	struct cursor cur;
	struct fwd fwd;

	reason = fwd_follow(leg, &fwd);
	if (reason)
		return reason;
	p->mtu = nat_largest(p, conn, leg);
	if (p->ip_bytes > p->mtu)
		return SHUNT_TOO_BIG;
	if (splice_has(conn))
		reason = splice_to_server(xdp, p, conn);
	if (reason)
		return reason;
	reason = nat_write(xdp, p, conn, SHUNT_TO_SERVER);
	if (reason)
		return reason;
	cur = cursor_open(xdp);
	if (!cursor_take(&cur, eth))
		return SHUNT_TRUNCATED;
	fwd_set_macs(eth, &fwd);
	reason = fwd_send(xdp, &fwd);
	if (reason == SHUNT_FORWARDED || reason == SHUNT_REDIRECTED)
		stats_count_backend(backend, p->frame_bytes);
	return reason;
}

/* --- neither ---------------------------------------------------------------------- */

/* Is the connection to be reset? Whoever resets it himself, let the other side hear that. */
static __always_inline bool nat_is_reset(const struct nat_packet *p, const struct shunt_conn *conn)
{
	return shunt_rodata.resets && !(p->tcp_flags & TCP_RST) && reset_has(conn->backend);
}

/* It is over for both sides: each is told by the answer to its next packet. */
static __always_inline enum shunt_reason nat_reset(struct xdp_md *xdp, const struct nat_packet *p,
						   struct shunt_conn *conn, enum shunt_way way)
{
	if (p->odd & (PKT_ICMP | PKT_LATER) || p->tuple.proto != IPPROTO_TCP)
		return SHUNT_BACKEND_GONE;
	conn_see(conn, way, TCP_RST);
	return p->v6 ? reset_answer6(xdp) : reset_answer4(xdp);
}

/*
 * A packet for a service with SHUNT_SERVICE_NAT. @tags: VLAN tags that were taken off it.
 * Return: enum shunt_reason; or NAT_PENDING, if p->record is not the one to go by.
 */
__noinline int nat_request(struct xdp_md *xdp, struct nat_packet *p, const __u64 *tags)
{
	const struct shunt_leg *leg;
	enum shunt_reason reason;
	struct shunt_conn *conn;
	bool begun;

	if (!p || !tags)
		return SHUNT_NO_CONNECTION;
	if (p->ttl <= 1)
		return SHUNT_TTL_EXPIRED;
	begun = p->record;
	if (!begun)
		p->record = conn_find(nat_hash(p), &p->tuple, SHUNT_TO_SERVER);
	conn = conn_at(p->record);
	leg = conn ? nat_leg(conn, p) : NULL;
	if (!leg)
		return begun ? SHUNT_BAD_SLOT : NAT_PENDING;
	if (!begun && nat_is_over(p, conn, leg))
		return NAT_PENDING;
	if (nat_is_reset(p, conn))
		return nat_reset(xdp, p, conn, SHUNT_TO_SERVER);
	if (splice_is_early(p, conn)) {
		reason = splice_put_syn(xdp, p);
		if (reason)
			return reason;
	}
	if (!(p->odd & PKT_ICMP) && conn_see(conn, SHUNT_TO_SERVER, p->tcp_flags))
		nat_learn(xdp, conn, *tags);
	return nat_to_server(xdp, p, conn, leg);
}

/* --- to a client ------------------------------------------------------------------ */

static __always_inline bool nat_set_macs(const struct xdp_md *xdp, const struct shunt_conn *conn)
{
	struct cursor cur = cursor_open(xdp);
	struct ethhdr *eth;

	if (!cursor_take(&cur, eth))
		return false;
	*(__u64 *)eth = *(const __u64 *)conn->macs;
	*(__u32 *)((void *)eth + sizeof(__u64)) = *(const __u32 *)&conn->macs[sizeof(__u64)];
	return true;
}

/*
 * The SYN of a server, already as the client will see it, asks for no more than the
 * client's may. The service is looked up for that: once a connection, in place of room in
 * each record. Return: 0.
 */
__noinline int nat_clamp(struct xdp_md *xdp, const struct shunt_conn *conn)
{
	struct pkt pkt = { .tcp_flags = TCP_SYN };

	if (!conn)
		return 0;
	pkt.dst = conn->client.dst;
	pkt.ports = conn->client.ports;
	pkt.proto = conn->client.proto;
	if (!service_match(&pkt, shunt_tuple_is_v6(&conn->client)))
		mss_apply(xdp, &pkt);
	return 0;
}

/* It is for no service and is no answer. What that means for other packets is in odd.h. */
static __always_inline enum shunt_reason nat_is_lost(const struct nat_packet *p)
{
	/* A copy: to Linux 6.1 the memory of an argument is no key. */
	const struct shunt_addr dst = p->tuple.dst;

	if (p->odd & PKT_ICMP && bpf_map_lookup_elem(&shunt_vips, &dst))
		return SHUNT_BAD_ICMP;
	return SHUNT_NOT_SERVICE;
}

/*
 * A packet that is for no service: it may be an answer. @tags: VLAN tags that were taken
 * off it, and afterwards those that it is to leave with. Return: enum shunt_reason.
 */
__noinline int nat_answer(struct xdp_md *xdp, struct nat_packet *p, __u64 *tags)
{
	enum shunt_reason reason = SHUNT_CONTINUE;
	struct shunt_conn *conn;

	if (!p || !tags)
		return SHUNT_NOT_SERVICE;
	p->record = conn_find(nat_hash(p), &p->tuple, SHUNT_TO_CLIENT);
	conn = conn_at(p->record);
	if (!p->record || !conn)
		return nat_is_lost(p);
	if (p->ttl <= 1)
		return SHUNT_TTL_EXPIRED;
	if (nat_is_reset(p, conn))
		return nat_reset(xdp, p, conn, SHUNT_TO_CLIENT);
	if (splice_has(conn))
		reason = splice_to_client(xdp, p, conn);
	if (reason)
		return reason;
	if (!(p->odd & PKT_ICMP))
		conn_see(conn, SHUNT_TO_CLIENT, p->tcp_flags);
	reason = nat_write(xdp, p, conn, SHUNT_TO_CLIENT);
	if (reason)
		return reason;
	if (p->tcp_flags & TCP_SYN)
		nat_clamp(xdp, conn);
	if (!nat_set_macs(xdp, conn))
		return SHUNT_TRUNCATED;
	*tags = conn->tags;
	if (conn->ifindex == xdp->ingress_ifindex)
		return SHUNT_FORWARDED;
	return bpf_redirect(conn->ifindex, 0) == XDP_REDIRECT ? SHUNT_REDIRECTED : SHUNT_NO_DEVICE;
}

/* --- either ------------------------------------------------------------------------- */

/* May a packet be nat's, for which the stages have said @matched? */
static __always_inline bool nat_concerns(enum shunt_reason matched, const struct pkt *pkt)
{
	if (!shunt_rodata.nat)
		return false;
	return matched ? matched == SHUNT_NOT_SERVICE : pkt->service_flags & SHUNT_SERVICE_NAT;
}

static __always_inline bool nat_may_tell(const struct nat_packet *p)
{
	return shunt_rodata.icmp_per_s && !(p->odd & PKT_ICMP);
}

/*
 * A packet that the stages have left with NAT_PENDING. The functions that it needs are
 * called one after the other from here, and not by each other, for the sake of the stack.
 */
static __always_inline enum shunt_reason nat_pass(struct xdp_md *xdp, __u64 *tags)
{
	struct nat_packet *p = nat_packet();
	enum shunt_reason reason;
	int record;

	if (!p)
		return SHUNT_NOT_SERVICE;
	if (!(p->service_flags & SHUNT_SERVICE_NAT))
		return nat_answer(xdp, p, tags);
	reason = nat_request(xdp, p, tags);
	if (reason == NAT_PENDING && shunt_rodata.guard & SHUNT_GUARD_SYN)
		reason = cookie_judge(xdp, p);
	if (reason == NAT_PENDING) {
		record = nat_renew(p);
		if (record < 0)
			return -record;
		p->record = record;
		reason = nat_request(xdp, p, tags);
	}
	if (reason == SHUNT_TOO_BIG && nat_may_tell(p))
		return p->v6 ? too_big_answer6(xdp, p->mtu) : too_big_answer4(xdp, p->mtu);
	return reason;
}

#endif /* BPF_NAT_H */
