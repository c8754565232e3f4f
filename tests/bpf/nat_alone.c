/* SPDX-License-Identifier: BSD-2-Clause */
/* Of the tests, the one file that includes the skeleton of tests/lib/nat.bpf.c. */
#include "shunt/abi.h"

#include "nat_alone.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dp.h"
#include "tests/nat.skel.h"

#define LOOPBACK 1

const struct pair pairs[PAIRS] = {
	[PAIR_4TO6] = { "4 to 6", "198.51.100.7", "192.0.2.80", "fd00:e::9", "fd00:b::1", 40001, 80,
			50001, 8080 },
	[PAIR_6TO4] = { "6 to 4", "2001:db8:c::7", "2001:db8::80", "10.0.0.9", "10.1.0.1", 40002,
			443, 50002, 443 },
	[PAIR_FULLNAT4] = { "fullnat 4", "198.51.100.7", "192.0.2.80", "10.0.0.9", "10.1.0.1",
			    40003, 80, 50003, 8080 },
	[PAIR_FULLNAT6] = { "fullnat 6", "2001:db8:c::7", "2001:db8::80", "fd00:e::9", "fd00:b::1",
			    40004, 80, 50004, 8080 },
	[PAIR_NAT4] = { "nat 4", "198.51.100.7", "192.0.2.80", "198.51.100.7", "10.1.0.1", 40005,
			80, 40005, 8080 },
	[PAIR_NAT6] = { "nat 6", "2001:db8:c::7", "2001:db8::80", "2001:db8:c::7", "fd00:b::1",
			40006, 80, 40006, 80 },
};

/* Attached, as dp.c says why. */
struct nat_bpf *nat_open(void)
{
	struct nat_bpf *skel;

	if (geteuid())
		cr_skip_test("loading a BPF program needs root: run this as root");
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	skel = nat_bpf__open_and_load();
	cr_assert(skel, "load the program: %s", strerror(errno));
	cr_assert_eq(bpf_xdp_attach(LOOPBACK, bpf_program__fd(skel->progs.translate_alone),
				    XDP_FLAGS_SKB_MODE, NULL),
		     0);
	return skel;
}

void nat_close(struct nat_bpf *skel)
{
	bpf_xdp_detach(LOOPBACK, XDP_FLAGS_SKB_MODE, NULL);
	nat_bpf__destroy(skel);
}

static struct packet packet_between(const struct packet *like, const char *src, __u16 sport,
				    const char *dst, __u16 dport)
{
	struct packet p = *like;

	p.src = src;
	p.sport = sport;
	p.dst = dst;
	p.dport = dport;
	return p;
}

struct packet pair_before(const struct pair *k, enum shunt_way way, const struct packet *like)
{
	if (way == SHUNT_TO_SERVER)
		return packet_between(like, k->client, k->client_port, k->vip, k->vip_port);
	return packet_between(like, k->server, k->server_port, k->pool, k->pool_port);
}

struct packet pair_behind(const struct pair *k, enum shunt_way way, const struct packet *like)
{
	if (way == SHUNT_TO_SERVER)
		return packet_between(like, k->pool, k->pool_port, k->server, k->server_port);
	return packet_between(like, k->vip, k->vip_port, k->client, k->client_port);
}

static struct shunt_tuple tuple_of(const struct packet *p)
{
	return (struct shunt_tuple){
		.src = frame_addr(p->src),
		.dst = frame_addr(p->dst),
		.ports = htons(p->sport) | (__u32)htons(p->dport) << 16,
	};
}

/* What a checksum sees of a tuple, as it lies in memory. */
static __u16 tuple_sum(const struct shunt_tuple *t, bool ports)
{
	const size_t len = offsetof(struct shunt_tuple, ports) + (ports ? sizeof(t->ports) : 0);

	return frame_sum((const __u8 *)t, len);
}

static __u16 grown(const struct shunt_conn *conn, bool ports)
{
	__u8 words[4];

	frame_put16(words, tuple_sum(&conn->server, ports));
	frame_put16(words + 2, ~tuple_sum(&conn->client, ports));
	return htons(frame_sum(words, sizeof(words)));
}

static struct shunt_conn make_conn(const struct pair *k)
{
	const struct packet any = {};
	const struct packet client = pair_before(k, SHUNT_TO_SERVER, &any);
	const struct packet server = pair_before(k, SHUNT_TO_CLIENT, &any);
	struct shunt_conn conn = { .client = tuple_of(&client), .server = tuple_of(&server) };

	conn.ip_csum = grown(&conn, false);
	conn.l4_csum = grown(&conn, true);
	return conn;
}

static void put_inputs(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
		       const struct frame *in)
{
	skel->bss->nat_conn = make_conn(k);
	skel->bss->nat_way = way;
	skel->bss->nat_v6 = frame_get16(in->data + FRAME_IP - 2) == 0x86dd;
}

enum shunt_reason nat_run_packet(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
				 const struct frame *in, struct frame *out)
{
	put_inputs(skel, k, way, in);
	return dp_run_program(bpf_program__fd(skel->progs.translate_alone), in, out);
}

enum shunt_reason nat_run_error(struct nat_bpf *skel, const struct pair *k, enum shunt_way way,
				const struct frame *in, struct frame *out)
{
	put_inputs(skel, k, way, in);
	return dp_run_program(bpf_program__fd(skel->progs.icmp_alone), in, out);
}

bool nat_same(const struct frame *got, const struct frame *want, const struct frame *in)
{
	const size_t type = FRAME_IP - 2;

	if (got->len == want->len && !memcmp(got->data + type, want->data + type, got->len - type))
		return true;
	frame_dump("frame in", in);
	frame_dump("expected out", want);
	frame_dump("frame out", got);
	return false;
}

void nat_take_id(struct packet *want, const struct frame *got)
{
	if (!strchr(want->dst, ':') && !(want->fragment & 0x4000))
		want->id = frame_get16(got->data + FRAME_IP + 4);
}
