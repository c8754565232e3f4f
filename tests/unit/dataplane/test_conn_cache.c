/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections in the kernel's maps: taken out in time, listed, and carried to other maps. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "net/addr.h"
#include "tables/conns.h"
#include "ns.h"
#include "town.h"

#define POOL "10.0.0.1"
#define FIRST_PORT 1024
#define SPACE_BITS (2 * SHUNT_BITS_PER_LINE)

static struct dataplane_sizes make_sizes(uint32_t conns, uint32_t spaces)
{
	struct dataplane_sizes s = {
		.slot_lines = 1024,
		.backends = 255,
		.services = 16,
		.flow_lines = 64,
		.conns = conns,
		.port_spaces = spaces,
		.pool = { .n = { 1, 0 }, .first_port = FIRST_PORT, .ports = SPACE_BITS }
	};

	s.pool.addr[0] = town_address(POOL);
	return s;
}

static struct dataplane *open_with(const struct dataplane_sizes *s, bool adopt, __u64 key)
{
	const struct shunt_rodata rodata = { .flow_mask = s->flow_lines - 1,
					     .hash_key = { key, 12 } };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, s, &rodata, adopt, &dp), 0);
	return dp;
}

/* --- what the program would see ------------------------------------------------------- */

static void *map_pinned(const char *name, uint32_t *n)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char path[128];
	void *p;
	int fd;

	snprintf(path, sizeof(path), NS_PIN_DIR "/v%d/%s", SHUNT_ABI_VERSION, name);
	fd = bpf_obj_get(path);
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &len), 0, "%s", path);
	p = mmap(NULL, (size_t)info.max_entries * info.value_size, PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0);
	cr_assert_neq(p, MAP_FAILED);
	close(fd);
	*n = info.max_entries;
	return p;
}

static struct conns map_conns(__u64 key)
{
	struct conns c = { .hash_key = { key, 12 } };
	uint32_t lines;

	c.records = map_pinned("shunt_conns", &c.n);
	c.index = map_pinned("shunt_conn_index", &lines);
	c.mask = lines - 1;
	c.bits = map_pinned("shunt_conn_bits", &lines);
	c.port_bits = map_pinned("shunt_port_bits", &c.port_lines);
	c.loads = map_pinned("shunt_loads", &c.n_loads);
	return c;
}

static __be32 ports(uint16_t src, uint16_t dst)
{
	const __be16 both[2] = { htons(src), htons(dst) };
	__be32 word;

	memcpy(&word, both, sizeof(word));
	return word;
}

/* Client @number by 192.0.2.80:80 and a port of the pool to 198.51.100.@last:80. */
static struct shunt_conn make_conn(unsigned int number, uint32_t id, unsigned int last)
{
	const uint32_t now_s = clock_now_ms() / 1000;

	return (struct shunt_conn){
		.client = { .src = town_address("203.0.113.9"),
			    .dst = town_address("192.0.2.80"),
			    .ports = ports(5000 + number, 80),
			    .proto = IPPROTO_TCP },
		.server = { .src = town_server(last),
			    .dst = town_address(POOL),
			    .ports = ports(80, FIRST_PORT + number),
			    .proto = IPPROTO_TCP },
		.seen_s = { now_s, now_s },
		.flags = { SHUNT_CONN_DATA, SHUNT_CONN_DATA },
		.backend = id,
		.counted = id,
		.port_bit = SHUNT_NO_PORT_BIT,
	};
}

static void add(const struct conns *c, const struct shunt_conn *conn)
{
	uint32_t hint = 1;

	cr_assert_eq(conns_add(c, conn, &hint), 0);
}

/* --- the plan -------------------------------------------------------------------------- */

static const struct town_shape shape = { .base = { 16, 48 }, .table = { 0, 1 }, .slots = 1024 };

/* Of the first service; the town's backends are the same for both families. */
static void make_fullnat(struct town *town)
{
	for (int i = 0; i < TOWN_BACKENDS; i++)
		town->backends[i].leg[SHUNT_V4].forward = SHUNT_FORWARD_FULLNAT;
}

static struct conf_service services[TOWN_SERVICES] = {
	{ .forward = SHUNT_FORWARD_FULLNAT,
	  .timeouts = { .syn_ms = 5000,
			.established_ms = 60000,
			.closing_ms = 5000,
			.closed_ms = 2000,
			.udp_ms = 5000,
			.udp_replied_ms = 5000 } },
	{ .forward = SHUNT_FORWARD_DIRECT },
};
static const struct conf conf = { .services = services, .n_services = TOWN_SERVICES };

static uint16_t space_of(uint32_t id)
{
	const struct shunt_backend *backends;
	uint32_t n;
	uint16_t space;

	backends = map_pinned("shunt_backends", &n);
	space = backends[id].leg[SHUNT_V4].space;
	munmap((void *)backends, n * sizeof(*backends));
	return space;
}

static void tick(struct dataplane *dp, const struct town *town, uint64_t now_ms)
{
	if (dataplane_tick(dp, &town->plan, &conf, now_ms))
		while (dataplane_work(dp, &town->plan, &conf, now_ms))
			;
}

/* --- tests ------------------------------------------------------------------------------ */

Test(conn_cache, servers_have_spaces_and_keep_them)
{
	const struct dataplane_sizes sizes = make_sizes(512, 8);
	struct dataplane *dp;
	struct town town;
	uint16_t was[TOWN_BACKENDS];

	ns_enter();
	town_make(&town, &shape);
	make_fullnat(&town);
	dp = open_with(&sizes, true, 11);
	town_apply(&town, dp, clock_now_ms());
	cr_assert_eq(dataplane_commit(dp), 0);
	for (int i = 0; i < TOWN_BACKENDS; i++)
		was[i] = space_of(17 + i);
	cr_assert(was[0] != was[1] && was[1] != was[2] && was[0] != was[2]);
	dataplane_close(dp);
	dp = open_with(&sizes, true, 11);
	cr_assert(dataplane_was_adopted(dp));
	town_apply(&town, dp, clock_now_ms());
	for (int i = 0; i < TOWN_BACKENDS; i++)
		cr_assert_eq(space_of(17 + i), was[i]);
	cr_assert_eq(dataplane_count_conns(dp).ports_capacity, 3UL * SPACE_BITS);
	cr_assert_eq(dataplane_map_ops.del_backend(dp, 18), 0);
	cr_assert_eq(dataplane_map_ops.del_backend(dp, 18), 0);
	cr_assert_eq(dataplane_count_conns(dp).ports_capacity, 2UL * SPACE_BITS);
	dataplane_close(dp);
}

Test(conn_cache, takes_connections_out_and_tells_of_them)
{
	const struct dataplane_sizes sizes = make_sizes(512, 8);
	uint64_t now_ms = clock_now_ms();
	struct shunt_conn closed;
	struct snapshot_conns list;
	struct dataplane *dp;
	struct conns c;
	struct town town;

	ns_enter();
	town_make(&town, &shape);
	make_fullnat(&town);
	dp = open_with(&sizes, true, 11);
	town_apply(&town, dp, now_ms);
	cr_assert_eq(dataplane_commit(dp), 0);
	c = map_conns(11);
	for (unsigned int i = 0; i < 10; i++) {
		struct shunt_conn conn = make_conn(i, 17 + i % 2, 1 + i % 2);

		conn.port_bit = space_of(17 + i % 2) * SPACE_BITS + i;
		add(&c, &conn);
	}
	closed = make_conn(10, 17, 1);
	closed.flags[SHUNT_TO_CLIENT] = SHUNT_CONN_RST;
	add(&c, &closed);
	tick(dp, &town, now_ms += 1000);
	cr_assert_eq(dataplane_count_conns(dp).entries, 11UL);
	cr_assert_eq(dataplane_count_conns(dp).capacity, 511UL);
	cr_assert_eq(dataplane_count_conns(dp).by_state[SHUNT_CONN_ESTABLISHED], 10UL);
	cr_assert_eq(dataplane_count_conns(dp).by_state[SHUNT_CONN_CLOSED], 1UL);
	cr_assert_eq(dataplane_count_conns(dp).ports_used, 10UL);
	cr_assert_eq(dataplane_count_conns(dp).ports_most, 5UL);
	cr_assert_eq(dataplane_read_flows(dp, 18), 5UL);

	cr_assert_eq(dataplane_list_conns(dp, &town.plan, 0, 4, &list), 0);
	cr_assert_eq(list.n, 4UL);
	cr_assert_eq(list.total, 11UL);
	cr_assert_eq(list.list[0].client.port, 5000 + list.list[0].source.port - FIRST_PORT);
	cr_assert_eq(list.list[0].vip.port, 80);
	cr_assert(addr_is_equal(&list.list[0].source.addr, &sizes.pool.addr[0]));
	free(list.list);
	cr_assert_eq(dataplane_list_conns(dp, &town.plan, 1, 4, &list), 0);
	cr_assert_eq(list.n + list.total, 0UL);
	free(list.list);

	for (int i = 0; i < 5; i++)
		tick(dp, &town, now_ms += 1000);
	cr_assert_eq(dataplane_count_conns(dp).entries, 10UL);
	/* A backend goes, and with it what it has. */
	memmove(&town.backends[1], &town.backends[2], 4 * sizeof(*town.backends));
	town.plan.n_backends--;
	cr_assert_eq(dataplane_apply(dp, &town.plan, NULL, 0, now_ms), 0);
	for (int i = 0; i < 3; i++)
		tick(dp, &town, now_ms += 1000);
	cr_assert_eq(dataplane_count_conns(dp).entries, 5UL);
	cr_assert_eq(dataplane_count_conns(dp).ports_used, 5UL);
	cr_assert_eq(c.loads[18].active, 0U);
	cr_assert_eq(c.loads[17].active, 5U);
	dataplane_close(dp);
}

/* More room, another pool, other ids, another key: connections go on all the same. */
Test(conn_cache, connections_go_on_in_other_maps)
{
	struct town_shape later = shape;
	struct dataplane_sizes sizes = make_sizes(512, 8), larger = make_sizes(2048, 16);
	struct dataplane *from, *to;
	struct shunt_conn conn;
	struct town old, new;
	struct conns c;
	uint32_t r, bit;

	ns_enter();
	larger.pool.n[SHUNT_V4] = 2;
	larger.pool.addr[1] = larger.pool.addr[0];
	larger.pool.addr[0] = town_address("10.0.0.2");
	town_make(&old, &shape);
	make_fullnat(&old);
	from = open_with(&sizes, true, 11);
	town_apply(&old, from, clock_now_ms());
	cr_assert_eq(dataplane_commit(from), 0);
	c = map_conns(11);
	conn = make_conn(1, 17, 1);
	add(&c, &conn);

	later.base[0] = 128;
	town_make(&new, &later);
	/* By id, and the second service's come first now. */
	for (int i = 0; i < TOWN_SERVICES * TOWN_BACKENDS; i++)
		if (new.backends[i].conf_service == 0)
			new.backends[i].leg[SHUNT_V4].forward = SHUNT_FORWARD_FULLNAT;
	to = open_with(&larger, false, 13);
	dataplane_carry(from, to);
	town_apply(&new, to, clock_now_ms());
	/* Opened while the former program still runs. */
	conn = make_conn(2, 17, 1);
	add(&c, &conn);
	dataplane_close(from);
	cr_assert_eq(dataplane_commit(to), 0);

	c = map_conns(13);
	cr_assert_eq(c.n, 2048U);
	for (unsigned int i = 1; i <= 2; i++) {
		conn = make_conn(i, 17, 1);
		r = conns_find(&c, &conn.client, SHUNT_TO_SERVER);
		cr_assert_neq(r, 0U, "connection %u", i);
		cr_assert_eq(conns_find(&c, &conn.server, SHUNT_TO_CLIENT), r);
		cr_assert_eq(c.records[r].backend, 129);
		bit = (space_of(129) * 2 + 1) * SPACE_BITS + i;
		cr_assert_eq(c.records[r].port_bit, bit);
		cr_assert(c.port_bits[bit / SHUNT_BITS_PER_LINE]
					  .word[bit % SHUNT_BITS_PER_LINE / 64] >>
				  bit % 64 &
			  1);
	}
	cr_assert_eq(c.loads[129].active, 2U);
	cr_assert_eq(dataplane_count_conns(to).entries, 2UL);
	dataplane_close(to);
}
