/* SPDX-License-Identifier: BSD-2-Clause */
#include "frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

__u16 frame_sum(const __u8 *p, size_t len)
{
	__u32 sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += frame_get16(p + i);
	if (len & 1)
		sum += (__u32)p[len - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

struct shunt_addr frame_addr(const char *text)
{
	struct shunt_addr a = { .b = { [10] = 0xff, [11] = 0xff } };

	int ok = inet_pton(AF_INET, text, a.b + 12) == 1 || inet_pton(AF_INET6, text, a.b) == 1;

	assert(ok);
	return a;
}

void frame_dump(const char *what, const struct frame *f)
{
	fprintf(stderr, "%s, %zu bytes:", what, f->len);
	for (size_t i = 0; i < f->len && i < 160; i++)
		fprintf(stderr, "%s%02x", i % 16 ? " " : "\n  ", f->data[i]);
	fputc('\n', stderr);
}

/* IEEE 802.1Q and 802.1ad: what a tag begins with is where the type would be. */
static bool is_tag(const __u8 *type)
{
	return frame_get16(type) == 0x8100 || frame_get16(type) == 0x88a8;
}

size_t frame_ip(const struct frame *f)
{
	size_t type = 12;

	for (int tags = 0; tags < 2; tags++)
		if (type + 2 <= f->len && is_tag(f->data + type))
			type += 4;
	return type + 2 <= f->len ? type + 2 : 0;
}

/* @n zeroes at the end of @f. */
static __u8 *push(struct frame *f, size_t n)
{
	__u8 *p = f->data + f->len;

	assert(f->len + n <= sizeof(f->data));
	memset(p, 0, n);
	f->len += n;
	return p;
}

static void put_ethernet(const struct packet *p, bool v6, struct frame *f)
{
	static const __u8 macs[12] = { 0x02, 0xd0, 0, 0, 0, 1, 0x02, 0xc0, 0, 0, 0, 2 };
	__u16 type = v6 ? 0x86dd : 0x0800;

	memcpy(push(f, sizeof(macs)), macs, sizeof(macs));
	if (p->group)
		f->data[0] |= 1;
	for (int i = 0; i < p->tags; i++) {
		__u8 *tag = push(f, 4);

		frame_put16(tag, p->tpid ?: i + 1 < p->tags ? 0x88a8 : 0x8100);
		frame_put16(tag + 2, (p->tci ?: 100) + i);
	}
	frame_put16(push(f, 2), p->ethertype ?: type);
}

/* The packet that @p quotes, without Ethernet; empty if it quotes none. */
static void build_quote(const struct packet *p, struct frame *f)
{
	f->len = 0;
	if (!p->quoted)
		return;
	frame_build(p->quoted, f);
	f->len = p->quote ?: f->len - FRAME_IP;
	memmove(f->data, f->data + FRAME_IP, f->len);
}

/* Bytes of the transport header and of what is behind it. */
static size_t l4_len(const struct packet *p)
{
	struct frame quote;

	build_quote(p, &quote);
	return (p->proto == IPPROTO_TCP ? 20 + p->tcp_options_len : 8) + quote.len + p->payload;
}

static __u8 usual_ttl(const struct packet *p)
{
	return p->ttl_zero ? 0 : p->ttl ?: 64;
}

static void put_ipv4(const struct packet *p, struct frame *f)
{
	const size_t hlen = 20 + p->options;
	struct shunt_addr src = frame_addr(p->src), dst = frame_addr(p->dst);
	__u8 *ip = push(f, hlen);

	ip[0] = (p->version ?: 4) << 4 | (p->ihl ?: hlen / 4);
	ip[1] = p->tos;
	frame_put16(ip + 2, hlen + l4_len(p) + p->ip_len_off);
	frame_put16(ip + 4, p->id);
	frame_put16(ip + 6, p->fragment);
	ip[8] = usual_ttl(p);
	ip[9] = p->proto;
	memcpy(ip + 12, src.b + 12, 4);
	memcpy(ip + 16, dst.b + 12, 4);
	memset(ip + 20, 1, p->options); /* no-operation */
	frame_put16(ip + 10, (__u16)~frame_sum(ip, hlen) + p->csum_off);
}

static size_t n_extensions(const struct packet *p)
{
	size_t n = 0;

	while (n < FRAME_EXTENSIONS && p->extension[n])
		n++;
	return n;
}

/* The type of the header at @i behind the IPv6 header. */
static __u8 next_header(const struct packet *p, size_t i)
{
	return i < n_extensions(p) ? p->extension[i] & 0xff : p->proto;
}

static size_t extension_len(const struct packet *p, size_t i)
{
	if (next_header(p, i) == IPPROTO_FRAGMENT)
		return 8;
	return p->extension_len ?: next_header(p, i) == IPPROTO_AH ? 16 : 8;
}

/* RFC 8200, 4.5: the offset is in the high bits, and this header has no length. */
static void put_fragment(const struct packet *p, __u8 *hdr)
{
	hdr[1] = 0;
	frame_put16(hdr + 2, (p->fragment & 0x1fff) << 3 | (p->fragment >> 13 & 1));
	frame_put16(hdr + 4, p->id);
	frame_put16(hdr + 6, FRAME_ID6);
}

/* RFC 8200: in units of 8 bytes, but the first; RFC 4302: in units of 4, but two. */
static void put_extensions(const struct packet *p, struct frame *f)
{
	const size_t n = n_extensions(p);

	for (size_t i = 0; i < n; i++) {
		const size_t len = extension_len(p, i);
		__u8 *hdr = push(f, len);

		hdr[0] = next_header(p, i + 1);
		hdr[1] = next_header(p, i) == IPPROTO_AH ? len / 4 - 2 : len / 8 - 1;
		if (i + 1 == n)
			hdr[1] += p->extension_off;
		if (next_header(p, i) == IPPROTO_FRAGMENT)
			put_fragment(p, hdr);
	}
}

static void put_ipv6(const struct packet *p, struct frame *f)
{
	size_t ext_len = 0;
	struct shunt_addr src = frame_addr(p->src), dst = frame_addr(p->dst);
	__u8 *ip = push(f, 40);

	for (size_t i = 0; i < n_extensions(p); i++)
		ext_len += extension_len(p, i);
	ip[0] = (p->version ?: 6) << 4 | p->tos >> 4;
	ip[1] = (__u8)(p->tos << 4);
	if (!p->no_label) {
		ip[1] |= 0x0a; /* 0xabcde */
		frame_put16(ip + 2, 0xbcde);
	}
	frame_put16(ip + 4, ext_len + l4_len(p) + p->ip_len_off);
	ip[6] = next_header(p, 0);
	ip[7] = usual_ttl(p);
	memcpy(ip + 8, src.b, 16);
	memcpy(ip + 24, dst.b, 16);
	put_extensions(p, f);
}

/* One's complement sum of the pseudo header (RFC 9293, RFC 768, RFC 8200). */
static __u16 pseudo_sum(const struct packet *p, bool v6)
{
	struct shunt_addr a[2] = { frame_addr(p->src), frame_addr(p->dst) };
	__u8 bytes[16 + 16 + 4] = {};

	for (int i = 0; i < 2; i++)
		memcpy(bytes + i * 16 + (v6 ? 0 : 12), a[i].b + (v6 ? 0 : 12), v6 ? 16 : 4);
	bytes[33] = p->proto;
	frame_put16(bytes + 34, l4_len(p));
	return frame_sum(bytes, sizeof(bytes));
}

/* RFC 792; RFC 4443 with the pseudo header of RFC 8200. */
static void put_icmp(const struct packet *p, bool v6, struct frame *f)
{
	const size_t len = l4_len(p);
	__u8 *icmp = push(f, len);
	struct frame quote;
	__u8 sums[4] = {};

	build_quote(p, &quote);
	icmp[0] = p->icmp_type;
	icmp[1] = p->icmp_code;
	frame_put16(icmp + 4, p->icmp_rest >> 16);
	frame_put16(icmp + 6, p->icmp_rest & 0xffff);
	memcpy(icmp + 8, quote.data, quote.len);
	for (size_t i = len - p->payload; i < len; i++)
		icmp[i] = (__u8)(i * 7 + 1);
	frame_put16(sums, frame_sum(icmp, len));
	if (v6)
		frame_put16(sums + 2, pseudo_sum(p, v6));
	frame_put16(icmp + 2, ~frame_sum(sums, sizeof(sums)) + p->l4_csum_off);
}

static void put32(__u8 *at, __u32 v)
{
	frame_put16(at, v >> 16);
	frame_put16(at + 2, v & 0xffff);
}

static void put_l4(const struct packet *p, bool v6, struct frame *f)
{
	const size_t len = l4_len(p);
	const bool tcp = p->proto == IPPROTO_TCP;
	__u8 *l4 = push(f, len), *check = l4 + (tcp ? 16 : 6);
	__u8 sums[4];

	frame_put16(l4, p->sport);
	frame_put16(l4 + 2, p->dport);
	if (tcp) {
		put32(l4 + 4, p->seq);
		put32(l4 + 8, p->ack);
		frame_put16(l4 + 14, p->window);
		l4[12] = (5 + p->tcp_options_len / 4) << 4;
		memcpy(l4 + 20, p->tcp_options, p->tcp_options_len);
		l4[13] = p->flags ?: FRAME_ACK;
	} else {
		frame_put16(l4 + 4, len);
	}
	for (size_t i = len - p->payload; i < len && !p->payload_zero; i++)
		l4[i] = (__u8)(i * 7 + 1);
	frame_put16(sums, frame_sum(l4, len));
	frame_put16(sums + 2, pseudo_sum(p, v6));
	frame_put16(check, ~frame_sum(sums, sizeof(sums)));
}

void frame_build(const struct packet *p, struct frame *f)
{
	const bool v6 = strchr(p->dst, ':');

	f->len = 0;
	put_ethernet(p, v6, f);
	if (v6)
		put_ipv6(p, f);
	else
		put_ipv4(p, f);
	if (p->proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		put_icmp(p, v6, f);
	else
		put_l4(p, v6, f);
	memset(push(f, p->pad), 0xee, p->pad);
	if (p->cut)
		f->len = p->cut;
}
