/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conns.h"
#include "lines.h"
#include "shunt/hash.h"
#include "world.h"

/* Ports of the pool that a case uses. */
#define POOL_FIRST 1024
#define POOL_PORTS 60000
#define EGRESS 1

static struct shunt_addr make_addr(bool v6, __u32 host)
{
	struct shunt_addr a = { .w = { 0, 0, htonl(0xffff), htonl(host) } };

	if (v6)
		a.w[0] = a.w[2] = htonl(0xfd000000);
	return a;
}

/* Ports lie in a packet one behind the other. */
static __be32 make_ports(__u16 src, __u16 dst)
{
	return htonl((__u32)src << 16 | dst);
}

__u32 conns_backend(__u32 service, __u32 index)
{
	return service * WORLD_BLOCK + index % WORLD_BACKENDS + 1;
}

/* What the server sends to flow @p of a client. */
static struct shunt_tuple make_server(enum mode mode, const struct shunt_tuple *p, __u32 backend,
				      __u32 index)
{
	struct shunt_tuple s = {
		.src = mode_leg(mode, backend, EGRESS).addr,
		.dst = p->src,
		.ports = p->ports >> 16 | p->ports << 16,
		.proto = p->proto,
	};

	if (!mode_is_fullnat(mode))
		return s;
	s.dst = make_addr(mode_server_is_v6(mode), 0x0aff0000 + index / POOL_PORTS);
	s.ports = (s.ports & htonl(0xffff0000)) | make_ports(0, POOL_FIRST + index % POOL_PORTS);
	return s;
}

/* The client that packets of a server are for. */
static struct shunt_tuple make_client(enum mode mode, const struct shunt_tuple *p, __u32 index)
{
	return (struct shunt_tuple){
		.src = make_addr(mode_is_v6(mode), 0x0b000000 + index),
		.dst = make_addr(mode_is_v6(mode), 0x0c000000),
		.ports = make_ports(40000, 80),
		.proto = p->proto,
	};
}

static void enter(const struct conns *c, const struct shunt_tuple *t, bool v6, __u32 record)
{
	const struct shunt_rodata ro = mode_rodata(MODE_4IN4, VARIANT_LEAN);
	const __u64 hash = shunt_hash_flow(ro.hash_key, &t->src, &t->dst, t->ports, t->proto, v6);

	if (lines_enter(c->lines, CONNS_LINES - 1, hash, SHUNT_CONN_ENTRY(hash, record)) ==
	    LINES_FULL)
		errx(EXIT_FAILURE, "no room for connection %u", record);
}

void conns_fill(const struct conns *c, enum mode mode, const struct traffic *t, bool answered,
		__u32 ifindex)
{
	struct timespec now;

	memset(c->lines, 0, CONNS_LINES * sizeof(*c->lines));
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	for (__u32 i = 0; i < t->flows; i++) {
		const struct traffic_flow flow = traffic_flow(t, i);
		const struct shunt_tuple p = { flow.src, flow.dst, flow.ports, t->proto, { 0 } };
		const __u32 id = conns_backend(flow.service, i);
		const __u8 seen = SHUNT_CONN_SYN | SHUNT_CONN_DATA;

		c->records[i + 1] = (struct shunt_conn){
			.client = answered ? make_client(mode, &p, i) : p,
			.seen_s = { now.tv_sec, now.tv_sec },
			.flags = { seen, seen },
			.backend = id,
			.server = answered ? p : make_server(mode, &p, id, i),
			.port_bit = SHUNT_NO_PORT_BIT,
			.ifindex = ifindex,
			.macs = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 },
		};
		enter(c, &c->records[i + 1].client, mode_is_v6(mode), i + 1);
		enter(c, &c->records[i + 1].server, mode_server_is_v6(mode), i + 1);
	}
}
