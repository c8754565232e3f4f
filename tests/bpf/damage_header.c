/* SPDX-License-Identifier: BSD-2-Clause */
/* Damage that knows what headers mean. Whether all of one is there, it looks each time. */
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "damage.h"
#include "header_sum.h"
#include "world.h"

static bool has(const struct frame *f, const struct header *hdr, size_t n)
{
	return hdr->at + n <= f->len;
}

#define pick(r, from) ((from)[((r)&0xff) % array_len(from)])

/* --- what headers are called ---------------------------------------------------------- */

static __u8 number_of(const struct header *hdr)
{
	switch (hdr->kind) {
	case HEADER_IPV4:
		return IPPROTO_IPIP;
	case HEADER_IPV6:
		return IPPROTO_IPV6;
	default:
		return hdr->type;
	}
}

void damage_name_next(struct frame *f, const struct header *hdr, const struct header *next)
{
	if (hdr->kind == HEADER_TAGS && has(f, hdr, hdr->len + 2))
		frame_put16(f->data + hdr->at + hdr->len,
			    next->kind == HEADER_IPV6 ? 0x86dd : 0x0800);
	else if (hdr->kind == HEADER_IPV4 && has(f, hdr, 20))
		f->data[hdr->at + 9] = number_of(next);
	else if (hdr->kind == HEADER_IPV6 && has(f, hdr, 40))
		f->data[hdr->at + 6] = number_of(next);
	else if ((hdr->kind == HEADER_EXTENSION || hdr->kind == HEADER_FRAGMENT) && has(f, hdr, 8))
		f->data[hdr->at] = number_of(next);
}

/* --- Ethernet ------------------------------------------------------------------------- */

static void damage_tags(struct frame *f, const struct header *hdr, __u64 r)
{
	static const __u16 types[] = { 0x8100, 0x88a8, 0x8100, 0x88a8, 0x9100 };

	if (r & 1) {
		if (!damage_insert(f, hdr->at, 4))
			return;
		frame_put16(f->data + hdr->at, pick(r >> 1, types));
		frame_put16(f->data + hdr->at + 2, r >> 16);
	} else if (hdr->len) {
		damage_remove(f, hdr->at, 4);
	}
}

/* --- IP ------------------------------------------------------------------------------- */

static const char *const addrs4[] = { CLIENT4,	 SHOP4,	     OPEN4,    HASHED4,
				      STRANGER4, "10.9.0.1", "0.0.0.0" };
static const char *const addrs6[] = { CLIENT6,	 SHOP6,	      OPEN6, HASHED6,
				      STRANGER6, "fd00:9::1", "::",  "::ffff:198.51.100.7" };

/* @way: 0: the source, 1: the destination, 2: they change places. */
static void damage_addrs(__u8 *addrs, bool v6, int way, __u64 r)
{
	const size_t len = v6 ? 16 : 4;
	const struct shunt_addr a = frame_addr(v6 ? pick(r, addrs6) : pick(r, addrs4));
	__u8 old[16];

	if (way == 2) {
		memcpy(old, addrs, len);
		memcpy(addrs, addrs + len, len);
		memcpy(addrs + len, old, len);
	} else {
		memcpy(addrs + way * len, a.b + 16 - len, len);
	}
}

static const __u16 fragments[] = { 0x2000, 0x2000, 1, 2, 185, 0x20b9, 0x1fff, 0x3fff, 0 };
static const __u8 protos[] = { 1, 4, 6, 17, 41, 47, 50, 58, 59, 132 };
static const __u8 ttls[] = { 0, 1, 2, 255 };

static void add_ipv4_options(struct frame *f, const struct header *hdr, __u64 r)
{
	const size_t words = (r & 0xff) % 10 + 1;
	__u8 *ip = f->data + hdr->at;

	if ((ip[0] & 0xf) + words > 15 || !damage_insert(f, hdr->at + 20, words * 4))
		return;
	ip[0] += words;
	memset(ip + 20, 1, words * 4);
	frame_put16(ip + 2, frame_get16(ip + 2) + words * 4);
}

static void damage_ipv4(struct frame *f, const struct header *hdr, __u64 r)
{
	__u8 *ip = f->data + hdr->at;

	if (!has(f, hdr, 20))
		return;
	switch (r & 7) {
	case 0:
		frame_put16(ip + 6, pick(r >> 8, fragments));
		frame_put16(ip + 4, ID_KNOWN + (r >> 16 & 3) + (r >> 20 & 1) * ID_OF_TCP);
		break;
	case 1:
		frame_put16(ip + 6, r >> 8);
		break;
	case 2:
		add_ipv4_options(f, hdr, r >> 8);
		break;
	case 3:
		frame_put16(ip + 2, frame_get16(ip + 2) + (r >> 8) % 65 - 32);
		break;
	case 4:
		ip[8] = pick(r >> 8, ttls);
		break;
	case 5:
		ip[9] = pick(r >> 8, protos);
		break;
	default:
		damage_addrs(ip + 12, false, (r >> 3) % 3, r >> 8);
	}
}

/* --- IPv6 and what is behind it ---------------------------------------------------------- */

/* Of any type, behind @hdr. */
static void add_extension(struct frame *f, const struct headers *h, const struct header *hdr,
			  __u64 r)
{
	static const __u8 types[] = { 0, 43, 44, 44, 51, 60, 60 };
	const size_t at = hdr->at + hdr->len, len = ((r >> 8 & 0xff) % 3 + 1) * 8;
	const size_t next = hdr->at + (hdr->kind == HEADER_IPV6 ? 6 : 0);
	const struct header *ip = headers_ip_of(h, hdr);
	const __u8 type = pick(r, types);
	__u8 *ext = f->data + at, *ip_len;

	if (!ip || ip->kind != HEADER_IPV6 || !damage_insert(f, at, type == 44 ? 8 : len))
		return;
	ext[0] = f->data[next];
	f->data[next] = type;
	ext[1] = type == 44 ? 0 : type == 51 ? len / 4 - 2 : len / 8 - 1;
	ip_len = f->data + ip->at + 4;
	frame_put16(ip_len, frame_get16(ip_len) + (type == 44 ? 8 : len));
	if (type == 44) {
		frame_put16(ext + 2, pick(r >> 16, fragments) << 3 | (r >> 24 & 1));
		frame_put16(ext + 4, ID_KNOWN + (r >> 25 & 3));
		frame_put16(ext + 6, FRAME_ID6);
	}
}

static void damage_ipv6(struct frame *f, const struct headers *h, const struct header *hdr, __u64 r)
{
	__u8 *ip = f->data + hdr->at;

	if (!has(f, hdr, 40))
		return;
	switch (r & 7) {
	case 0:
	case 1:
		add_extension(f, h, hdr, r >> 8);
		break;
	case 2:
		frame_put16(ip + 4, frame_get16(ip + 4) + (r >> 8) % 65 - 32);
		break;
	case 3:
		ip[7] = pick(r >> 8, ttls);
		break;
	case 4:
		ip[6] = pick(r >> 8, protos);
		break;
	default:
		damage_addrs(ip + 8, true, (r >> 3) % 3, r >> 8);
	}
}

static void remove_extension(struct frame *f, const struct header *hdr)
{
	const struct header *before = hdr - 1;
	const __u8 next = f->data[hdr->at];

	if (!damage_remove(f, hdr->at, hdr->len))
		return;
	f->data[before->at + (before->kind == HEADER_IPV6 ? 6 : 0)] = next;
}

static void damage_extension(struct frame *f, const struct headers *h, const struct header *hdr,
			     __u64 r)
{
	if (!has(f, hdr, 8))
		return;
	switch (r & 3) {
	case 0:
		add_extension(f, h, hdr, r >> 8);
		break;
	case 1:
		remove_extension(f, hdr);
		break;
	case 2:
		f->data[hdr->at + (r >> 8 & 1)] = r >> 16 & 0x3f;
		break;
	default:
		frame_put16(f->data + hdr->at + 2, pick(r >> 8, fragments) << 3 | (r >> 16 & 1));
	}
}

/* --- TCP, UDP, ICMP ----------------------------------------------------------------------- */

/* Options that make sense, until one does not. */
static void fill_tcp_options(__u8 *options, size_t len, __u64 r)
{
	static const __u8 kinds[] = { 0, 1, 1, 2, 2, 2, 3, 4, 5, 8 };

	for (size_t at = 0; at < len; r = r >> 6 | r << 58) {
		const __u8 kind = pick(r >> 2, kinds);

		options[at++] = kind;
		if (kind < 2 || at == len)
			continue;
		options[at++] = kind == 2 && r & 2 ? 4 : r >> 7 & 0xf;
		for (int i = 0; i < 2 && at < len; i++)
			options[at++] = r >> (8 + 8 * i);
	}
}

static void damage_tcp(struct frame *f, const struct headers *h, const struct header *hdr, __u64 r)
{
	const struct header *ip = headers_ip_of(h, hdr);
	const size_t words = (r >> 8 & 0xff) % 10 + 1;
	__u8 *tcp = f->data + hdr->at, *ip_len;

	if (!ip || !has(f, hdr, 20))
		return;
	if (!(r & 3)) {
		tcp[12] = r >> 8;
	} else if (r & 4) {
		tcp[13] = r >> 8;
	} else if (hdr->len == 20 && damage_insert(f, hdr->at + 20, words * 4)) {
		tcp[12] = (5 + words) << 4;
		tcp[13] = r >> 16 & 1 ? FRAME_SYN : tcp[13];
		fill_tcp_options(tcp + 20, words * 4, r >> 17);
		ip_len = f->data + ip->at + (ip->kind == HEADER_IPV6 ? 4 : 2);
		frame_put16(ip_len, frame_get16(ip_len) + words * 4);
	}
}

static void damage_udp(struct frame *f, const struct header *hdr, __u64 r)
{
	__u8 *udp = f->data + hdr->at;

	if (!has(f, hdr, 8))
		return;
	if (r & 1)
		frame_put16(udp + 6, r & 2 ? 0 : 0xffff);
	else if (r & 2)
		frame_put16(udp + 4, frame_get16(udp + 4) + (r >> 8) % 33 - 16);
	else
		frame_put16(udp + (r >> 2 & 2), frame_get16(udp + (r >> 2 & 2)) ^ (r >> 8 & 3));
}

static void damage_icmp(struct frame *f, const struct header *hdr, __u64 r)
{
	static const __u8 types[] = { 0, 1, 2, 3, 3, 4, 5, 8, 11, 12, 13, 128, 129, 135 };
	__u8 *icmp = f->data + hdr->at;

	if (!has(f, hdr, 8))
		return;
	if (r & 1)
		icmp[0] = pick(r >> 8, types);
	else if (r & 2)
		icmp[1] = r >> 8 & 0x1f;
	else
		frame_put16(icmp + 4 + (r >> 2 & 2), r >> 8);
}

/* What ICMP quotes ends anywhere. */
static void damage_payload(struct frame *f, const struct header *hdr, __u64 r)
{
	const size_t n = (r & 0xff) % 64;

	if (hdr->at <= f->len && n < f->len - hdr->at)
		damage_remove(f, f->len - n, n);
	else if (r >> 8 & 1)
		damage_insert(f, f->len, n * 16);
}

void damage_header(struct frame *f, const struct headers *h, const struct header *hdr, __u64 r)
{
	switch (hdr->kind) {
	case HEADER_TAGS:
		return damage_tags(f, hdr, r);
	case HEADER_IPV4:
		return damage_ipv4(f, hdr, r);
	case HEADER_IPV6:
		return damage_ipv6(f, h, hdr, r);
	case HEADER_EXTENSION:
	case HEADER_FRAGMENT:
		return damage_extension(f, h, hdr, r);
	case HEADER_TCP:
		return damage_tcp(f, h, hdr, r);
	case HEADER_UDP:
		return damage_udp(f, hdr, r);
	case HEADER_ICMP:
		return damage_icmp(f, hdr, r);
	default:
		return damage_payload(f, hdr, r);
	}
}
