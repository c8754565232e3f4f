/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of checks via: vip by BPF_PROG_TEST_RUN: answers that are awaited get the
 * backend's address, with right checksums, and nothing else is touched. What is sent has
 * a socket, which such a run has not: tests/netns/via_*.sh see to that.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <string.h>
#include <unistd.h>

#include "net/addr.h"
#include "probe.skel.h"
#include "shunt/probe.h"

static struct probe_bpf *skel;

static void setup(void)
{
	if (geteuid())
		cr_skip_test("loads BPF programs: run it as root");
	skel = probe_bpf__open_and_load();
	cr_assert_not_null(skel);
}

static void teardown(void)
{
	probe_bpf__destroy(skel);
}

TestSuite(via_run, .init = setup, .fini = teardown);

/**
 * struct packet - Ethernet, IP, TCP or UDP, and some bytes
 */
struct packet {
	uint8_t bytes[128];
	size_t len;
	size_t l4;
	bool v6;
	uint8_t proto;
};

static struct shunt_addr addr(const char *text)
{
	struct shunt_addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

static uint32_t sum(const void *data, size_t len, uint32_t so_far)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++)
		so_far += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	return so_far;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* Over the pseudo header, too: 0xffff if the checksum in it is right. */
static uint16_t l4_sum(const struct packet *p)
{
	const size_t bytes = p->len - p->l4, addrs = p->v6 ? 32 : 8;
	uint32_t s = p->proto + bytes;

	s = sum(p->bytes + p->l4 - addrs, addrs, s);
	return fold(sum(p->bytes + p->l4, bytes, s));
}

static uint16_t l3_sum(const struct packet *p)
{
	return p->v6 ? 0xffff : fold(sum(p->bytes + ETH_HLEN, sizeof(struct iphdr), 0));
}

static void put_ip(struct packet *p, const struct shunt_tuple *t)
{
	struct ipv6hdr ip6 = { .version = 6, .nexthdr = t->proto, .hop_limit = 64 };
	struct iphdr ip = { .version = 4, .ihl = 5, .protocol = t->proto, .ttl = 64 };
	void *at = p->bytes + ETH_HLEN;

	if (p->v6) {
		ip6.payload_len = htons(p->len - p->l4);
		memcpy(&ip6.saddr, &t->src, 16);
		memcpy(&ip6.daddr, &t->dst, 16);
		memcpy(at, &ip6, sizeof(ip6));
		return;
	}
	ip.tot_len = htons(p->len - ETH_HLEN);
	ip.saddr = t->src.w[3];
	ip.daddr = t->dst.w[3];
	ip.check = htons(~fold(sum(&ip, sizeof(ip), 0)));
	memcpy(at, &ip, sizeof(ip));
}

static struct packet packet(const struct shunt_tuple *t)
{
	struct packet p = { .v6 = !addr_is_v4(&t->dst), .proto = t->proto };
	const size_t check = t->proto == IPPROTO_TCP ? offsetof(struct tcphdr, check)
						     : offsetof(struct udphdr, check);
	uint16_t csum;

	p.bytes[0] = 2;
	*(uint16_t *)(p.bytes + 12) = htons(p.v6 ? ETH_P_IPV6 : ETH_P_IP);
	p.l4 = ETH_HLEN + (p.v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	p.len = p.l4 + 40;
	put_ip(&p, t);
	memset(p.bytes + p.l4, 0x5a, 40);
	memcpy(p.bytes + p.l4, &t->ports, sizeof(t->ports));
	memset(p.bytes + p.l4 + check, 0, 2);
	csum = htons(~l4_sum(&p));
	memcpy(p.bytes + p.l4 + check, &csum, sizeof(csum));
	cr_assert_eq(l4_sum(&p), 0xffff);
	return p;
}

static int run(struct bpf_program *prog, const struct packet *in, struct packet *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->bytes, .data_size_in = in->len,
		    .data_out = out->bytes, .data_size_out = sizeof(out->bytes));

	*out = *in;
	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(prog), &opts), 0);
	out->len = opts.data_size_out;
	return (int)opts.retval;
}

static struct shunt_tuple answer(const char *vip, const char *own, uint8_t proto)
{
	return (struct shunt_tuple){ .src = addr(vip),
				     .dst = addr(own),
				     .ports = htonl(80U << 16 | 43210),
				     .proto = proto };
}

static void comes_from(const struct shunt_tuple *t, const char *backend)
{
	const struct shunt_addr from = addr(backend);
	const struct packet in = packet(t);
	struct shunt_tuple turned = *t;
	struct packet out, wanted;
	const int fd = bpf_map__fd(skel->maps.shunt_probe_answers);

	cr_assert_eq(bpf_map_update_elem(fd, t, &from, BPF_ANY), 0);
	cr_expect_eq(run(skel->progs.shunt_probe_in, &in, &out), TC_ACT_UNSPEC);
	turned.src = from;
	wanted = packet(&turned);
	cr_expect_eq(out.len, wanted.len);
	cr_expect_eq(l4_sum(&out), 0xffff);
	cr_expect_eq(l3_sum(&out), 0xffff);
	cr_expect_eq(memcmp(out.bytes, wanted.bytes, wanted.len), 0);
}

Test(via_run, answers_get_the_backends_address)
{
	struct shunt_tuple t = answer("192.0.2.80", "10.1.0.1", IPPROTO_TCP);

	comes_from(&t, "10.1.0.11");
	t.proto = IPPROTO_UDP;
	comes_from(&t, "10.1.0.12");
	t = answer("2001:db8::80", "2001:db8:1::1", IPPROTO_TCP);
	comes_from(&t, "2001:db8:1::11");
	t.proto = IPPROTO_UDP;
	comes_from(&t, "2001:db8:1::12");
}

static void stays(struct bpf_program *prog, const struct packet *in)
{
	struct packet out;

	cr_expect_eq(run(prog, in, &out), TC_ACT_UNSPEC);
	cr_expect_eq(out.len, in->len);
	cr_expect_eq(memcmp(out.bytes, in->bytes, in->len), 0);
}

/* One that differs in anything is somebody else's. */
Test(via_run, nothing_else_is_touched)
{
	const struct shunt_tuple known = answer("192.0.2.80", "10.1.0.1", IPPROTO_TCP);
	const int fd = bpf_map__fd(skel->maps.shunt_probe_answers);
	const struct shunt_addr from = addr("10.1.0.11");
	struct shunt_tuple t = known;
	struct packet p;

	cr_assert_eq(bpf_map_update_elem(fd, &known, &from, BPF_ANY), 0);
	t.proto = IPPROTO_UDP;
	p = packet(&t);
	stays(skel->progs.shunt_probe_in, &p);
	t = known;
	t.ports ^= htonl(1);
	p = packet(&t);
	stays(skel->progs.shunt_probe_in, &p);
	t = known;
	t.src = addr("192.0.2.81");
	p = packet(&t);
	stays(skel->progs.shunt_probe_in, &p);
	t = known;
	t.dst = addr("10.1.0.2");
	p = packet(&t);
	stays(skel->progs.shunt_probe_in, &p);
	/* A later fragment has no ports, whatever its bytes look like. */
	p = packet(&known);
	p.bytes[ETH_HLEN + offsetof(struct iphdr, frag_off) + 1] = 10;
	stays(skel->progs.shunt_probe_in, &p);
	p = packet(&known);
	stays(skel->progs.shunt_probe_out, &p);
}

/* However short it is cut: no part of the program reads past the end. */
Test(via_run, survives_every_truncation)
{
	const struct shunt_tuple t = answer("192.0.2.80", "10.1.0.1", IPPROTO_TCP);
	const int fd = bpf_map__fd(skel->maps.shunt_probe_answers);
	const struct shunt_addr from = addr("10.1.0.11");
	struct packet p = packet(&t), out;

	cr_assert_eq(bpf_map_update_elem(fd, &t, &from, BPF_ANY), 0);
	/* Such a run takes no less than a whole IP header. */
	for (p.len--; p.len >= p.l4; p.len--) {
		cr_expect_eq(run(skel->progs.shunt_probe_in, &p, &out), TC_ACT_UNSPEC);
		cr_expect_eq(out.len, p.len);
		if (p.len < p.l4 + sizeof(__be32))
			cr_expect_eq(memcmp(out.bytes, p.bytes, p.len), 0, "%zu bytes", p.len);
	}
}
