/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A connection begins: a backend, a record, for fullnat a port, and the index. What was
 * taken is given back if any of it cannot be had.
 */
#ifndef BPF_NAT_BEGIN_H
#define BPF_NAT_BEGIN_H

#include "addr.h"
#include "clock.h"
#include "conn.h"
#include "sched.h"
#include "nat_packet.h"
#include "shunt/reason.h"
#include "slot.h"
#include "splice.h"

/* Ports that are tried whose tuple is in the index though their bit was clear. */
#define NAT_PORTS_TRIED 4

static __always_inline bool nat_leg_is_ours(const struct shunt_leg *leg)
{
	return leg->forward == SHUNT_FORWARD_NAT || leg->forward == SHUNT_FORWARD_FULLNAT;
}

/*
 * The backend that a new connection goes to: without a choice the owner of its slot, be
 * that said to be down, which is for the plan to say. Return: its id, or a reason, negative.
 */
static __always_inline int nat_choose(const struct nat_packet *p)
{
	const bool affine = shunt_rodata.tracked && p->service_flags & SHUNT_SERVICE_AFFINITY;
	const struct pkt pkt = {
		.src = p->tuple.src,
		.dst = p->tuple.dst,
		.ports = p->tuple.ports,
		.proto = p->tuple.proto,
		.service = p->service,
		.service_flags = p->service_flags,
	};
	const __u64 hash = slot_hash(&pkt, p->v6);
	__u32 id = affine ? transit_client(hash, p->service_flags, p->v6) : 0;

	if (id)
		return id;
	if (p->service_flags & SCHED_CHOOSES)
		id = sched_pick(hash, table_pack(&p->service), p->service_flags, p->v6);
	else
		id = table_owner(&p->service, hash);
	if (id == SCHED_OVER_LIMIT)
		return -SHUNT_OVER_LIMIT;
	if (affine && id)
		transit_put_client(hash, id);
	return id ?: -SHUNT_NO_BACKEND;
}

/* --- where all is taken --------------------------------------------------------- */

/* Long searches in vain that a CPU makes in a second, of microseconds each. */
#define NAT_VAIN_PER_S 256

/* Words of bits that may be looked at for @p. */
static __always_inline __u32 nat_tried(const struct nat_packet *p)
{
	return p && p->vain.used >= NAT_VAIN_PER_S && p->vain.second == clock_now_s()
		       ? BITS_WORDS_TRIED_AGAIN
		       : BITS_WORDS_TRIED;
}

/* If it is for want of a record or a port that a connection did not begin. */
static __always_inline void nat_note_vain(enum shunt_reason reason)
{
	struct nat_packet *p = nat_packet();

	if (p && (reason == SHUNT_CONNECTIONS_FULL || reason == SHUNT_NO_PORT))
		clock_take(&p->vain, NAT_VAIN_PER_S, clock_now_s());
}

/* --- the record ------------------------------------------------------------------- */

static __always_inline __u64 nat_sum_addrs(const struct shunt_tuple *t)
{
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		sum += (__u64)t->src.w[i] + t->dst.w[i];
	return sum;
}

/* 16 bits of a sum of at most 2^16 words; not complemented. */
static __always_inline __u16 nat_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	return ~shunt_csum_fold(sum);
}

/* A multiple of 0xffff above any sum of nine words, so that none goes below 0. */
#define NAT_SUM_MODULUS (0xffffffffULL << 8)

/* What the checksums of packets will differ by; @ports: of the server. */
static __always_inline void nat_put_deltas(struct shunt_conn *conn, __be32 ports)
{
	const __u64 addrs =
		NAT_SUM_MODULUS + nat_sum_addrs(&conn->server) - nat_sum_addrs(&conn->client);

	conn->ip_csum = nat_fold(addrs);
	conn->l4_csum = nat_fold(addrs + NAT_SUM_MODULUS + ports - conn->client.ports);
}

/* All but what the server's side sees. */
static __always_inline void nat_put_client(struct shunt_conn *conn, const struct nat_packet *p,
					   __u32 backend)
{
	conn->client = p->tuple;
	/* A second ago, so that the packet that comes now is the first of its second. */
	conn->seen_s[SHUNT_TO_SERVER] = clock_now_s() - 1;
	conn->seen_s[SHUNT_TO_CLIENT] = 0;
	conn->flags[SHUNT_TO_SERVER] = nat_is_spliced(p) ? SHUNT_CONN_SPLICED : 0;
	conn->flags[SHUNT_TO_CLIENT] = 0;
	conn->backend = backend;
	conn->counted = 0;
	conn->port_bit = SHUNT_NO_PORT_BIT;
}

/*
 * The tuple of the server: from its address to @to, port @port. Its ports come last,
 * because they say that the record is whole; exchanged, because that is a barrier.
 */
static __always_inline void nat_put_server(struct shunt_conn *conn, const struct shunt_leg *leg,
					   const struct shunt_addr *to, __be16 port)
{
	const __be32 ports = (leg->port ?: conn->client.ports >> 16) | (__be32)port << 16;

	conn->server.src = leg->addr;
	conn->server.dst = *to;
	conn->server.proto = conn->client.proto;
	nat_put_deltas(conn, ports);
	__sync_lock_test_and_set(&conn->server.ports, ports);
}

/* --- the index ---------------------------------------------------------------------- */

/*
 * Enter a record by the tuple of its server, in place of the record @former if that is
 * not 0. Return: enum shunt_reason; but for SHUNT_CONTINUE it is not entered.
 */
static __always_inline enum shunt_reason nat_enter_server(const struct shunt_conn *conn, __u64 hash,
							  __u32 record, __u32 former)
{
	if (former ? !conn_change(hash, former, record) : !conn_enter(hash, record))
		return former ? SHUNT_CONNECTION_CLASH : SHUNT_CONNECTIONS_FULL;
	if (!conn_find_other(hash, &conn->server, SHUNT_TO_CLIENT, record))
		return SHUNT_CONTINUE;
	conn_change(hash, record, 0);
	return SHUNT_CONNECTION_CLASH;
}

/*
 * The same, if no other connection has that tuple. With nat the tuple is as the client
 * chose it, and one that is closed makes way for the next; with fullnat there is
 * another port. Return: the record that had it, 0 for none; or a reason, negative.
 */
__noinline int nat_claim(const struct shunt_conn *conn, __u32 record)
{
	const struct shunt_conn *other;
	enum shunt_reason reason;
	__u32 former;
	__u64 hash;

	if (!conn)
		return -SHUNT_CONNECTIONS_FULL;
	hash = shunt_tuple_hash(shunt_rodata.hash_key, &conn->server);
	former = conn_find_other(hash, &conn->server, SHUNT_TO_CLIENT, record);
	if (former) {
		other = conn_at(former);
		if (!other || conn->port_bit != SHUNT_NO_PORT_BIT ||
		    !shunt_conn_is_closed(other->flags))
			return -SHUNT_CONNECTION_CLASH;
	}
	reason = nat_enter_server(conn, hash, record, former);
	return reason ? -reason : (int)former;
}

/* nat: the server sees the client's address. Return: as nat_claim() does. */
static __always_inline int nat_claim_client(struct shunt_conn *conn, const struct shunt_leg *leg,
					    __u32 record)
{
	nat_put_server(conn, leg, &conn->client.src, conn->client.ports);
	return nat_claim(conn, record);
}

/* A port of a leg's space: of which address, and its number. Return: enum shunt_reason. */
static __always_inline enum shunt_reason nat_put_port(struct shunt_conn *conn,
						      const struct shunt_leg *leg, __u32 tried)
{
	const bool v4 = addr_is_v4(&leg->addr);
	const __u32 n_addrs = shunt_rodata.pool_addrs[v4 ? SHUNT_V4 : SHUNT_V6];
	const __u32 line = leg->space * shunt_rodata.space_lines;
	const __u32 bit = bits_take(BITS_PORTS, line, n_addrs * shunt_rodata.pool_ports, tried);
	const struct shunt_addr *addr;
	__u32 index;

	if (bit == BITS_NONE)
		return SHUNT_NO_PORT;
	conn->port_bit = line * SHUNT_BITS_PER_LINE + bit;
	index = bit / shunt_rodata.pool_ports + (v4 ? 0 : shunt_rodata.pool_addrs[SHUNT_V4]);
	addr = bpf_map_lookup_elem(&shunt_pool, &index);
	if (!addr)
		return SHUNT_NO_PORT;
	nat_put_server(conn, leg, addr,
		       bpf_htons(shunt_rodata.pool_first_port + bit % shunt_rodata.pool_ports));
	return SHUNT_CONTINUE;
}

static __always_inline void nat_give_port(struct shunt_conn *conn)
{
	if (conn->port_bit != SHUNT_NO_PORT_BIT)
		bits_give(BITS_PORTS, conn->port_bit);
	conn->port_bit = SHUNT_NO_PORT_BIT;
}

/*
 * fullnat: the server sees an address of the pool. A port whose bit was clear though its
 * tuple is in the index, as may be when spaces were dealt out anew, is given back: the
 * bit is not this connection's to keep, and nobody else's. Return: 0, or a reason, negative.
 */
static __always_inline int nat_claim_port(struct shunt_conn *conn, const struct shunt_leg *leg,
					  __u32 record, __u32 tried)
{
	int claimed = -SHUNT_NO_PORT;

#pragma nounroll
	for (int i = 0; i < NAT_PORTS_TRIED; i++) {
		claimed = -nat_put_port(conn, leg, tried) ?: nat_claim(conn, record);
		if (!claimed)
			return 0;
		nat_give_port(conn);
		if (claimed != -SHUNT_CONNECTION_CLASH)
			return claimed;
	}
	return claimed;
}

/*
 * Enter the client's tuple, in place of the record @former if that is still there. Without
 * room for it the server's goes back to the record @claimed.
 */
static __always_inline enum shunt_reason nat_claim_service(const struct shunt_conn *conn,
							   __u64 hash, __u32 record, __u32 former,
							   __u32 claimed)
{
	if (former && conn_change(hash, former, record))
		return SHUNT_CONTINUE;
	if (conn_enter(hash, record))
		return SHUNT_CONTINUE;
	conn_change(shunt_tuple_hash(shunt_rodata.hash_key, &conn->server), record, claimed);
	return SHUNT_CONNECTIONS_FULL;
}

/* --- all of it ------------------------------------------------------------------------ */

/* No packet of it was sent: what is in the record is nobody's, and its bits are free. */
static __always_inline void nat_give_back(struct shunt_conn *conn, __u32 record)
{
	nat_give_port(conn);
	__sync_lock_test_and_set(&conn->server.ports, 0);
	bits_give(BITS_CONNS, record);
}

/* Return: as nat_claim() does. */
static __always_inline int nat_fill(struct shunt_conn *conn, const struct nat_packet *p,
				    __u32 record, __u32 backend)
{
	const struct shunt_backend *b = bpf_map_lookup_elem(&shunt_backends, &backend);
	const struct shunt_leg *leg;

	if (!b)
		return -SHUNT_BAD_SLOT;
	leg = &b->leg[p->v6 ? SHUNT_V6 : SHUNT_V4];
	if (!nat_leg_is_ours(leg))
		return -SHUNT_NO_LEG;
	nat_put_client(conn, p, backend);
	if (nat_is_spliced(p) && !splice_begin(record, &p->seq))
		return -SHUNT_CONNECTIONS_FULL;
	if (leg->forward == SHUNT_FORWARD_NAT)
		return nat_claim_client(conn, leg, record);
	return nat_claim_port(conn, leg, record, nat_tried(p));
}

/*
 * @hash: of the client's tuple; @former: the record that it is in the index for, or 0.
 * Return: the new record, or a reason, negative.
 */
__noinline int nat_begin(const struct nat_packet *p, __u64 hash, __u32 backend, __u32 former)
{
	const __u32 record = bits_take(BITS_CONNS, 0, shunt_rodata.conns, nat_tried(p));
	struct shunt_conn *conn = conn_at(record);
	enum shunt_reason reason;
	int claimed;

	/* Record 0 is nobody's; should its bit not have been set, it is now. */
	if (!p || record == BITS_NONE || !record || !conn)
		return -SHUNT_CONNECTIONS_FULL;
	claimed = nat_fill(conn, p, record, backend);
	reason = claimed < 0 ? (enum shunt_reason) - claimed
			     : nat_claim_service(conn, hash, record, former, claimed);
	if (reason) {
		nat_give_back(conn, record);
		return -reason;
	}
	if (p->service_flags & SHUNT_SERVICE_COUNTED)
		conn_count(conn);
	return record;
}

#endif /* BPF_NAT_BEGIN_H */
