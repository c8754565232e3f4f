/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * SYN cookies for services of nat: while there are too many SYNs that would begin a
 * connection they are answered here, and nothing is kept of them. The client that answers
 * that gets its connection, by the same way as with a SYN (nat_begin.h), and its two
 * handshakes are joined by splice.h.
 *
 * What too many is stands in struct shunt_syn_meter, of all services and CPUs together: a
 * flood is not known for what it is by one of its addresses. Hysteresis: it is over when
 * for SHUNT_SYN_HOLD_S there was no second with more than half as many. Once a second has
 * been found to be one too many its SYNs are counted no further, so that CPUs do not meet
 * in the counter when it matters.
 *
 * Acknowledgements are looked at whether there is a flood or not: it may have just ended,
 * or be that of another balancer.
 */
#ifndef BPF_COOKIE_H
#define BPF_COOKIE_H

#include "clock.h"
#include "conn.h"
#include "nat_packet.h"
#include "rodata.h"
#include "segment.h"
#include "shunt/cookie.h"

/* With the larger headers, and those of IPv6 instead of IPv4, it fits links of 1500. */
#define COOKIE_MSS 1440

/* --- how many ----------------------------------------------------------------------- */

static __always_inline struct shunt_syn_meter *cookie_meter(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&shunt_syn_meter, &zero);
}

static __always_inline __u32 cookie_period(const struct shunt_syn_meter *m)
{
	return (clock_now_s() + m->wall_s) / SHUNT_COOKIE_PERIOD_S;
}

/*
 * SYNs of this second, this one included, as far as they are counted. Both change in one
 * word: the count of a former second, which may have been a flood, is not that of this one.
 */
static __always_inline __u32 cookie_count(struct shunt_syn_meter *m, __u32 now, __u32 enough)
{
	__u64 *both = (__u64 *)&m->second;
	const __u64 word = *(volatile __u64 *)both;
	const __u32 count = word >> 32;

	if ((__u32)word == now)
		return count > enough ? count : __sync_fetch_and_add(&m->count, 1) + 1;
	/* Of those who are first at once, one is counted. */
	__sync_val_compare_and_swap(both, word, 1ULL << 32 | now);
	return 1;
}

/* One more SYN: are there too many? */
static __always_inline bool cookie_is_flood(struct shunt_syn_meter *m)
{
	const __u32 above = *(volatile __u32 *)&m->above, now = clock_now_s();
	const bool before = (__s32)(*(volatile __u32 *)&m->until_s - now) > 0;
	const __u32 enough = before ? above / 2 : above;

	if (!above)
		return false;
	if (cookie_count(m, now, enough) <= enough)
		return before;
	if (m->until_s != now + SHUNT_SYN_HOLD_S)
		*(volatile __u32 *)&m->until_s = now + SHUNT_SYN_HOLD_S;
	return true;
}

/* --- the answer to a SYN ------------------------------------------------------------ */

/*
 * The option that is @off bytes behind the beginning of the TCP header at @tcp_at, before
 * @end. Return: its bytes, 0 if the list ends there, and the MSS that it says << 8. For each
 * a call, as in mss.h.
 */
__noinline int cookie_option(struct xdp_md *xdp, __u32 tcp_at, __u32 off, __u32 end)
{
	const struct cursor cur = cursor_open(xdp);
	const __u8 *option = cur.pos + (tcp_at & MSS_FRAME_MASK) + (off & MSS_HEADER_MASK);

	if (off >= end || (void *)(option + 1) > cur.end || option[0] == TCP_OPTION_END)
		return 0;
	if (option[0] == TCP_OPTION_NOP)
		return 1;
	if ((void *)(option + 2) > cur.end || option[1] < 2 || off + option[1] > end)
		return 0;
	if (option[0] == TCP_OPTION_MSS && option[1] == TCP_OPTION_MSS_BYTES &&
	    (void *)(option + TCP_OPTION_MSS_BYTES) <= cur.end)
		return option[1] | (option[2] << 8 | option[3]) << 8;
	return option[1];
}

/* The MSS that a SYN asks for; 0 if it does not. Global, as mss_clamp() is. */
__noinline int cookie_read_mss(struct xdp_md *xdp)
{
	struct cursor cur = cursor_open(xdp);
	__u32 tcp_at, end, off = sizeof(struct tcphdr);
	const int bytes = mss_find_tcp(xdp, &cur);
	const struct tcphdr *tcp;

	tcp_at = cur.pos - (void *)(long)xdp->data;
	if (bytes < (int)sizeof(*tcp) || !cursor_take(&cur, tcp))
		return 0;
	end = tcp->doff * 4;
	if (end > (__u32)bytes)
		end = bytes;
#pragma nounroll
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		const int option = cookie_option(xdp, tcp_at, off, end);

		if (!option || option >> 8)
			return option >> 8;
		off += option;
	}
	return 0;
}

/* What we announce: the server may not be chosen yet, so it is what fits most of them. */
static __always_inline __u16 cookie_own_mss(__u32 service_flags)
{
	const __u32 mss = SHUNT_SERVICE_MSS(service_flags);

	return mss && mss < COOKIE_MSS ? mss : COOKIE_MSS;
}

static __always_inline enum shunt_reason cookie_answer(struct xdp_md *xdp,
						       const struct nat_packet *p, __u32 period)
{
	struct shunt_syn syn = { .tuple = p->tuple, .v6 = p->v6 };
	struct segment s = {
		.src = p->tuple.dst,
		.dst = p->tuple.src,
		.ports = nat_ports_back(p->tuple.ports),
		.mss = cookie_own_mss(p->service_flags),
		.flags = TCP_SYN | TCP_ACK,
		.is_answer = true,
		.v6 = p->v6,
	};
	enum shunt_reason reason;
	struct seen seen;

	if (!icmp_may_answer(&p->tuple.src, p->v6))
		return SHUNT_BAD_COOKIE;
	syn.mss = shunt_cookie_mss_index(cookie_read_mss(xdp));
	if (!segment_see(xdp, &seen))
		return SHUNT_TRUNCATED;
	syn.isn = seen.seq;
	s.seq = shunt_cookie_make(shunt_rodata.hash_key, &syn, period);
	s.ack = seen.seq + 1;
	reason = segment_put(xdp, &s);
	return reason ?: SHUNT_SYN_COOKIE;
}

/*
 * A SYN that begins a connection, or would. One whose former connection is known and over
 * would meet that again with its ACK, so it is forgotten.
 */
static __always_inline enum shunt_reason cookie_on_syn(struct xdp_md *xdp,
						       const struct nat_packet *p)
{
	const struct shunt_conn *former = p->record ? conn_at(p->record) : NULL;
	struct shunt_syn_meter *m = cookie_meter();

	if (!m || (former && !shunt_conn_is_closed(former->flags)))
		return NAT_PENDING;
	if (!cookie_is_flood(m) && !(p->service_flags & SHUNT_SERVICE_COOKIES_ALWAYS))
		return NAT_PENDING;
	if (former)
		conn_change(nat_hash(p), p->record, 0);
	return cookie_answer(xdp, p, cookie_period(m));
}

/* --- the answer to that ---------------------------------------------------------------- */

/*
 * Is @cookie what @syn was answered with, lately? Its MSS is set to what the cookie says.
 * Global: there are several who ask, and it is long.
 */
__noinline int cookie_is_good(struct shunt_syn *syn, __u32 cookie)
{
	const struct shunt_syn_meter *m = cookie_meter();

	return syn && m && shunt_cookie_check(shunt_rodata.hash_key, syn, cookie, cookie_period(m));
}

/*
 * A client acknowledges our SYN-ACK by what follows its SYN, or, if that was lost, asks for
 * a window with the last number that is acknowledged, which is that of its SYN.
 */
static __always_inline bool cookie_is_ours(struct shunt_syn *syn, const struct seen *seen)
{
	syn->isn = seen->seq - 1;
	if (cookie_is_good(syn, seen->ack - 1))
		return true;
	syn->isn = seen->seq;
	return cookie_is_good(syn, seen->ack - 1);
}

/* It goes on as the SYN that it answers for, if it does. */
static __always_inline enum shunt_reason cookie_on_ack(struct xdp_md *xdp, struct nat_packet *p)
{
	struct shunt_syn syn = { .tuple = p->tuple, .v6 = p->v6 };
	struct seen seen;

	if (!segment_see(xdp, &seen))
		return SHUNT_TRUNCATED;
	if (!cookie_is_ours(&syn, &seen))
		return SHUNT_BAD_COOKIE;
	p->seq = (struct shunt_conn_seq){ .client_isn = syn.isn, .ours = seen.ack - 1 };
	p->is_spliced = true;
	p->tcp_flags = TCP_SYN;
	return NAT_PENDING;
}

/*
 * A packet of a service of nat that goes by no connection. Return: enum shunt_reason;
 * NAT_PENDING: it may begin one.
 */
__noinline int cookie_judge(struct xdp_md *xdp, struct nat_packet *p)
{
	if (!p || !(p->service_flags & SHUNT_SERVICE_COOKIES) || p->tuple.proto != IPPROTO_TCP ||
	    p->odd & (PKT_ICMP | PKT_LATER))
		return NAT_PENDING;
	switch (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) {
	case TCP_SYN:
		return cookie_on_syn(xdp, p);
	case TCP_ACK:
	case TCP_ACK | TCP_FIN:
		return cookie_on_ack(xdp, p);
	default:
		return NAT_PENDING;
	}
}

#endif /* BPF_COOKIE_H */
