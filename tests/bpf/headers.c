/* SPDX-License-Identifier: BSD-2-Clause */
#include "headers.h"

#include <netinet/in.h>

/* Packets in packets that are looked into. */
#define DEPTH_MAX 3

/* What the next header is to be read as, where and in which packet. */
struct walk {
	const struct frame *f;
	struct headers *h;
	__u16 gue_port;
	size_t at;
	__u8 depth;
	bool v6;
};

static bool has(const struct walk *w, size_t n)
{
	return w->at + n <= w->f->len;
}

static void put(struct walk *w, enum header_kind kind, size_t len, __u8 type)
{
	if (w->h->n == HEADERS_MAX)
		return;
	w->h->header[w->h->n++] = (struct header){ kind, w->at, len, type, w->depth };
	w->at += len;
}

static bool is_options(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH;
}

static __u8 read_extensions(struct walk *w, __u8 next)
{
	while ((is_options(next) || next == IPPROTO_FRAGMENT) && has(w, 8) &&
	       w->h->n < HEADERS_MAX) {
		const __u8 *hdr = w->f->data + w->at;
		const __u8 type = next;

		next = hdr[0];
		if (type == IPPROTO_FRAGMENT) {
			put(w, HEADER_FRAGMENT, 8, type);
			if (frame_get16(hdr + 2) & 0xfff8)
				return IPPROTO_NONE;
		} else {
			put(w, HEADER_EXTENSION,
			    type == IPPROTO_AH ? hdr[1] * 4 + 8 : hdr[1] * 8 + 8, type);
		}
	}
	return next;
}

/* Return: the protocol behind the IP header; IPPROTO_NONE if it ends here. */
static __u8 read_ip(struct walk *w)
{
	const __u8 *ip = w->f->data + w->at;

	if (has(w, 20) && ip[0] >> 4 == 4) {
		w->v6 = false;
		put(w, HEADER_IPV4, (ip[0] & 0xf) * 4, 0);
		return frame_get16(ip + 6) & 0x1fff ? IPPROTO_NONE : ip[9];
	}
	if (!has(w, 40) || ip[0] >> 4 != 6)
		return IPPROTO_NONE;
	w->v6 = true;
	put(w, HEADER_IPV6, 40, 0);
	return read_extensions(w, ip[6]);
}

static bool has_ip_behind(const struct walk *w, __u8 proto)
{
	const __u8 *l4 = w->f->data + w->at;

	if (proto == IPPROTO_IPIP || proto == IPPROTO_IPV6)
		return true;
	if (proto == IPPROTO_UDP)
		return w->gue_port && has(w, 8) && frame_get16(l4 + 2) == w->gue_port;
	if (!has(w, 8) || proto != (w->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return false;
	return w->v6 ? l4[0] >= 1 && l4[0] <= 4
		     : l4[0] == 3 || l4[0] == 4 || l4[0] == 11 || l4[0] == 12;
}

static void read_l4(struct walk *w, __u8 proto)
{
	const __u8 *l4 = w->f->data + w->at;

	if (proto == IPPROTO_TCP)
		put(w, HEADER_TCP, has(w, 13) && l4[12] >> 4 > 5 ? (l4[12] >> 4) * 4 : 20, proto);
	else if (proto == IPPROTO_UDP)
		put(w, HEADER_UDP, 8, proto);
	else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
		put(w, HEADER_ICMP, 8, proto);
}

/* GUE of variant 0 has four bytes before the packet. */
static void skip_gue(struct walk *w, __u8 proto)
{
	const __u8 *first = w->f->data + w->at;

	if (proto == IPPROTO_UDP && has(w, 4) && !first[0])
		w->at += 4;
}

void headers_read(const struct frame *f, __u16 gue_port, struct headers *h)
{
	struct walk w = { .f = f, .h = h, .gue_port = gue_port, .at = 12 };
	const size_t ip = frame_ip(f);

	h->n = 0;
	if (!ip)
		return;
	put(&w, HEADER_TAGS, ip - 14, 0);
	w.at = ip;
	for (; w.depth <= DEPTH_MAX; w.depth++) {
		const __u8 proto = read_ip(&w);
		const bool more = has_ip_behind(&w, proto);

		read_l4(&w, proto);
		if (!more)
			break;
		skip_gue(&w, proto);
	}
	put(&w, HEADER_PAYLOAD, w.at < f->len ? f->len - w.at : 0, 0);
}

const struct header *headers_find(const struct headers *h, enum header_kind kind, __u8 depth)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->header[i].kind == kind && h->header[i].depth == depth)
			return &h->header[i];
	return NULL;
}

const struct header *headers_ip_of(const struct headers *h, const struct header *of)
{
	return headers_find(h, HEADER_IPV4, of->depth) ?: headers_find(h, HEADER_IPV6, of->depth);
}
