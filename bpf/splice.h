/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A connection of nat that a SYN cookie began (cookie.h): the client has had its SYN-ACK,
 * from us, and the server has not had its SYN. Both are joined here, by frames that are
 * made of others, as there are no frames to be had besides:
 *
 *	client			   balancer			server
 *	  | SYN, x		      |				   |
 *	  |-------------------------->| nothing is kept		   |
 *	  | SYN-ACK, c, window 0      |				   |
 *	  |<--------------------------|				   |
 *	  | ACK c + 1		      | SYN, x			   |
 *	  |-------------------------->|--------------------------->|
 *	  | c, a byte, ACK x + 1      | SYN-ACK, s, ACK x + 1	   |
 *	  |<--------------------------|<---------------------------|
 *	  | ACK c + 1, perhaps data   | ACK s + 1		   |
 *	  |-------------------------->|--------------------------->|
 *
 * A window of 0 keeps the client's data back until there is somebody to take it, as other
 * proxies do. What opens it is made of the server's SYN-ACK: a byte that the client has had
 * already, as a keepalive is (RFC 1122, 4.2.3.6), which the client must acknowledge. That
 * acknowledgement, or the data that were waiting, is what completes the server's handshake.
 * So whatever is lost is sent again by one of the two ends: by the server, which wants its
 * SYN-ACK acknowledged, and by the client, which asks for a window. All of the client's
 * that comes before the server has answered is turned into that SYN once more. Only if a
 * server speaks first, and its SYN is lost, nobody does: that is so with all SYN cookies.
 *
 * From then on the server's sequence numbers are s - c less for the client, and what the
 * client acknowledges is as much more. Options other than the MSS are not agreed on: there
 * are no selective acknowledgements to translate, and windows are no larger than 64 KiB.
 *
 * It is the connection that says so, not a load-time constant: it outlives the flood, and
 * the config that asked for cookies.
 */
#ifndef BPF_SPLICE_H
#define BPF_SPLICE_H

#include "conn.h"
#include "cookie.h"
#include "nat_packet.h"
#include "nat_quote.h"
#include "nat_sum.h"
#include "reset.h"
#include "segment.h"
#include "shunt/cookie.h"

static __always_inline struct shunt_conn_seq *splice_at(__u32 record)
{
	return bpf_map_lookup_elem(&shunt_conn_seqs, &record);
}

static __always_inline struct shunt_conn_seq splice_load(const struct shunt_conn_seq *at)
{
	const __u64 word = *(const volatile __u64 *)at;

	return (struct shunt_conn_seq){ .client_isn = word, .ours = word >> 32 };
}

static __always_inline void splice_store(struct shunt_conn_seq *at, __u32 client_isn, __u32 ours)
{
	*(volatile __u64 *)at = (__u64)ours << 32 | client_isn;
}

/* Of a record that is not in the index yet. */
static __always_inline bool splice_begin(__u32 record, const struct shunt_conn_seq *seq)
{
	struct shunt_conn_seq *at = splice_at(record);

	if (at)
		splice_store(at, seq->client_isn, seq->ours);
	return at;
}

static __always_inline bool splice_has(const struct shunt_conn *conn)
{
	return conn->flags[SHUNT_TO_SERVER] & SHUNT_CONN_SPLICED;
}

/* Has the server not answered yet? */
static __always_inline bool splice_waits(const struct shunt_conn *conn)
{
	return !(conn->flags[SHUNT_TO_CLIENT] & SHUNT_CONN_SYN);
}

/* --- numbers in a packet ---------------------------------------------------------- */

/* @number, of which a checksum is, grows by @by. Return: what the sum grew by. */
static __always_inline __u16 splice_add(__be32 *number, __u32 by)
{
	const __be32 old = *number;

	*number = bpf_htonl(bpf_ntohl(old) + by);
	return sum_grown(old, *number);
}

/* What is acknowledged, or where the segment begins, grows by @by. Return: enum shunt_reason. */
__noinline int splice_shift(struct xdp_md *xdp, __u32 is_ack, __u32 by)
{
	struct cursor cur = cursor_open(xdp);
	struct tcphdr *tcp;

	if (mss_find_tcp(xdp, &cur) < SEGMENT_HEADER_BYTES || !cursor_take(&cur, tcp))
		return SHUNT_TRUNCATED;
	tcp->check = sum_follow(tcp->check, splice_add(is_ack ? &tcp->ack_seq : &tcp->seq, by));
	return SHUNT_CONTINUE;
}

/*
 * An ICMP error quotes what the server has sent as its receiver knows it, and the server
 * looks whether the number is its own (RFC 5927).
 */
static __always_inline enum shunt_reason splice_quote(struct xdp_md *xdp, __u32 by, const bool v6)
{
	enum shunt_reason reason;
	struct quote q;

	reason = quote_take(xdp, &q, v6);
	if (reason || q.inner.proto != IPPROTO_TCP)
		return reason;
	q.icmp->check = sum_follow(q.icmp->check, splice_add((__be32 *)q.l4 + 1, by));
	return SHUNT_CONTINUE;
}

/* --- to the server ---------------------------------------------------------------- */

/*
 * A packet of the client, whose server has not answered: it becomes the SYN to it. Return:
 * enum shunt_reason.
 */
__noinline int splice_put_syn(struct xdp_md *xdp, struct nat_packet *p)
{
	const struct shunt_conn_seq *at = p ? splice_at(p->record) : NULL;
	struct shunt_conn_seq seq;
	struct segment s = {};
	struct seen seen;

	if (!p || !at)
		return SHUNT_NO_CONNECTION;
	if (!segment_see(xdp, &seen))
		return SHUNT_TRUNCATED;
	seq = splice_load(at);
	s.src = p->tuple.src;
	s.dst = p->tuple.dst;
	s.ports = p->tuple.ports;
	s.seq = seq.client_isn;
	s.window = seen.window;
	s.mss = shunt_cookie_mss(seq.ours >> SHUNT_COOKIE_MSS_SHIFT & (SHUNT_COOKIE_MSS_COUNT - 1));
	s.flags = TCP_SYN;
	s.v6 = p->v6;
	p->tcp_flags = TCP_SYN;
	p->odd = 0;
	p->ip_bytes = segment_bytes(&s) + (p->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	return segment_put(xdp, &s);
}

/* Is it for the client of @conn to wait? Whoever gives up may, and errors are about more. */
static __always_inline bool splice_is_early(const struct nat_packet *p,
					    const struct shunt_conn *conn)
{
	return splice_has(conn) && splice_waits(conn) && !(p->odd & (PKT_ICMP | PKT_LATER)) &&
	       !(p->tcp_flags & TCP_RST);
}

/*
 * A SYN of the client to a server that has answered. If it is another one than the first,
 * a SYN-ACK that answers it ends the translation; nothing else does, for whoever sends it
 * may know no more of the connection than who has it.
 */
static __always_inline enum shunt_reason splice_note_syn(struct xdp_md *xdp, __u32 record,
							 struct shunt_conn_seq *at)
{
	struct shunt_conn *conn = conn_at(record);
	const struct shunt_conn_seq seq = splice_load(at);
	struct seen seen;

	if (!conn || !segment_see(xdp, &seen))
		return SHUNT_TRUNCATED;
	if (seen.seq == seq.client_isn)
		return SHUNT_CONTINUE;
	splice_store(at, seen.seq, seq.ours);
	*(volatile __u8 *)&conn->flags[SHUNT_TO_SERVER] |= SHUNT_CONN_ANEW;
	return SHUNT_CONTINUE;
}

/* What the client says, in the numbers of the server. Return: enum shunt_reason. */
__noinline int splice_to_server(struct xdp_md *xdp, const struct nat_packet *p,
				const struct shunt_conn *conn)
{
	struct shunt_conn_seq *at = p ? splice_at(p->record) : NULL;
	__u32 by;

	if (!p || !conn || !at)
		return SHUNT_NO_CONNECTION;
	if (splice_waits(conn) || p->odd & PKT_LATER)
		return SHUNT_CONTINUE;
	by = splice_load(at).ours;
	if (p->odd & PKT_ICMP)
		return p->v6 ? splice_quote(xdp, by, true) : splice_quote(xdp, by, false);
	if (p->tcp_flags & TCP_ACK)
		return splice_shift(xdp, true, by);
	return p->tcp_flags & TCP_SYN ? splice_note_syn(xdp, p->record, at) : SHUNT_CONTINUE;
}

/* --- to the client ---------------------------------------------------------------- */

/*
 * The server's SYN-ACK becomes what opens the client's window. @by: how much more the
 * server counts.
 */
static __always_inline enum shunt_reason splice_open(struct xdp_md *xdp, struct nat_packet *p,
						     struct shunt_conn_seq *at,
						     const struct seen *seen, __u32 by)
{
	enum shunt_reason reason;
	struct segment s = {
		.src = p->tuple.src,
		.dst = p->tuple.dst,
		.ports = p->tuple.ports,
		.seq = seen->seq - by,
		.ack = seen->ack,
		.window = seen->window,
		.flags = TCP_ACK,
		.data_bytes = 1,
		.v6 = p->v6,
	};

	p->odd = 0;
	reason = segment_put(xdp, &s);
	if (!reason)
		splice_store(at, seen->ack - 1, by);
	return reason;
}

/*
 * Before it has answered our SYN the server may refuse it, if it says that it means that
 * one (RFC 9293, 3.10.7.3); or it speaks of another connection that it takes this one for,
 * and has to be told that there is none. The client would do so, had the SYN been its own.
 */
static __always_inline enum shunt_reason splice_refuse(struct xdp_md *xdp,
						       const struct nat_packet *p,
						       const struct seen *seen, bool is_answer,
						       __u32 cookie)
{
	if (!(p->tcp_flags & TCP_RST))
		return p->v6 ? reset_answer6(xdp) : reset_answer4(xdp);
	return is_answer ? splice_shift(xdp, false, cookie + 1 - seen->seq) : SHUNT_NO_CONNECTION;
}

/*
 * Is the SYN-ACK, of a server that has answered, the same once more? Two SYNs may have got
 * two answers, if the server keeps nothing of them either, and a byte at the number of the
 * other one would be none that the client has had. Our own is not kept, but is a cookie.
 */
static __always_inline bool splice_is_repeat(const struct shunt_conn *conn, const struct seen *seen,
					     const struct shunt_conn_seq *seq)
{
	struct shunt_syn syn = {
		.tuple = conn->client,
		.isn = seq->client_isn,
		.v6 = shunt_tuple_is_v6(&conn->client),
	};

	return cookie_is_good(&syn, seen->seq - seq->ours);
}

/*
 * What the server says, in the numbers of the client. A SYN-ACK that answers another SYN
 * is of a client that began anew where the server had forgotten the connection: from now
 * on both speak to each other. Return: enum shunt_reason.
 */
__noinline int splice_to_client(struct xdp_md *xdp, struct nat_packet *p,
				const struct shunt_conn *conn)
{
	struct shunt_conn_seq *at = p ? splice_at(p->record) : NULL;
	struct shunt_conn_seq seq;
	bool is_answer, is_syn;
	struct seen seen;

	if (!p || !conn || !at)
		return SHUNT_NO_CONNECTION;
	if (p->odd & (PKT_ICMP | PKT_LATER))
		return SHUNT_CONTINUE;
	if (!segment_see(xdp, &seen))
		return SHUNT_TRUNCATED;
	seq = splice_load(at);
	is_answer = p->tcp_flags & TCP_ACK && seen.ack == seq.client_isn + 1;
	is_syn = p->tcp_flags & TCP_SYN && is_answer;
	if (splice_waits(conn))
		return is_syn ? splice_open(xdp, p, at, &seen, seen.seq - seq.ours)
			      : splice_refuse(xdp, p, &seen, is_answer, seq.ours);
	if (!is_syn)
		return splice_shift(xdp, false, -seq.ours);
	if (conn->flags[SHUNT_TO_SERVER] & SHUNT_CONN_ANEW) {
		splice_store(at, seq.client_isn, 0);
		return SHUNT_CONTINUE;
	}
	return splice_is_repeat(conn, &seen, &seq) ? splice_open(xdp, p, at, &seen, seq.ours)
						   : SHUNT_NO_CONNECTION;
}

#endif /* BPF_SPLICE_H */
