/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref_icmp.h"

#include <netinet/in.h>
#include <string.h>

bool ref_icmp_is(const struct view *v)
{
	return !v->fault && !v->is_fragment && v->proto == (v->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* --- answering ---------------------------------------------------------------- */

/* RFC 1122, 3.2.2; RFC 4443, 2.4 (e): whether an address is one host's. */
static bool is_one_host(const struct shunt_addr *a, bool v6)
{
	static const __u8 zeroes[15];

	if (!v6)
		return a->b[12] && a->b[12] != 127 && a->b[12] < 224;
	if (a->b[0] == 0xff)
		return false;
	return memcmp(a->b, zeroes, sizeof(zeroes)) || a->b[15] > 1; /* :: and ::1 */
}

static void swap(__u8 *a, __u8 *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const __u8 was = a[i];

		a[i] = b[i];
		b[i] = was;
	}
}

/* @field is made to go with one byte that went from @from to @to, and no better than it was. */
static void follow(__u8 *field, __u8 from, __u8 to)
{
	const __u32 sum = (0xffffU - frame_get16(field)) + (0xffffU - (from << 8)) + (to << 8);
	const __u8 words[4] = { sum >> 24, sum >> 16, sum >> 8, sum };

	frame_put16(field, (__u16)~frame_sum(words, sizeof(words)));
}

/* RFC 792, RFC 4443 4.2: the addresses are exchanged, the type is another. */
static void answer_echo(const struct view *v, struct frame *out)
{
	__u8 *ip = out->data + v->ip, *icmp = out->data + v->l4;
	const __u8 type = v->v6 ? 129 : 0;

	swap(out->data, out->data + 6, 6);
	if (v->v6) {
		swap(ip + 8, ip + 24, 16);
		ip[7] = 64;
	} else {
		swap(ip + 12, ip + 16, 4);
		follow(ip + 10, ip[8], 64);
		ip[8] = 64;
	}
	follow(icmp + 2, icmp[0], type);
	/* A sum of zeroes is 0, and no other is: its checksum is 0xffff. */
	if (!frame_get16(icmp + 2))
		frame_put16(icmp + 2, 0xffff);
	icmp[0] = type;
}

/* --- errors -------------------------------------------------------------------- */

static bool is_error(__u8 type, bool v6)
{
	if (v6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 11 || type == 12;
}

/* The packet that is quoted, as far as the IP packet around it has it. */
static bool read_quoted(const struct world *w, const struct frame *f, const struct view *outer,
			struct view *q)
{
	const size_t at = outer->l4 + 8, end = outer->ip + outer->ip_len;
	struct frame quoted = {};

	/* A frame of its own: Ethernet, and what is quoted. */
	frame_put16(quoted.data + 12, outer->v6 ? 0x86dd : 0x0800);
	quoted.len = 14 + end - at;
	memcpy(quoted.data + 14, f->data + at, end - at);
	if (view_read(w, &quoted, q))
		return false;
	if (q->fault || q->is_later)
		return false;
	if ((q->proto != IPPROTO_TCP && q->proto != IPPROTO_UDP) || q->l4 + 8 > quoted.len)
		return false;
	memcpy(&q->ports, quoted.data + q->l4, sizeof(q->ports));
	return true;
}

/* To the flow that the quoted packet, which went the other way, is of. */
static enum shunt_reason turn(const struct world *w, const struct frame *f, struct view *v)
{
	struct view q;

	if (!read_quoted(w, f, v, &q) || memcmp(&q.src, &v->dst, sizeof(q.src)))
		return SHUNT_BAD_ICMP;
	v->icmp = true;
	v->src = q.dst;
	v->proto = q.proto;
	v->ports = q.ports;
	swap((__u8 *)&v->ports, (__u8 *)&v->ports + 2, 2);
	return SHUNT_CONTINUE;
}

static bool is_our_echo(const struct world *w, const struct frame *f, const struct view *v)
{
	const size_t bare = v->ip + (v->v6 ? 40 : 20);

	return w->rodata.icmp_per_s && f->data[v->l4] == (v->v6 ? 128 : 8) && v->l4 == bare &&
	       ref_is_vip(w, &v->dst) && is_one_host(&v->src, v->v6);
}

enum shunt_reason ref_icmp_take(const struct world *w, const struct frame *f, struct view *v,
				struct frame *out)
{
	const size_t end = v->ip + v->ip_len;
	bool echo;

	if (!w->rodata.nat && !ref_is_vip(w, &v->dst))
		return SHUNT_NOT_L4;
	if (v->l4 + 8 > f->len)
		return SHUNT_TRUNCATED;
	echo = is_our_echo(w, f, v);
	if (!echo && !is_error(f->data[v->l4], v->v6))
		return SHUNT_NOT_L4;
	if (end < v->l4 + 8 || end > f->len)
		return SHUNT_BAD_LENGTH;
	if (!echo)
		return turn(w, f, v);
	answer_echo(v, out);
	return SHUNT_ECHO_ANSWERED;
}

/* --- too big ------------------------------------------------------------------- */

/* What the checksum of ICMPv6 covers besides: RFC 8200, 8.1. */
static void put_icmp_checksum(__u8 *ip, bool v6, size_t icmp_len)
{
	__u8 *icmp = ip + (v6 ? 40 : 20);
	__u8 all[40 + 1280] = {};
	size_t n = 0;

	if (v6) {
		memcpy(all, ip + 8, 32);
		frame_put16(all + 34, icmp_len);
		all[39] = IPPROTO_ICMPV6;
		n = 40;
	}
	memcpy(all + n, icmp, icmp_len);
	frame_put16(icmp + 2, (__u16)~frame_sum(all, n + icmp_len));
}

/* RFC 1191, 4; RFC 1812, 4.3.2. */
static void tell_ipv4(const struct view *v, size_t mtu, size_t quote, __u8 *ip)
{
	memcpy(ip, (const __u8[]){ 0x45, 0xc0 }, 2);
	frame_put16(ip + 2, 28 + quote);
	memcpy(ip + 4, (const __u8[]){ 0, 0, 0x40, 0, 64, IPPROTO_ICMP, 0, 0 }, 8);
	memcpy(ip + 12, v->dst.b + 12, 4);
	memcpy(ip + 16, v->src.b + 12, 4);
	frame_put16(ip + 10, (__u16)~frame_sum(ip, 20));
	memcpy(ip + 20, (const __u8[]){ 3, 4, 0, 0, 0, 0 }, 6);
	frame_put16(ip + 26, mtu);
}

/* RFC 4443, 3.2. */
static void tell_ipv6(const struct view *v, size_t mtu, size_t quote, __u8 *ip)
{
	memset(ip, 0, 48);
	ip[0] = 0x60;
	frame_put16(ip + 4, 8 + quote);
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 64;
	memcpy(ip + 8, v->dst.b, 16);
	memcpy(ip + 24, v->src.b, 16);
	ip[40] = 2;
	frame_put16(ip + 46, mtu);
}

/* RFC 1122, 3.2.2: not of a fragment but the first; of IPv6, RFC 4443, 2.4 leaves none out. */
enum shunt_reason ref_icmp_too_big(const struct world *w, const struct view *v, size_t mtu,
				   struct frame *out)
{
	const size_t head = v->v6 ? 48 : 28, least = v->v6 ? 1280 : 68;
	const size_t longest = (v->v6 ? 1280 : 576) - head;
	const size_t quote = v->ip_len < longest ? v->ip_len : longest;
	__u8 *ip = out->data + v->ip;

	mtu = mtu < least ? least : mtu;
	if (!w->rodata.icmp_per_s || v->icmp || !v->dont_fragment || v->ip_len <= mtu ||
	    !is_one_host(&v->src, v->v6) || (v->is_later && !v->v6))
		return SHUNT_TOO_BIG;
	memmove(ip + head, ip, quote);
	if (v->v6)
		tell_ipv6(v, mtu, quote, ip);
	else
		tell_ipv4(v, mtu, quote, ip);
	put_icmp_checksum(ip, v->v6, 8 + quote);
	out->len = v->ip + head + quote;
	swap(out->data, out->data + 6, 6);
	return SHUNT_TOO_BIG_ANSWERED;
}
