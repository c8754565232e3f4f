/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Connections of nat and fullnat: records, and the index that finds them by either
 * tuple. What they are to each other stands in shunt/abi.h.
 *
 * Nothing is locked. What CPUs can do to each other, and why it may be:
 * - Two enter the same tuple of a client at once, which one RSS queue a flow does not
 *   do. Both records stand; the one that lookups come to first gets the packets, the
 *   other one goes when its time is up.
 * - Two enter the same tuple of a server at once. At least one sees the other and gives
 *   up, perhaps both; its client tries again. A packet of the server in between may be
 *   taken for the one that gives up. It is for nobody yet: no SYN has been sent.
 * - One changes a client's entry while another does. One of them succeeds; the record
 *   of the other is not found, and goes when its time is up.
 * - Two see packets of one side of a connection at once. A flag may be lost; a
 *   connection whose end was not seen goes when its time is up, and is no longer counted
 *   then.
 * - A record goes while a packet that has found it is on its way: user space waits until
 *   all such packets have left the program before the record may be another's.
 */
#ifndef BPF_CONN_H
#define BPF_CONN_H

#include <linux/in.h>
#include <stdbool.h>

#include "bits.h"
#include "flow.h"
#include "load.h"
#include "parse.h"
#include "shunt/conn.h"

static __always_inline struct shunt_conn *conn_at(__u32 record)
{
	return bpf_map_lookup_elem(&shunt_conns, &record);
}

static __always_inline struct shunt_flow_line *conn_line(__u32 index)
{
	return bpf_map_lookup_elem(&shunt_conn_index, &index);
}

static __always_inline __u32 conn_first_line(__u64 hash)
{
	return hash >> 32 & shunt_rodata.conn_mask;
}

static __always_inline __u32 conn_other_line(__u64 hash)
{
	return shunt_flow_other(conn_first_line(hash), hash, shunt_rodata.conn_mask);
}

static __always_inline __u64 conn_load(const struct shunt_flow_line *line, __u32 i)
{
	return ((const volatile struct shunt_flow_line *)line)->entry[i];
}

/* --- find --------------------------------------------------------------------- */

/* Is @tuple that of the packets which go @way in the record? */
static __always_inline bool conn_has(__u32 record, const struct shunt_tuple *tuple,
				     enum shunt_way way)
{
	const struct shunt_conn *conn = conn_at(record);

	return record && conn && shunt_tuple_is_equal(shunt_conn_tuple(conn, way), tuple);
}

static __always_inline __u32 conn_find_in(const struct shunt_flow_line *line, __u32 tag,
					  const struct shunt_tuple *tuple, enum shunt_way way,
					  __u32 except)
{
	if (!line)
		return 0;
#pragma nounroll
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = conn_load(line, i);
		const __u32 record = SHUNT_CONN_RECORD(entry);

		if (SHUNT_FLOW_TAG(entry) == tag && record != except &&
		    conn_has(record, tuple, way))
			return record;
	}
	return 0;
}

/* The record, other than @except, that has @tuple for that way; 0 if there is none. */
__noinline __u32 conn_find_other(__u64 hash, const struct shunt_tuple *tuple, __u32 way,
				 __u32 except)
{
	if (!tuple)
		return 0;
	return conn_find_in(conn_line(conn_first_line(hash)), hash, tuple, way, except)
		       ?: conn_find_in(conn_line(conn_other_line(hash)), hash, tuple, way, except);
}

/* The record that the first entry with @tag names; 0 if there is none. */
static __always_inline __u32 conn_peek(const struct shunt_flow_line *line, __u32 tag)
{
#pragma unroll
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++) {
		const __u64 entry = conn_load(line, i);

		if (SHUNT_FLOW_TAG(entry) == tag)
			return SHUNT_CONN_RECORD(entry);
	}
	return 0;
}

/*
 * The record that has @tuple for that way, or 0. Most are what the first entry with
 * their tag in their first line says; all others are looked for at length.
 */
static __always_inline __u32 conn_find(__u64 hash, const struct shunt_tuple *tuple,
				       enum shunt_way way)
{
	const struct shunt_flow_line *line = conn_line(conn_first_line(hash));
	const __u32 record = line ? conn_peek(line, hash) : 0;

	return conn_has(record, tuple, way) ? record : conn_find_other(hash, tuple, way, 0);
}

/* --- enter, change, take away --------------------------------------------------- */

static __always_inline bool conn_swap_in(struct shunt_flow_line *line, __u64 from, __u64 to)
{
	if (!line)
		return false;
#pragma nounroll
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		if (conn_load(line, i) == from &&
		    __sync_val_compare_and_swap(&line->entry[i], from, to) == from)
			return true;
	return false;
}

static __always_inline __u32 conn_count_free(const struct shunt_flow_line *line)
{
	__u32 n = 0;

	if (!line)
		return 0;
#pragma nounroll
	for (__u32 i = 0; i < SHUNT_FLOWS_PER_LINE; i++)
		n += !conn_load(line, i);
	return n;
}

/* Enter a tuple: where, stands at the flow cache in abi.h. Return: 0 if there is no room. */
__noinline int conn_enter(__u64 hash, __u32 record)
{
	const __u64 entry = SHUNT_CONN_ENTRY(hash, record);
	struct shunt_flow_line *first = conn_line(conn_first_line(hash));
	struct shunt_flow_line *other = conn_line(conn_other_line(hash));
	const __u32 n_free = conn_count_free(first);

	if (n_free < SHUNT_FLOWS_PER_LINE / 2 && conn_count_free(other) > n_free)
		return conn_swap_in(other, 0, entry) || conn_swap_in(first, 0, entry);
	return conn_swap_in(first, 0, entry) || conn_swap_in(other, 0, entry);
}

/* Let the entry that names @from name @to, 0 for none. Return: 0 if there is none. */
__noinline int conn_change(__u64 hash, __u32 from, __u32 to)
{
	const __u64 old = SHUNT_CONN_ENTRY(hash, from);
	const __u64 new = to ? SHUNT_CONN_ENTRY(hash, to) : 0;

	return conn_swap_in(conn_line(conn_first_line(hash)), old, new) ||
	       conn_swap_in(conn_line(conn_other_line(hash)), old, new);
}

/* --- count ---------------------------------------------------------------------- */

static __always_inline void conn_count(struct shunt_conn *conn)
{
	load_begin(conn->backend);
	conn->counted = conn->backend;
}

/* Its end was seen. Whoever takes the id out of it subtracts, and remembers that. */
static __always_inline void conn_uncount(struct shunt_conn *conn, enum shunt_way way, __u8 flags)
{
	const __u32 id = __sync_lock_test_and_set(&conn->counted, 0);

	if (!id)
		return;
	load_end(id);
	*(volatile __u8 *)&conn->flags[way] = flags | SHUNT_CONN_UNCOUNTED;
}

/* It was none: or whoever has a limit would send a reset that nobody heeds, and go on. */
static __always_inline void conn_recount(struct shunt_conn *conn)
{
	for (int way = 0; way < SHUNT_WAYS; way++)
		*(volatile __u8 *)&conn->flags[way] &= ~SHUNT_CONN_UNCOUNTED;
	if (!__sync_val_compare_and_swap(&conn->counted, 0, conn->backend))
		load_resume(conn->backend);
}

/* --- see ------------------------------------------------------------------------ */

/* SHUNT_CONN_* of a packet. */
static __always_inline __u8 conn_flags(__u8 tcp_flags)
{
	__u8 flags = 0;

	if (tcp_flags & TCP_SYN)
		flags |= SHUNT_CONN_SYN;
	if (tcp_flags & TCP_FIN)
		flags |= SHUNT_CONN_FIN;
	if (tcp_flags & TCP_RST)
		flags |= SHUNT_CONN_RST;
	return flags & (SHUNT_CONN_SYN | SHUNT_CONN_RST) ? flags : flags | SHUNT_CONN_DATA;
}

/*
 * A packet adds something to what is known of its way. Who has reset a connection sends
 * nothing more but RSTs: if data follow, the ends have not heeded that reset, which may be
 * anybody's, and the connection is not over. So that such a packet comes here, a
 * reset takes SHUNT_CONN_DATA away.
 */
static __always_inline void conn_note(struct shunt_conn *conn, enum shunt_way way, __u8 known,
				      __u8 adds)
{
	__u8 flags = known | adds;

	if (adds & SHUNT_CONN_RST)
		flags &= ~SHUNT_CONN_DATA;
	else if (adds & SHUNT_CONN_DATA)
		flags &= ~SHUNT_CONN_RST;
	*(volatile __u8 *)&conn->flags[way] = flags;
	if (shunt_conn_is_closed(conn->flags))
		conn_uncount(conn, way, flags);
	else if ((conn->flags[SHUNT_TO_SERVER] | conn->flags[SHUNT_TO_CLIENT]) &
		 SHUNT_CONN_UNCOUNTED)
		conn_recount(conn);
}

/*
 * A packet goes that way. Written is only what differs, so that the record's line stays
 * in the caches of both CPUs that carry the two ways. Return: the first of its second.
 */
static __always_inline bool conn_see(struct shunt_conn *conn, enum shunt_way way, __u8 tcp_flags)
{
	const __u8 known = conn->flags[way], adds = conn_flags(tcp_flags);
	const __u32 now = clock_now_s();

	if (adds & ~known)
		conn_note(conn, way, known, adds);
	if (conn->seen_s[way] == now)
		return false;
	*(volatile __u32 *)&conn->seen_s[way] = now;
	return true;
}

#endif /* BPF_CONN_H */
