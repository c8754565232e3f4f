/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref_decap.h"

#include <netinet/in.h>
#include <string.h>

/**
 * struct outer - what is around the inner packet
 * @ip, @inner: offsets in the frame
 * @end: of what the inner packet may have
 * @proto: of the inner packet: IPPROTO_IPIP or IPPROTO_IPV6
 */
struct outer {
	size_t ip;
	size_t inner;
	size_t end;
	bool v6;
	bool is_fragment;
	bool is_gue;
	bool is_other;
	__u8 proto;
	__u8 ecn;
};

static bool is_tunnel(__u8 proto)
{
	return proto == IPPROTO_IPIP || proto == IPPROTO_IPV6;
}

static bool is_gue(const struct frame *in, size_t at, __u8 proto, __u16 port)
{
	return proto == IPPROTO_UDP && port && at + 8 <= in->len &&
	       frame_get16(in->data + at + 2) == port;
}

/* --- the outer header ------------------------------------------------------------- */

static enum decap_reason read_ipv4(const struct frame *in, __u16 gue_port, struct outer *o)
{
	const __u8 *ip = in->data + o->ip;
	bool is_later;

	if (o->ip + 20 > in->len)
		return DECAP_NOT_TUNNELLED;
	o->proto = ip[9];
	o->is_gue = is_gue(in, o->ip + 20, o->proto, gue_port);
	o->is_fragment = frame_get16(ip + 6) & 0x3fff;
	is_later = frame_get16(ip + 6) & 0x1fff;
	if (!is_tunnel(o->proto) && !(o->is_gue && (ip[0] & 0xf) == 5 && !is_later))
		return DECAP_NOT_TUNNELLED;
	o->inner = o->ip + 20;
	o->end = o->ip + frame_get16(ip + 2);
	o->ecn = ip[1] & 3;
	if (ip[0] != 0x45 || !ip[8] || frame_sum(ip, 20) != 0xffff)
		return DECAP_BAD_OUTER;
	return o->end < o->inner || o->end > in->len ? DECAP_BAD_OUTER : DECAP_CONTINUE;
}

static enum decap_reason read_ipv6(const struct frame *in, __u16 gue_port, struct outer *o)
{
	const __u8 *ip = in->data + o->ip;

	if (o->ip + 40 > in->len)
		return DECAP_NOT_TUNNELLED;
	o->v6 = true;
	o->proto = ip[6];
	o->inner = o->ip + 40;
	o->end = o->inner + frame_get16(ip + 4);
	o->ecn = ip[1] >> 4 & 3;
	o->is_gue = is_gue(in, o->inner, o->proto, gue_port);
	o->is_fragment = o->proto == IPPROTO_FRAGMENT;
	if (o->is_fragment && o->inner < in->len)
		o->proto = ip[40];
	if (!is_tunnel(o->proto) && !o->is_gue)
		return DECAP_NOT_TUNNELLED;
	return ip[0] >> 4 != 6 || !ip[7] || o->end > in->len ? DECAP_BAD_OUTER : DECAP_CONTINUE;
}

/* --- GUE -------------------------------------------------------------------------- */

/* What follows UDP. False: GUE that is not for here. */
static bool read_variant(const struct frame *in, struct outer *o)
{
	const __u8 *gue = in->data + o->inner;

	if (o->inner >= in->len)
		return false;
	o->proto = gue[0] >> 4 == 6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	if (gue[0] >> 4 == 4 || gue[0] >> 4 == 6)
		return true;
	if (o->inner + 4 > o->end || gue[0] || !is_tunnel(gue[1]) || gue[2] || gue[3])
		return false;
	o->proto = gue[1];
	o->inner += 4;
	return true;
}

static enum decap_reason read_gue(const struct frame *in, struct outer *o)
{
	const __u8 *udp = in->data + o->inner;
	__u16 len;

	if (!o->is_gue || o->is_fragment)
		return DECAP_CONTINUE;
	len = frame_get16(udp + 4);
	if (len < 8 || o->inner + len > o->end)
		return DECAP_BAD_OUTER;
	o->end = o->inner + len;
	o->inner += 8;
	o->is_other = !read_variant(in, o);
	return DECAP_CONTINUE;
}

/* --- who sent it ------------------------------------------------------------------- */

static bool is_admitted(const struct frame *in, const struct outer *o)
{
	static const __u8 from4[] = { 10, 1, 0 };
	static const __u8 from6[] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0 };
	const __u8 *ip = in->data + o->ip;

	return o->v6 ? !memcmp(ip + 8, from6, sizeof(from6))
		     : !memcmp(ip + 12, from4, sizeof(from4));
}

/* --- the inner packet --------------------------------------------------------------- */

/* RFC 6040, figure 4; rows: inner, columns: outer; 4: drop. */
static const __u8 combined[4][4] = {
	/* Not-ECT, ECT(1), ECT(0), CE */
	{ 0, 0, 0, 4 },
	{ 1, 1, 1, 3 },
	{ 2, 1, 2, 3 },
	{ 3, 3, 3, 3 },
};

/* RFC 1624: the checksum is as wrong as it was. */
static void mark_ipv4(__u8 *ip, __u8 ecn)
{
	const __u16 old = frame_get16(ip), check = frame_get16(ip + 10);
	__u8 words[6];

	ip[1] = (ip[1] & 0xfc) | ecn;
	if (frame_get16(ip) == old)
		return;
	frame_put16(words, ~check);
	frame_put16(words + 2, ~old);
	frame_put16(words + 4, frame_get16(ip));
	frame_put16(ip + 10, ~frame_sum(words, sizeof(words)));
}

static bool is_inner(const struct frame *in, const struct outer *o)
{
	const __u8 *ip = in->data + o->inner;

	if (o->proto == IPPROTO_IPV6)
		return o->inner + 40 <= in->len && ip[0] >> 4 == 6 &&
		       o->inner + 40 + frame_get16(ip + 4) <= o->end;
	return o->inner + 20 <= in->len && ip[0] >> 4 == 4 && (ip[0] & 0xf) >= 5 &&
	       frame_get16(ip + 2) >= (ip[0] & 0xf) * 4 && o->inner + frame_get16(ip + 2) <= o->end;
}

static enum decap_reason take_out(const struct frame *in, const struct outer *o, struct frame *out)
{
	static const enum decap_reason kinds[2][2] = { { DECAP_V4_IN_V4, DECAP_V6_IN_V4 },
						       { DECAP_V4_IN_V6, DECAP_V6_IN_V6 } };
	const bool v6 = o->proto == IPPROTO_IPV6;
	__u8 *ip = out->data + o->ip, ecn;

	ecn = combined[v6 ? in->data[o->inner + 1] >> 4 & 3 : in->data[o->inner + 1] & 3][o->ecn];
	if (ecn > 3)
		return DECAP_BAD_ECN;
	out->len = in->len - (o->inner - o->ip);
	memcpy(ip, in->data + o->inner, in->len - o->inner);
	frame_put16(ip - 2, v6 ? 0x86dd : 0x0800);
	if (v6)
		ip[1] = (ip[1] & 0xcf) | ecn << 4;
	else
		mark_ipv4(ip, ecn);
	return o->is_gue ? DECAP_GUE : kinds[o->v6][v6];
}

enum decap_reason ref_decap(const struct frame *in, __u16 gue_port, struct frame *out)
{
	struct outer o = { .ip = frame_ip(in) };
	const __u16 type = o.ip ? frame_get16(in->data + o.ip - 2) : 0;
	enum decap_reason reason;

	*out = *in;
	if (type != 0x0800 && type != 0x86dd)
		return DECAP_NOT_TUNNELLED;
	reason = (type == 0x0800 ? read_ipv4(in, gue_port, &o) : read_ipv6(in, gue_port, &o))
			 ?: read_gue(in, &o);
	if (reason)
		return reason;
	if (!is_admitted(in, &o))
		return DECAP_REFUSED_SOURCE;
	if (o.is_fragment)
		return DECAP_FRAGMENT;
	if (o.is_other)
		return DECAP_OTHER_GUE;
	return is_inner(in, &o) ? take_out(in, &o, out) : DECAP_BAD_INNER;
}
