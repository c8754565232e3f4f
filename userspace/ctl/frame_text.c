/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/frame_text.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "net/addr.h"

/* Headers in headers that are followed. */
#define MAX_DEPTH 4

/**
 * struct rest - what is still to be told
 * @gue_port: as for frame_text_add()
 */
struct rest {
	const uint8_t *at;
	size_t len;
	uint16_t gue_port;
};

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static bool skip(struct rest *r, size_t n)
{
	if (r->len < n)
		return false;
	r->at += n;
	r->len -= n;
	return true;
}

/* Both ends of a header, with ports if there are some. */
struct ends {
	struct shunt_addr src, dst;
	const uint8_t *ports;
};

static void add_end(const struct shunt_addr *a, const uint8_t *port, struct buf *out)
{
	char text[ADDR_TEXT];

	addr_format(a, text);
	if (!port)
		buf_puts(out, text);
	else
		buf_printf(out, addr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, get16(port));
}

static void add_ends(const struct ends *e, struct buf *out)
{
	add_end(&e->src, e->ports, out);
	buf_puts(out, " > ");
	add_end(&e->dst, e->ports ? e->ports + 2 : NULL, out);
}

static void add_tcp_flags(uint8_t flags, struct buf *out)
{
	static const char *const names[] = { " fin", " syn", " rst", " psh", " ack", " urg" };

	for (size_t i = 0; i < array_len(names); i++)
		if (flags & 1 << i)
			buf_puts(out, names[i]);
}

/* Where a packet in a packet begins, or NULL. @proto: of the header before @r. */
static bool is_tunnel(const struct rest *r, uint8_t proto)
{
	if (proto == IPPROTO_IPIP || proto == IPPROTO_IPV6)
		return true;
	return proto == IPPROTO_UDP && r->gue_port && r->len >= 8 &&
	       get16(r->at + 2) == r->gue_port;
}

static void add_transport(struct rest *r, uint8_t proto, struct ends *e, struct buf *out)
{
	const bool has_ports = proto == IPPROTO_TCP || proto == IPPROTO_UDP;

	e->ports = has_ports && r->len >= 4 ? r->at : NULL;
	add_ends(e, out);
	if (proto == IPPROTO_TCP) {
		buf_puts(out, " tcp");
		add_tcp_flags(r->len > 13 ? r->at[13] : 0, out);
	} else if (proto == IPPROTO_UDP) {
		buf_puts(out, " udp");
	} else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		buf_puts(out, proto == IPPROTO_ICMP ? " icmp" : " icmpv6");
		if (r->len >= 2)
			buf_printf(out, " type %u code %u", r->at[0], r->at[1]);
	} else {
		buf_printf(out, " protocol %u", proto);
	}
}

static void add_tunnel(struct rest *r, uint8_t proto, struct ends *e, struct buf *out)
{
	e->ports = proto == IPPROTO_UDP ? r->at : NULL;
	add_ends(e, out);
	buf_puts(out, proto == IPPROTO_UDP ? " gue: " : " ipip: ");
	if (proto == IPPROTO_UDP)
		skip(r, 8);
}

/* The IP header at @r, and step over it. False if it is none, or not whole. */
static bool take_ip(struct rest *r, struct ends *e, uint8_t *proto, bool *later)
{
	const uint8_t *ip = r->at;

	*later = false;
	if (r->len >= 20 && ip[0] >> 4 == 4) {
		e->src = addr_from_bytes(AF_INET, ip + 12);
		e->dst = addr_from_bytes(AF_INET, ip + 16);
		*proto = ip[9];
		*later = get16(ip + 6) & 0x1fff;
		return skip(r, (ip[0] & 15) * 4);
	}
	if (r->len < 40 || ip[0] >> 4 != 6)
		return false;
	e->src = addr_from_bytes(AF_INET6, ip + 8);
	e->dst = addr_from_bytes(AF_INET6, ip + 24);
	*proto = ip[6];
	return skip(r, 40);
}

static void add_packet(struct rest *r, struct buf *out)
{
	struct ends e = { .ports = NULL };
	bool later, goes_on = true;
	uint8_t proto;

	for (int depth = 0; depth < MAX_DEPTH && goes_on; depth++) {
		if (!take_ip(r, &e, &proto, &later)) {
			buf_puts(out, "no whole IP header");
			return;
		}
		goes_on = !later && is_tunnel(r, proto);
		e.ports = NULL;
		if (goes_on) {
			add_tunnel(r, proto, &e, out);
		} else if (later) {
			add_ends(&e, out);
			buf_puts(out, " later fragment");
		} else {
			add_transport(r, proto, &e, out);
		}
	}
}

void frame_text_add(const uint8_t *frame, size_t len, uint16_t gue_port, struct buf *out)
{
	struct rest r = { .at = frame, .len = len, .gue_port = gue_port };
	uint16_t type;

	if (!skip(&r, ETH_HLEN)) {
		buf_puts(out, "no whole Ethernet header");
		return;
	}
	type = get16(r.at - 2);
	while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && skip(&r, 4)) {
		buf_printf(out, "vlan %u: ", get16(r.at - 4) & 0xfff);
		type = get16(r.at - 2);
	}
	if (type == ETH_P_IP || type == ETH_P_IPV6)
		add_packet(&r, out);
	else
		buf_printf(out, "ethertype 0x%04x", type);
}
