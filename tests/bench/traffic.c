/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <string.h>

#include "traffic.h"

#define CLIENT 0x0a000000U /* 10.0.0.0 */
#define VIP 0xc6120000U /* 198.18.0.0 */
#define STRANGER 0xcb007100U /* 203.0.113.0 */
#define PORT 8000
/* Odd, so that all clients differ. */
#define SPREAD_STEP 0x9e3779b1U
/* Bytes 2 to 5 of an address. */
#define SPREAD_6 0xffffffff0000ULL

#define IPV4_BYTES 20
#define IPV6_BYTES 40

static const __u8 prefix6[12] = { 0x20, 0x01, 0x0d, 0xb8 };

struct shunt_service_key traffic_service(bool v6, __u8 proto, __u32 index)
{
	const __be32 vip = htonl(VIP + index / WRAP_PORTS);
	struct shunt_service_key key = {
		.vip.w = { 0, 0, htonl(0xffff), vip },
		.port = htons(PORT + index % WRAP_PORTS),
		.proto = proto,
	};

	if (v6)
		memcpy(key.vip.b, prefix6, sizeof(prefix6));
	return key;
}

static void put_eth(const struct traffic *t, __u8 *frame)
{
	struct ethhdr eth = {
		.h_dest = { 2, 0, 0, 0, 0, 1 },
		.h_source = { 2, 0, 0, 0, 0, 2 },
		.h_proto = htons(t->v6 ? ETH_P_IPV6 : ETH_P_IP),
	};

	memcpy(frame, &eth, sizeof(eth));
}

/* Addresses are the wrapper's; checksums that nobody looks at are left out. */
static void put_ip(const struct traffic *t, __u8 *ip)
{
	const struct ipv6hdr v6 = {
		.version = 6,
		.payload_len = htons(WRAP_FRAME_BYTES - ETH_HLEN - IPV6_BYTES),
		.nexthdr = t->proto,
		.hop_limit = 64,
	};
	const struct iphdr v4 = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(WRAP_FRAME_BYTES - ETH_HLEN),
		.frag_off = htons(0x4000),
		.ttl = 64,
		.protocol = t->proto,
	};

	if (t->v6)
		memcpy(ip, &v6, sizeof(v6));
	else
		memcpy(ip, &v4, sizeof(v4));
}

void traffic_frame(const struct traffic *t, __u8 frame[static WRAP_FRAME_BYTES])
{
	__u8 *l4 = frame + ETH_HLEN + (t->v6 ? IPV6_BYTES : IPV4_BYTES);
	const struct tcphdr tcp = { .doff = 5, .ack = !t->syn, .syn = t->syn };
	const struct udphdr udp = { .len = htons(frame + WRAP_FRAME_BYTES - l4) };

	memset(frame, 0, WRAP_FRAME_BYTES);
	put_eth(t, frame);
	put_ip(t, frame + ETH_HLEN);
	if (t->proto == IPPROTO_TCP)
		memcpy(l4, &tcp, sizeof(tcp));
	else
		memcpy(l4, &udp, sizeof(udp));
}

void traffic_wrap(const struct traffic *t, struct wrap_traffic *out)
{
	__u8 frame[WRAP_FRAME_BYTES];

	traffic_frame(t, frame);
	*out = (struct wrap_traffic){
		.client = CLIENT,
		.vip = t->stranger ? STRANGER : VIP,
		.port = PORT,
		.step = t->spread ? SPREAD_STEP : 1,
		.spread6 = t->spread ? SPREAD_6 : 0,
		.flow_mask = t->flows - 1,
		.services = t->services,
		.v6 = t->v6,
	};
	memcpy(&out->eth[0], frame, sizeof(out->eth[0]));
	memcpy(&out->eth[1], frame + 6, sizeof(out->eth[1]));
	memcpy(&out->ip, frame + 14, sizeof(out->ip));
	memcpy(&out->ttl, frame + 22, sizeof(out->ttl));
	for (size_t at = 14; at < 26; at += sizeof(__u16))
		out->ip_sum += *(const __u16 *)(frame + at);
	memcpy(out->src6, prefix6, sizeof(prefix6));
	memcpy(out->dst6, prefix6, sizeof(prefix6));
}

struct traffic_flow traffic_flow(const struct traffic *t, __u32 index)
{
	struct wrap_traffic wrap;
	struct wrap_tuple tuple;
	struct traffic_flow flow;

	traffic_wrap(t, &wrap);
	tuple = wrap_tuple(&wrap, index);
	flow = (struct traffic_flow){
		.src.w = { 0, 0, htonl(0xffff), tuple.src },
		.dst.w = { 0, 0, htonl(0xffff), tuple.dst },
		.ports = tuple.ports,
		.service = wrap_service(&wrap, index),
	};
	if (t->v6) {
		const __u64 high = wrap_src6(&wrap, &tuple);

		memcpy(flow.src.b, prefix6, sizeof(prefix6));
		memcpy(flow.src.b, &high, sizeof(high));
		memcpy(flow.dst.b, prefix6, sizeof(prefix6));
	}
	return flow;
}

void traffic_frame_of(const struct traffic *t, __u32 index, __u8 frame[static WRAP_FRAME_BYTES])
{
	const struct traffic_flow flow = traffic_flow(t, index);
	__u8 *ip = frame + ETH_HLEN;
	struct wrap_traffic wrap;
	struct wrap_tuple tuple;
	__u32 ttl;

	traffic_wrap(t, &wrap);
	tuple = wrap_tuple(&wrap, index);
	ttl = wrap_ttl(&wrap, &tuple);
	traffic_frame(t, frame);
	if (t->v6) {
		memcpy(ip + 8, &flow.src, 16);
		memcpy(ip + 24, &flow.dst, 16);
		memcpy(ip + IPV6_BYTES, &flow.ports, sizeof(flow.ports));
	} else {
		memcpy(ip + 8, &ttl, sizeof(ttl));
		memcpy(ip + 12, &flow.src.w[3], 4);
		memcpy(ip + 16, &flow.dst.w[3], 4);
		memcpy(ip + IPV4_BYTES, &flow.ports, sizeof(flow.ports));
	}
}
