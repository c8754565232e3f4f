/* SPDX-License-Identifier: BSD-2-Clause */
#include "nat_look.h"

#include <stdio.h>
#include <string.h>

#include "header_sum.h"

bool look_must(bool holds, const char *what)
{
	if (!holds)
		fprintf(stderr, "not so: %s\n", what);
	return holds;
}

/* --- reading -------------------------------------------------------------------------- */

static const struct header *find_l4(const struct headers *h, __u8 depth)
{
	return headers_find(h, HEADER_TCP, depth)   ? headers_find(h, HEADER_TCP, depth)
	       : headers_find(h, HEADER_UDP, depth) ? headers_find(h, HEADER_UDP, depth)
						    : headers_find(h, HEADER_ICMP, depth);
}

void look_at(struct look *l, const struct frame *f)
{
	memcpy(&l->f, f, sizeof(*f));
	headers_read(&l->f, 0, &l->h);
	for (__u8 depth = 0; depth < 2; depth++) {
		l->ip[depth] = headers_find(&l->h, HEADER_IPV4, depth)
				       ?: headers_find(&l->h, HEADER_IPV6, depth);
		l->l4[depth] = find_l4(&l->h, depth);
	}
}

bool look_is_v6(const struct look *l, int depth)
{
	return l->ip[depth]->kind == HEADER_IPV6;
}

__u8 *look_bytes(struct look *l, const struct header *hdr)
{
	return l->f.data + hdr->at;
}

static __u8 *look_addrs(struct look *l, int depth)
{
	return look_bytes(l, l->ip[depth]) + (look_is_v6(l, depth) ? 8 : 12);
}

static size_t look_addr_len(const struct look *l, int depth)
{
	return look_is_v6(l, depth) ? 16 : 4;
}

struct shunt_addr look_addr(struct look *l, int depth, int which)
{
	struct shunt_addr a = { .b = { [10] = 0xff, [11] = 0xff } };
	const size_t len = look_addr_len(l, depth);

	memcpy(a.b + 16 - len, look_addrs(l, depth) + which * len, len);
	return a;
}

void look_put_addr(struct look *l, int depth, int which, const struct shunt_addr *a)
{
	const size_t len = look_addr_len(l, depth);

	memcpy(look_addrs(l, depth) + which * len, a->b + 16 - len, len);
}

bool look_is_error(const struct look *l)
{
	return l->l4[0] && l->l4[0]->kind == HEADER_ICMP;
}

/* Of the flow that it belongs to: an error is about a packet that went the other way. */
struct shunt_tuple look_tuple(struct look *l)
{
	const int depth = look_is_error(l);
	struct shunt_tuple tuple = { .src = look_addr(l, depth, depth),
				     .dst = look_addr(l, depth, !depth) };
	const __u8 *ports = look_bytes(l, l->l4[depth]);

	memcpy(&tuple.ports, ports, sizeof(tuple.ports));
	if (depth)
		tuple.ports = tuple.ports << 16 | tuple.ports >> 16;
	tuple.proto = l->l4[depth]->type;
	return tuple;
}

/* --- checksums ------------------------------------------------------------------------- */

/*
 * What a checksum of TCP or UDP is to keep, however little of the packet there is: the sum
 * of the addresses, the ports and itself.
 */
__u32 look_kept_sum(struct look *l, int depth)
{
	const __u8 *l4 = look_bytes(l, l->l4[depth]);
	const __u8 *check = l->f.data + header_sum_place(l->l4[depth]);

	return (frame_sum(look_addrs(l, depth), 2 * look_addr_len(l, depth)) + frame_sum(l4, 4) +
		frame_get16(check)) %
	       0xffff;
}

/* Is there one, within what was sent? */
bool look_has_csum(const struct look *l, int depth)
{
	const size_t place = header_sum_place(l->l4[depth]);

	if (place + 2 > l->f.len || place + 2 > header_sum_end(&l->f, l->ip[0]))
		return false;
	return l->l4[depth]->kind != HEADER_UDP || frame_get16(l->f.data + place);
}

/* Checksums of the same header on both sides are as wrong as each other. */
bool look_same_error(const struct look *in, const struct header *a, const struct look *out,
		     const struct header *b, const char *what)
{
	__u32 was, is;
	const bool known = header_sum_error(&in->f, &in->h, a, &was);

	return look_must(known == header_sum_error(&out->f, &out->h, b, &is), what) &&
	       look_must(!known || was == is, what);
}

bool look_is_right(const struct look *l, const struct header *hdr, const char *what)
{
	__u32 error;

	return look_must(header_sum_error(&l->f, &l->h, hdr, &error) && !error, what);
}
