/* SPDX-License-Identifier: BSD-2-Clause */
#include "dataplane/explain_packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <string.h>

#include "net/addr.h"
#include "shunt/csum.h"

#define PACKET_TTL 64
#define PACKET_WINDOW 65535

/* Locally administered, so nobody's: to the host that the program runs on. */
static const uint8_t macs[2 * ETH_ALEN] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

static uint32_t sum_words(const void *data, size_t bytes, uint32_t sum)
{
	const uint8_t *p = data;
	uint16_t word;

	for (size_t i = 0; i + 1 < bytes; i += 2) {
		memcpy(&word, p + i, sizeof(word));
		sum += word;
	}
	return sum;
}

/* Of the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1) and of what is behind it. */
static uint16_t transport_csum(const struct explain_packet *p, const void *header, size_t bytes)
{
	const bool v4 = addr_is_v4(&p->dst.addr);
	const size_t from = v4 ? 12 : 0, len = v4 ? 4 : 16;
	uint32_t sum = htons(p->proto) + htons(bytes);

	sum = sum_words(&p->src.addr.b[from], len, sum);
	sum = sum_words(&p->dst.addr.b[from], len, sum);
	return shunt_csum_fold(sum_words(header, bytes, sum));
}

static size_t put_tcp(const struct explain_packet *p, uint8_t *at)
{
	struct tcphdr tcp = {
		.source = htons(p->src.port),
		.dest = htons(p->dst.port),
		.doff = sizeof(tcp) / 4,
		.syn = p->syn,
		.ack = !p->syn,
		.window = htons(PACKET_WINDOW),
	};

	tcp.check = transport_csum(p, &tcp, sizeof(tcp));
	memcpy(at, &tcp, sizeof(tcp));
	return sizeof(tcp);
}

static size_t put_udp(const struct explain_packet *p, uint8_t *at)
{
	struct udphdr udp = {
		.source = htons(p->src.port),
		.dest = htons(p->dst.port),
		.len = htons(sizeof(udp)),
	};

	/* 0 says that there is none. */
	udp.check = transport_csum(p, &udp, sizeof(udp)) ?: 0xffff;
	memcpy(at, &udp, sizeof(udp));
	return sizeof(udp);
}

static size_t put_transport(const struct explain_packet *p, uint8_t *at)
{
	return p->proto == IPPROTO_TCP ? put_tcp(p, at) : put_udp(p, at);
}

static size_t put_ipv4(const struct explain_packet *p, uint8_t *at)
{
	const size_t bytes = sizeof(struct iphdr) + put_transport(p, at + sizeof(struct iphdr));
	struct iphdr ip = {
		.version = 4,
		.ihl = sizeof(ip) / 4,
		.tot_len = htons(bytes),
		.frag_off = htons(0x4000),
		.ttl = PACKET_TTL,
		.protocol = p->proto,
		.saddr = p->src.addr.w[3],
		.daddr = p->dst.addr.w[3],
	};

	ip.check = shunt_csum_fold(sum_words(&ip, sizeof(ip), 0));
	memcpy(at, &ip, sizeof(ip));
	return bytes;
}

static size_t put_ipv6(const struct explain_packet *p, uint8_t *at)
{
	const size_t bytes = put_transport(p, at + sizeof(struct ipv6hdr));
	struct ipv6hdr ip6 = {
		.version = 6,
		.payload_len = htons(bytes),
		.nexthdr = p->proto,
		.hop_limit = PACKET_TTL,
	};

	memcpy(&ip6.saddr, &p->src.addr, sizeof(ip6.saddr));
	memcpy(&ip6.daddr, &p->dst.addr, sizeof(ip6.daddr));
	memcpy(at, &ip6, sizeof(ip6));
	return sizeof(ip6) + bytes;
}

void explain_packet_build(const struct explain_packet *p, struct twin_frame *out)
{
	const bool v4 = addr_is_v4(&p->dst.addr);
	const uint16_t type = htons(v4 ? ETH_P_IP : ETH_P_IPV6);

	memcpy(out->data, macs, sizeof(macs));
	memcpy(out->data + sizeof(macs), &type, sizeof(type));
	out->len = ETH_HLEN + (v4 ? put_ipv4 : put_ipv6)(p, out->data + ETH_HLEN);
}

struct shunt_tuple explain_packet_tuple(const struct explain_packet *p)
{
	struct shunt_tuple t = { .src = p->src.addr, .dst = p->dst.addr, .proto = p->proto };

	t.ports = htons(p->src.port) | (uint32_t)htons(p->dst.port) << 16;
	return t;
}
