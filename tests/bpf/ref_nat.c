/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref_nat.h"

#include <netinet/in.h>
#include <string.h>

/* Where things are in a frame. */
struct place {
	bool v6;
	size_t ip;
	size_t l4;
	size_t l4_len;
	__u8 proto;
	size_t check; /* of TCP or UDP */
	bool later; /* a fragment that has no header of them */
};

static bool is_extension(__u8 type)
{
	return type == 0 || type == 43 || type == 44 || type == 51 || type == 60;
}

static void find_l4_ipv6(const struct frame *f, struct place *p)
{
	const __u8 *ip = f->data + p->ip;

	p->proto = ip[6];
	p->l4 = p->ip + 40;
	while (is_extension(p->proto) && !p->later) {
		const __u8 *hdr = f->data + p->l4;

		p->later = p->proto == 44 && frame_get16(hdr + 2) >> 3;
		p->l4 += p->proto == 44 ? 8 : p->proto == 51 ? hdr[1] * 4 + 8 : hdr[1] * 8 + 8;
		p->proto = hdr[0];
	}
	p->l4_len = p->ip + 40 + frame_get16(ip + 4) - p->l4;
}

static struct place place_of(const struct frame *f)
{
	struct place p = { .ip = frame_ip(f) };
	const __u8 *ip = f->data + p.ip;

	p.v6 = ip[0] >> 4 == 6;
	if (p.v6) {
		find_l4_ipv6(f, &p);
	} else {
		p.proto = ip[9];
		p.later = frame_get16(ip + 6) & 0x1fff;
		p.l4 = p.ip + (ip[0] & 0xf) * 4;
		p.l4_len = frame_get16(ip + 2) - (p.l4 - p.ip);
	}
	p.check = p.l4 + (p.proto == IPPROTO_TCP ? 16 : 6);
	return p;
}

static size_t addr_len(const struct place *p)
{
	return p->v6 ? 16 : 4;
}

/* Offset of the source address; the destination is behind it. */
static size_t addrs_at(const struct place *p)
{
	return p->ip + (p->v6 ? 8 : 12);
}

/* --- checksums ------------------------------------------------------------------ */

/* The sum over a packet with its pseudo header: 0 modulo 0xffff if it is right. */
static __u32 l4_sum(const struct frame *f, const struct place *p)
{
	__u8 tail[4] = { 0, p->proto };
	__u32 sum;

	frame_put16(tail + 2, p->l4_len);
	sum = frame_sum(f->data + addrs_at(p), 2 * addr_len(p));
	sum += frame_sum(tail, sizeof(tail));
	return (sum + frame_sum(f->data + p->l4, p->l4_len)) % 0xffff;
}

static bool has_no_checksum(const struct frame *f, const struct place *p)
{
	return p->proto == IPPROTO_UDP && !frame_get16(f->data + p->check);
}

__u32 ref_l4_error(const struct frame *f)
{
	const struct place p = place_of(f);

	return has_no_checksum(f, &p) ? 0 : l4_sum(f, &p);
}

static __u32 ip_error(const struct frame *f, const struct place *p)
{
	return frame_sum(f->data + p->ip, p->l4 - p->ip) % 0xffff;
}

/* The checksum with which the sum of all is @error, given that of the rest. */
static __u16 checksum_for(__u32 rest, __u32 error)
{
	return (error + 0xffff - rest) % 0xffff;
}

static void put_l4_checksum(struct frame *f, const struct place *p, __u32 error)
{
	__u16 check;

	frame_put16(f->data + p->check, 0);
	check = checksum_for(l4_sum(f, p), error);
	frame_put16(f->data + p->check, p->proto == IPPROTO_UDP && !check ? 0xffff : check);
}

static void put_ip_checksum(struct frame *f, const struct place *p, __u32 error)
{
	frame_put16(f->data + p->ip + 10, 0);
	frame_put16(f->data + p->ip + 10, checksum_for(ip_error(f, p), error));
}

/* --- packets -------------------------------------------------------------------- */

static struct shunt_addr read_addr(const struct frame *f, const struct place *p, size_t at)
{
	struct shunt_addr a = { .b = { [10] = 0xff, [11] = 0xff } };

	memcpy(a.b + 16 - addr_len(p), f->data + at, addr_len(p));
	return a;
}

struct ref_ends ref_ends_of(const struct frame *f)
{
	const struct place p = place_of(f);

	return (struct ref_ends){
		.src = read_addr(f, &p, addrs_at(&p)),
		.dst = read_addr(f, &p, addrs_at(&p) + addr_len(&p)),
		.sport = frame_get16(f->data + p.l4),
		.dport = frame_get16(f->data + p.l4 + 2),
	};
}

void ref_nat(const struct frame *in, const struct ref_ends *to, struct frame *out)
{
	const struct place p = place_of(in);
	const size_t len = addr_len(&p);
	const __u32 l4_error = l4_sum(in, &p), wrong = p.v6 ? 0 : ip_error(in, &p);

	*out = *in;
	memcpy(out->data + addrs_at(&p), to->src.b + 16 - len, len);
	memcpy(out->data + addrs_at(&p) + len, to->dst.b + 16 - len, len);
	out->data[p.ip + (p.v6 ? 7 : 8)]--;
	if (!p.v6)
		put_ip_checksum(out, &p, wrong);
	if (p.later)
		return;
	frame_put16(out->data + p.l4, to->sport);
	frame_put16(out->data + p.l4 + 2, to->dport);
	if (!has_no_checksum(in, &p))
		put_l4_checksum(out, &p, l4_error);
}
