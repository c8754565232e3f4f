/* SPDX-License-Identifier: BSD-2-Clause */
#include "nat_town.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define LINES_OF_INDEX 2048
/* Room for the ports of all addresses of a family. */
#define SPACE_LINES (NAT_ADDRS4 * NAT_PORTS / SHUNT_BITS_PER_LINE + 1)

static const char *const pool[] = { "10.9.0.1", "10.9.0.2", "fd00:9::1" };

/* --- the town ------------------------------------------------------------------- */

static void put_service(struct world *w, const char *vip, __u16 port,
			const struct shunt_service *to)
{
	world_put_service(w, vip, IPPROTO_TCP, port, to)->flags = SHUNT_SERVICE_NAT;
	world_put_service(w, vip, IPPROTO_UDP, port, to)->flags = SHUNT_SERVICE_NAT;
}

/* The members of the block, in turn, own the slots. */
static struct shunt_service put_table(struct world *w, __u32 base, __u32 members)
{
	const struct slot_table table = world_put_table(w, 1024);

	for (__u32 i = 0; i < table.n && members; i++)
		slot_table_put(w->lines, &table, i, slot_halves(i % members + 1));
	return slot_table_service(&table, base);
}

static void put_street(struct world *w, __u16 port, __u32 base, __u32 members)
{
	const struct shunt_service to = put_table(w, base, members);

	put_service(w, SHOP4, port, &to);
	put_service(w, SHOP6, port, &to);
	if (port != NAT_PLAIN)
		return;
	put_service(w, OPEN4, port, &to);
	put_service(w, OPEN6, port, &to);
}

static void put_backend(struct world *w, __u32 id, enum shunt_forward forward, __u16 port)
{
	world_put_backend(w, id, forward, 0);
	for (int family = 0; family < SHUNT_FAMILIES; family++) {
		w->backends[id].leg[family].port = htons(port);
		w->backends[id].leg[family].space = id * SHUNT_FAMILIES + family;
	}
}

static void swap(struct shunt_addr *a, struct shunt_addr *b)
{
	const struct shunt_addr copy = *a;

	*a = *b;
	*b = copy;
}

static void put_backends(struct world *w)
{
	put_backend(w, NAT_BACKEND_FULL, SHUNT_FORWARD_FULLNAT, NAT_SERVER_PORT);
	put_backend(w, NAT_BACKEND_TWO, SHUNT_FORWARD_FULLNAT, 0);
	put_backend(w, NAT_BACKEND_TWO + 1, SHUNT_FORWARD_FULLNAT, 0);
	put_backend(w, NAT_BACKEND_PLAIN, SHUNT_FORWARD_NAT, 0);
	put_backend(w, NAT_BACKEND_DIRECT, SHUNT_FORWARD_DIRECT, 0);
	put_backend(w, NAT_BACKEND_SMALL, SHUNT_FORWARD_FULLNAT, 0);
	put_backend(w, NAT_BACKEND_UNRESOLVED, SHUNT_FORWARD_FULLNAT, 0);
	put_backend(w, NAT_BACKEND_OTHER, SHUNT_FORWARD_FULLNAT, 0);
	swap(&w->backends[NAT_BACKEND_OTHER].leg[SHUNT_V4].addr,
	     &w->backends[NAT_BACKEND_OTHER].leg[SHUNT_V6].addr);
	for (int family = 0; family < SHUNT_FAMILIES; family++) {
		w->backends[NAT_BACKEND_SMALL].leg[family].mtu = TOWN_SMALL_MTU;
		w->backends[NAT_BACKEND_UNRESOLVED].leg[family].hop.word = 0;
	}
}

void nat_build_world(struct world *w)
{
	world_build_empty(w);
	w->rodata.nat = 1;
	w->rodata.icmp_per_s = 0;
	w->rodata.conns = NAT_CONNS;
	w->rodata.conn_mask = LINES_OF_INDEX - 1;
	w->rodata.space_lines = SPACE_LINES;
	w->rodata.pool_first_port = NAT_FIRST_PORT;
	w->rodata.pool_ports = NAT_PORTS;
	w->rodata.pool_addrs[SHUNT_V4] = NAT_ADDRS4;
	w->rodata.pool_addrs[SHUNT_V6] = NAT_ADDRS6;
	put_backends(w);
	put_street(w, NAT_FULL, NAT_BACKEND_FULL - 1, 1);
	put_street(w, NAT_TWO, NAT_BACKEND_TWO - 1, 2);
	put_street(w, NAT_PLAIN, NAT_BACKEND_PLAIN - 1, 1);
	put_street(w, NAT_DIRECT, NAT_BACKEND_DIRECT - 1, 1);
	put_street(w, NAT_NOBODY, NAT_BACKEND_DIRECT + 1, 0);
	put_street(w, NAT_SMALL, NAT_BACKEND_SMALL - 1, 1);
	put_street(w, NAT_UNRESOLVED, NAT_BACKEND_UNRESOLVED - 1, 1);
	put_street(w, NAT_OTHER, NAT_BACKEND_OTHER - 1, 1);
	for (const char *const *vip = (const char *[]){ SHOP4, SHOP6, OPEN4, OPEN6, NULL }; *vip;
	     vip++)
		world_put_vip(w, *vip);
}

struct nat_town *nat_town_open_world(const struct world *w)
{
	struct dp_sizes sizes = world_sizes();
	struct nat_town *t = calloc(1, sizeof(*t));

	cr_assert(t);
	t->world = *w;
	sizes.spaces = NAT_BACKENDS * SHUNT_FAMILIES;
	t->dp = dp_open(&t->world.rodata, &sizes);
	t->conns = dp_conns(t->dp);
	world_install(&t->world, t->dp);
	for (__u32 i = 0; i < sizeof(pool) / sizeof(pool[0]); i++) {
		const struct shunt_addr a = frame_addr(pool[i]);

		dp_put_pool(t->dp, i, &a);
	}
	return t;
}

struct nat_town *nat_town_open(void)
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));

	cr_assert(w);
	nat_build_world(w);
	return nat_town_open_world(w);
}

void nat_town_close(struct nat_town *t)
{
	if (!t)
		return;
	dp_close(t->dp);
	free(t);
}

/* --- packets -------------------------------------------------------------------- */

/* Exactly one reason was counted, and the action is that of the list. */
enum shunt_reason nat_send_frame(struct nat_town *t, const struct frame *f)
{
	__u64 before[SHUNT_MAX_REASONS], after[SHUNT_MAX_REASONS];
	enum shunt_reason reason = SHUNT_CONTINUE;

	t->in = *f;
	dp_read_reasons(t->dp, before);
	t->action = dp_run(t->dp, f, &t->got);
	dp_read_reasons(t->dp, after);
	for (int r = 0; r < SHUNT_MAX_REASONS; r++) {
		if (after[r] == before[r])
			continue;
		cr_assert(!reason && after[r] == before[r] + 1, "several reasons were counted");
		reason = r;
	}
	cr_assert(reason && reason < SHUNT_REASONS);
	cr_assert_eq(t->action, ref_action(reason));
	return reason;
}

enum shunt_reason nat_send(struct nat_town *t, const struct packet *p)
{
	struct frame f;

	frame_build(p, &f);
	return nat_send_frame(t, &f);
}

struct packet nat_packet(int family, __u16 port, __u8 proto, __u16 sport)
{
	return (struct packet){
		.src = family == 6 ? CLIENT6 : CLIENT4,
		.dst = family == 6 ? SHOP6 : SHOP4,
		.sport = sport,
		.dport = port,
		.proto = proto,
		.flags = FRAME_SYN,
		.payload = 21,
	};
}

__u32 nat_record(const struct nat_town *t, const struct packet *p)
{
	struct shunt_tuple tuple = { .src = frame_addr(p->src), .dst = frame_addr(p->dst) };

	tuple.ports = htons(p->sport) | (__u32)htons(p->dport) << 16;
	tuple.proto = p->proto;
	return conns_find(&t->conns, &tuple, SHUNT_TO_SERVER);
}

struct shunt_conn nat_conn(const struct nat_town *t, __u32 record)
{
	cr_assert(record && record < t->conns.n);
	return conns_read(&t->conns, record);
}

__u64 nat_count_conns(const struct nat_town *t)
{
	return conns_count_bits(t->conns.bits, t->conns.n) - 1;
}

__u64 nat_count_ports(const struct nat_town *t)
{
	return conns_count_bits(t->conns.port_bits, t->conns.port_lines * SHUNT_BITS_PER_LINE);
}

void nat_collect(struct nat_town *t, __u32 record)
{
	const struct shunt_conn conn = nat_conn(t, record);

	conns_unlist(&t->conns, record, &conn);
	conns_free(&t->conns, record);
}

static const char *text_of(const struct shunt_addr *a, char text[INET6_ADDRSTRLEN])
{
	const bool v4 = !a->d[0] && a->w[2] == htonl(0xffff);

	return inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + 12 : a->b, text, INET6_ADDRSTRLEN);
}

void nat_answer_like(const struct shunt_conn *conn, const struct packet *like, struct frame *f)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	struct packet p = *like;

	p.src = text_of(&conn->server.src, src);
	p.dst = text_of(&conn->server.dst, dst);
	p.sport = conns_port(conn->server.ports, 0);
	p.dport = conns_port(conn->server.ports, 1);
	p.proto = conn->server.proto;
	frame_build(&p, f);
	/* A server is not where the clients are. */
	memcpy(f->data, (__u8[12]){ 0x02, 0xe0, 0, 0, 0, 1, 0x02, 0x5e, 0, 0, 0, 9 }, 12);
}

void nat_answer_frame(const struct shunt_conn *conn, __u16 flags, __u16 payload, struct frame *f)
{
	const struct packet like = { .flags = flags, .payload = payload };

	nat_answer_like(conn, &like, f);
}

/* --- what came out ---------------------------------------------------------------- */

/* The ends of packets that answer those with @tuple. */
static struct ref_ends ends_back(const struct shunt_tuple *tuple)
{
	return (struct ref_ends){
		.src = tuple->dst,
		.dst = tuple->src,
		.sport = conns_port(tuple->ports, 1),
		.dport = conns_port(tuple->ports, 0),
	};
}

static bool came_out(const struct nat_town *t, const struct frame *want)
{
	if (want->len == t->got.len && !memcmp(want->data, t->got.data, want->len))
		return true;
	frame_dump("frame in", &t->in);
	frame_dump("expected out", want);
	frame_dump("frame out", &t->got);
	return false;
}

bool nat_went_to_server(const struct nat_town *t, __u32 record)
{
	const struct shunt_conn conn = nat_conn(t, record);
	const struct ref_ends to = ends_back(&conn.server);
	const bool v6 = conn.client.dst.d[0];
	const union shunt_hop *hop =
		&t->world.backends[conn.backend].leg[v6 ? SHUNT_V6 : SHUNT_V4].hop;
	struct frame want;

	ref_nat(&t->in, &to, &want);
	memcpy(want.data, hop->dmac, 6);
	memcpy(want.data + 6, t->world.egress[hop->egress].smac, 6);
	return came_out(t, &want);
}

/* Clients' frames all come with the MAC addresses of frame_build(). */
bool nat_went_to_client(const struct nat_town *t, __u32 record)
{
	static const __u8 macs[12] = { 0x02, 0xc0, 0, 0, 0, 2, 0x02, 0xd0, 0, 0, 0, 1 };
	const struct shunt_conn conn = nat_conn(t, record);
	const struct ref_ends to = ends_back(&conn.client);
	struct frame want;

	ref_nat(&t->in, &to, &want);
	memcpy(want.data, macs, sizeof(macs));
	return came_out(t, &want);
}

__u32 nat_connect(struct nat_town *t, const struct packet *p)
{
	const enum shunt_reason reason = nat_send(t, p);
	__u32 record;

	cr_assert_eq(reason, SHUNT_FORWARDED, "%s port %u: %s", p->src, p->sport, ref_name(reason));
	record = nat_record(t, p);
	cr_assert(record);
	cr_assert(nat_went_to_server(t, record));
	return record;
}

/* --- backends -------------------------------------------------------------------- */

void nat_put_dead(struct nat_town *t, __u32 id, bool dead)
{
	for (int family = 0; family < SHUNT_FAMILIES; family++)
		t->world.backends[id].leg[family].flags = dead ? SHUNT_LEG_DEAD : 0;
	dp_put_backend(t->dp, id, &t->world.backends[id]);
}

void nat_leave_to_the_second(struct nat_town *t)
{
	for (__u32 i = 0; i < t->world.n_services; i++) {
		struct slot_table table;

		if (t->world.services[i].key.port != htons(NAT_TWO))
			continue;
		table = slot_table_of(&t->world.services[i].to);
		for (__u32 slot = 0; slot < table.n; slot++)
			dp_put_slot(t->dp, &table, slot, 2);
	}
}
