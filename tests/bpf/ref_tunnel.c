/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref_tunnel.h"

#include <netinet/in.h>
#include <string.h>

#define UDP_LEN 8

/* What the outer header is put together from. */
struct outer {
	const struct view *v;
	const struct shunt_leg *leg;
	const struct shunt_egress *egress;
	const __u8 *got;
};

bool ref_outer_is_v4(const struct shunt_leg *leg)
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(leg->addr.b, mapped, sizeof(mapped));
}

bool ref_is_tunnel(const struct shunt_leg *leg)
{
	return leg->forward == SHUNT_FORWARD_IPIP || leg->forward == SHUNT_FORWARD_GUE;
}

static size_t udp_len(const struct shunt_leg *leg)
{
	return leg->forward == SHUNT_FORWARD_GUE ? UDP_LEN : 0;
}

size_t ref_outer_len(const struct shunt_leg *leg)
{
	if (!ref_is_tunnel(leg))
		return 0;
	return (ref_outer_is_v4(leg) ? 20 : 40) + udp_len(leg);
}

/* What stands behind the outer IP header. */
static __u8 outer_proto(const struct outer *o)
{
	if (o->leg->forward == SHUNT_FORWARD_GUE)
		return IPPROTO_UDP;
	return o->v->v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
}

/* RFC 2003, RFC 4213. */
static void put_ipv4(const struct outer *o, __u8 *ip)
{
	const struct view *v = o->v;

	ip[0] = 0x45;
	ip[1] = v->tos;
	frame_put16(ip + 2, v->ip_len + ref_outer_len(o->leg));
	memcpy(ip + 4, v->dont_fragment ? (const __u8[2]){} : o->got + 4, 2);
	ip[6] = v->dont_fragment ? 0x40 : 0;
	ip[8] = 64;
	ip[9] = outer_proto(o);
	memcpy(ip + 12, &o->egress->src4, 4);
	memcpy(ip + 16, o->leg->addr.b + 12, 4);
	frame_put16(ip + 10, ~frame_sum(ip, 20));
}

/* RFC 2473. */
static void put_ipv6(const struct outer *o, __u8 *ip)
{
	const struct view *v = o->v;

	ip[0] = 6 << 4 | v->tos >> 4;
	ip[1] = (__u8)(v->tos << 4) | (o->got[1] & 0x0f);
	memcpy(ip + 2, o->got + 2, 2);
	frame_put16(ip + 4, v->ip_len + udp_len(o->leg));
	ip[6] = outer_proto(o);
	ip[7] = 64;
	memcpy(ip + 8, o->egress->src6.b, 16);
	memcpy(ip + 24, o->leg->addr.b, 16);
}

/* GUE variant 1: nothing between UDP and the packet. The source port is any dynamic one. */
static void put_udp(const struct outer *o, size_t at, __u8 *udp)
{
	udp[0] = o->got[at] | 0xc0;
	udp[1] = o->got[at + 1];
	memcpy(udp + 2, &o->leg->port, 2);
	frame_put16(udp + 4, UDP_LEN + o->v->ip_len);
	frame_put16(udp + 6, 0);
}

void ref_encapsulate(const struct view *v, const struct shunt_leg *leg,
		     const struct shunt_egress *egress, const struct frame *got, struct frame *f)
{
	const struct outer o = { v, leg, egress, got->data + frame_ip(got) };
	const size_t len = ref_outer_len(leg);
	__u8 *ip = f->data + v->ip;

	memmove(ip + len, ip, f->len - v->ip);
	memset(ip, 0, len);
	f->len += len;
	frame_put16(ip - 2, ref_outer_is_v4(leg) ? 0x0800 : 0x86dd);
	if (ref_outer_is_v4(leg))
		put_ipv4(&o, ip);
	else
		put_ipv6(&o, ip);
	if (udp_len(leg))
		put_udp(&o, len - UDP_LEN, ip + len - UDP_LEN);
}
