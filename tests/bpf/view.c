/* SPDX-License-Identifier: BSD-2-Clause */
#include "view.h"

#include <netinet/in.h>
#include <string.h>

static enum shunt_reason read_ipv4(const struct frame *f, struct view *v)
{
	const __u8 *ip = f->data + v->ip;

	if (f->len < v->ip + 20 || ip[0] >> 4 != 4 || (ip[0] & 0xf) < 5)
		return SHUNT_RUNT;
	v->tos = ip[1];
	v->ip_len = frame_get16(ip + 2);
	v->dont_fragment = ip[6] & 0x40;
	v->is_fragment = frame_get16(ip + 6) & 0x3fff; /* more to come, or an offset */
	v->fragment_offset = frame_get16(ip + 6) & 0x1fff;
	v->is_later = v->fragment_offset;
	memcpy(&v->fragment_id, ip + 4, 2);
	v->ttl = ip[8];
	v->proto = ip[9];
	v->src = v->dst = (struct shunt_addr){ .b = { [10] = 0xff, [11] = 0xff } };
	memcpy(v->src.b + 12, ip + 12, 4);
	memcpy(v->dst.b + 12, ip + 16, 4);
	v->l4 = v->ip + (ip[0] & 0xf) * 4;
	return SHUNT_CONTINUE;
}

bool view_is_extension(__u8 type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_DSTOPTS ||
	       type == IPPROTO_AH;
}

/* Bytes of the extension header at @hdr; 0 if it says that it is too short. */
static size_t extension_len(__u8 type, const __u8 *hdr)
{
	if (type != IPPROTO_AH)
		return 8 + hdr[1] * 8;
	return hdr[1] * 4 + 8 >= 12 ? hdr[1] * 4 + 8 : 0;
}

/* To the header behind the @n-th extension header. */
static enum shunt_reason step(const struct frame *f, struct view *v, int n)
{
	const __u8 type = v->proto;
	size_t len;

	if (n > 6 || (n > 1 && type == IPPROTO_HOPOPTS))
		return SHUNT_EXTENSION;
	if (v->l4 + 2 > f->len)
		return SHUNT_TRUNCATED;
	len = extension_len(type, f->data + v->l4);
	v->proto = f->data[v->l4];
	v->l4 += len;
	return len ? SHUNT_CONTINUE : SHUNT_EXTENSION;
}

static enum shunt_reason walk(const struct frame *f, struct view *v)
{
	for (int n = 1; view_is_extension(v->proto); n++) {
		const enum shunt_reason reason = step(f, v, n);

		if (reason)
			return reason;
	}
	return SHUNT_CONTINUE;
}

/* RFC 8200, 4.5; one that is all of its datagram is none (RFC 6946). */
static enum shunt_reason read_fragment(const struct frame *f, struct view *v)
{
	const __u8 *hdr = f->data + v->l4;

	if (v->l4 + 8 > f->len)
		return SHUNT_TRUNCATED;
	v->fragment_offset = frame_get16(hdr + 2) >> 3;
	v->is_later = v->fragment_offset;
	v->is_fragment = v->is_later || hdr[3] & 1;
	memcpy(&v->fragment_id, hdr + 4, 4);
	v->proto = hdr[0];
	v->l4 += 8;
	return v->proto == IPPROTO_HOPOPTS ? SHUNT_EXTENSION : SHUNT_CONTINUE;
}

/* What is behind the IPv6 header, up to what is no extension or not there. */
static enum shunt_reason walk_all(const struct frame *f, struct view *v)
{
	enum shunt_reason reason = walk(f, v);

	if (reason || v->proto != IPPROTO_FRAGMENT)
		return reason;
	reason = read_fragment(f, v);
	if (reason || v->is_later)
		return reason;
	reason = walk(f, v);
	return reason ?: v->proto == IPPROTO_FRAGMENT ? SHUNT_EXTENSION : SHUNT_CONTINUE;
}

static enum shunt_reason read_ipv6(const struct frame *f, struct view *v)
{
	const __u8 *ip = f->data + v->ip;

	if (f->len < v->ip + 40 || ip[0] >> 4 != 6)
		return SHUNT_RUNT;
	v->v6 = true;
	v->dont_fragment = true; /* routers never do */
	v->tos = (__u8)(ip[0] << 4 | ip[1] >> 4);
	v->ip_len = 40 + frame_get16(ip + 4);
	v->proto = ip[6];
	v->ttl = ip[7];
	memcpy(v->src.b, ip + 8, 16);
	memcpy(v->dst.b, ip + 24, 16);
	v->l4 = v->ip + 40;
	v->fault = walk_all(f, v);
	return SHUNT_CONTINUE;
}

enum shunt_reason view_read(const struct world *w, const struct frame *f, struct view *v)
{
	memset(v, 0, sizeof(*v));
	if (f->data[0] & 1)
		return SHUNT_NOT_UNICAST;
	v->ip = frame_ip(f);
	if (!v->ip)
		return SHUNT_NOT_IP;
	switch (frame_get16(f->data + v->ip - 2)) {
	case 0x0800:
		return w->rodata.ipv4 ? read_ipv4(f, v) : SHUNT_NOT_IP;
	case 0x86dd:
		return w->rodata.ipv6 ? read_ipv6(f, v) : SHUNT_NOT_IP;
	default:
		return SHUNT_NOT_IP;
	}
}
