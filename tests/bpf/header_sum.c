/* SPDX-License-Identifier: BSD-2-Clause */
#include "header_sum.h"

#include <netinet/in.h>

size_t header_sum_end(const struct frame *f, const struct header *ip)
{
	const __u8 *hdr = f->data + ip->at;

	return ip->at +
	       (ip->kind == HEADER_IPV6 ? 40u + frame_get16(hdr + 4) : frame_get16(hdr + 2));
}

size_t header_sum_place(const struct header *hdr)
{
	switch (hdr->kind) {
	case HEADER_IPV4:
		return hdr->at + 10;
	case HEADER_TCP:
		return hdr->at + 16;
	case HEADER_UDP:
		return hdr->at + 6;
	case HEADER_ICMP:
		return hdr->at + 2;
	default:
		return 0;
	}
}

/* RFC 9293, RFC 768, RFC 8200. ICMP of IPv4 has none. */
static __u32 pseudo(const struct frame *f, const struct header *ip, const struct header *l4)
{
	const bool v6 = ip->kind == HEADER_IPV6;
	__u8 tail[4] = { 0, l4->type };

	if (l4->type == IPPROTO_ICMP)
		return 0;
	frame_put16(tail + 2, header_sum_end(f, ip) - l4->at);
	return frame_sum(f->data + ip->at + (v6 ? 8 : 12), v6 ? 32 : 8) +
	       (__u32)frame_sum(tail, sizeof(tail));
}

static bool is_piece(const struct frame *f, const struct headers *h, const struct header *ip)
{
	const struct header *fragment = headers_find(h, HEADER_FRAGMENT, ip->depth);

	if (ip->kind == HEADER_IPV4)
		return frame_get16(f->data + ip->at + 6) & 0x3fff;
	return fragment && frame_get16(f->data + fragment->at + 2) & 0xfff9;
}

/* The sum of what the checksum of @hdr covers. */
static bool add_up(const struct frame *f, const struct headers *h, const struct header *hdr,
		   __u32 *sum)
{
	const struct header *ip = headers_ip_of(h, hdr);
	const size_t place = header_sum_place(hdr);
	size_t end;

	if (!place || !ip)
		return false;
	if (hdr->kind == HEADER_IPV4) {
		*sum = frame_sum(f->data + hdr->at, hdr->len);
		return hdr->len >= 20 && hdr->at + hdr->len <= f->len;
	}
	end = header_sum_end(f, ip);
	if (place + 2 > end || end > f->len || is_piece(f, h, ip))
		return false;
	*sum = pseudo(f, ip, hdr) + frame_sum(f->data + hdr->at, end - hdr->at);
	return true;
}

bool header_sum_error(const struct frame *f, const struct headers *h, const struct header *hdr,
		      __u32 *error)
{
	if (!add_up(f, h, hdr, error))
		return false;
	*error %= 0xffff;
	return hdr->kind != HEADER_UDP || frame_get16(f->data + header_sum_place(hdr));
}

void header_sum_mend(struct frame *f, const struct headers *h, const struct header *hdr)
{
	__u8 *place = f->data + header_sum_place(hdr);
	__u16 sum;
	__u32 all;

	if (!add_up(f, h, hdr, &all))
		return;
	all += 0xffff - frame_get16(place);
	sum = (0xffff - all % 0xffff) % 0xffff;
	frame_put16(place, hdr->kind == HEADER_UDP && !sum ? 0xffff : sum);
}
