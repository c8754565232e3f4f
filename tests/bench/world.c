/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "conns.h"
#include "guards.h"
#include "limits.h"
#include "lines.h"
#include "reasons.h"
#include "shunt/guard.h"
#include "shunt/hash.h"
#include "tables/listing.h"
#include "world.h"

/* The interface that a test run says a frame came in by. */
#define INGRESS 1
#define EGRESS 1
#define MAX_PROGRAMS 256

enum map {
	MAP_SERVICES,
	MAP_VIPS,
	MAP_SLOTS,
	MAP_BACKENDS,
	MAP_EGRESS,
	MAP_DEVICES,
	MAP_FLOWS,
	MAP_MARKS,
	MAP_FRESH,
	MAP_PIN_BUDGET,
	MAP_COUNTERS,
	MAP_REASONS,
	MAP_CONNS,
	MAP_CONN_INDEX,
	MAP_CONN_BITS,
	MAP_PORT_BITS,
	MAP_POOL,
	MAP_LOADS,
	MAP_FRAGMENTS,
	MAP_ICMP_BUDGET,
	MAP_LIMITS,
	MAP_LIMITS_OF,
	MAP_BUCKETS,
	MAPS,
};

static const char *const map_names[MAPS] = {
	[MAP_SERVICES] = "shunt_services",   [MAP_VIPS] = "shunt_vips",
	[MAP_SLOTS] = "shunt_slots",	     [MAP_BACKENDS] = "shunt_backends",
	[MAP_EGRESS] = "shunt_egress",	     [MAP_DEVICES] = "shunt_devices",
	[MAP_FLOWS] = "shunt_flows",	     [MAP_MARKS] = "shunt_marks",
	[MAP_FRESH] = "shunt_fresh",	     [MAP_PIN_BUDGET] = "shunt_pin_budget",
	[MAP_COUNTERS] = "shunt_counters",   [MAP_REASONS] = "shunt_reasons",
	[MAP_CONNS] = "shunt_conns",	     [MAP_CONN_INDEX] = "shunt_conn_index",
	[MAP_CONN_BITS] = "shunt_conn_bits", [MAP_PORT_BITS] = "shunt_port_bits",
	[MAP_POOL] = "shunt_pool",	     [MAP_LOADS] = "shunt_loads",
	[MAP_FRAGMENTS] = "shunt_fragments", [MAP_ICMP_BUDGET] = "shunt_icmp_budget",
	[MAP_LIMITS] = "shunt_limits",	     [MAP_LIMITS_OF] = "shunt_limits_of",
	[MAP_BUCKETS] = "shunt_buckets",
};

struct world {
	struct world_shape shape;
	enum world_state state;
	int maps[MAPS]; /* owned by the first object */
	struct shunt_backend *backends;
	struct bpf_object *objects[MAX_PROGRAMS];
	int n_objects;
};

struct world *world_open(const struct world_shape *shape)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		err(EXIT_FAILURE, "world");
	w->shape = *shape;
	return w;
}

static __u32 count_ids(const struct world *w)
{
	return w->shape.services * WORLD_BLOCK;
}

static __u32 count_tables(const struct world *w)
{
	return w->shape.own ? w->shape.services : 1;
}

/* Of owners, or of transits, in a table. */
static __u32 table_lines(const struct world *w)
{
	return w->shape.slots / SHUNT_SLOTS_PER_LINE;
}

void world_close(struct world *w)
{
	if (!w)
		return;
	if (w->backends)
		munmap(w->backends, count_ids(w) * sizeof(*w->backends));
	while (w->n_objects)
		bpf_object__close(w->objects[--w->n_objects]);
	free(w);
}

static struct bpf_map *find(const struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	if (!map)
		errx(EXIT_FAILURE, "no map %s in %s", name, bpf_object__name(obj));
	return map;
}

/* Room for both families and both protocols of each service. */
static __u32 service_lines(const struct world *w)
{
	__u32 services = 1;

	while (services < 4 * w->shape.services)
		services *= 2;
	return listing_lines(services);
}

static void set_rodata(const struct world *w, const struct bpf_object *obj,
		       const struct shunt_rodata *rodata)
{
	struct shunt_rodata all = *rodata;

	all.service_mask = service_lines(w) - 1;
	all.conn_mask = w->shape.nat ? CONNS_LINES - 1 : 0;
	all.guard |= w->shape.prefixes ? SHUNT_GUARD_PREFIXES : 0;
	all.conns = w->shape.nat ? CONNS_MAX + 1 : 1;
	if (bpf_map__set_initial_value(find(obj, ".rodata"), &all, sizeof(all)))
		err(EXIT_FAILURE, "set the constants");
}

static void prepare_maps(const struct world *w, const struct bpf_object *obj)
{
	const __u32 entries[MAPS] = {
		[MAP_SERVICES] = service_lines(w),
		[MAP_VIPS] = 2 * w->shape.services,
		[MAP_SLOTS] = count_tables(w) * 2 * table_lines(w),
		[MAP_BACKENDS] = count_ids(w),
		[MAP_FLOWS] = MODE_FLOW_LINES,
		[MAP_MARKS] = MODE_FLOW_LINES / SHUNT_MARKS_PER_VALUE,
		[MAP_COUNTERS] = count_ids(w) / SHUNT_COUNTERS_PER_BLOCK,
		[MAP_LOADS] = count_ids(w),
		[MAP_CONNS] = w->shape.nat ? CONNS_MAX + 1 : 0,
		[MAP_CONN_INDEX] = w->shape.nat ? CONNS_LINES : 0,
		[MAP_LIMITS_OF] = count_ids(w) + 1,
		[MAP_BUCKETS] = 1U << MODE_BUCKET_BITS,
	};

	for (int m = 0; m < MAPS; m++) {
		struct bpf_map *map = find(obj, map_names[m]);
		int bad = 0;

		if (w->n_objects)
			bad = bpf_map__reuse_fd(map, w->maps[m]);
		else if (entries[m])
			bad = bpf_map__set_max_entries(map, entries[m]);
		if (bad)
			err(EXIT_FAILURE, "prepare %s", map_names[m]);
	}
}

static void put(const struct world *w, enum map map, const void *key, const void *value)
{
	if (bpf_map_update_elem(w->maps[map], key, value, BPF_ANY))
		err(EXIT_FAILURE, "write %s", map_names[map]);
}

static void *map_array(const struct world *w, enum map map, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, w->maps[map], 0);

	if (at == MAP_FAILED)
		err(EXIT_FAILURE, "map %s", map_names[map]);
	return at;
}

static struct shunt_service service_of(const struct world *w, __u32 i)
{
	return (struct shunt_service){
		.first = w->shape.own ? i * 2 * table_lines(w) : 0,
		.line_mask = table_lines(w) - 1,
		.base = i * WORLD_BLOCK,
	};
}

/* In an order that favours no family and no protocol: who is first lies better. */
static void put_services(const struct world *w, __u32 flags)
{
	static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	const size_t bytes = service_lines(w) * sizeof(struct shunt_service_line);
	struct shunt_service_line *lines = map_array(w, MAP_SERVICES, bytes);

	for (__u32 i = 0; i < 4 * w->shape.services; i++) {
		const struct shunt_listing like = { .flags = flags,
						    .service = service_of(w, i / 4) };
		const struct shunt_service_key key = traffic_service(i & 2, protos[i & 1], i / 4);

		if (listing_put(lines, service_lines(w) - 1, &key, &like))
			errx(EXIT_FAILURE, "no room for service %u", i);
		put(w, MAP_VIPS, &key.vip, &(__u32){ 1 });
	}
	munmap(lines, bytes);
}

/* Members in an order that looks random, another one in each table. */
static __u32 make_slot(size_t i, enum world_state state)
{
	const __u32 cur = (shunt_hash_word(1, i) >> 40) % WORLD_BACKENDS + 1;

	switch (state) {
	case WORLD_MIGRATING:
		return SHUNT_SLOT(SHUNT_SLOT_MIGRATING, cur % WORLD_BACKENDS + 1, cur);
	case WORLD_PINNED:
		return SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, cur);
	default:
		return SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, cur);
	}
}

static void fill_slots(const struct world *w, enum world_state state)
{
	const size_t half = table_lines(w), n = count_tables(w) * 2 * half;
	struct shunt_slot_line *lines = map_array(w, MAP_SLOTS, n * sizeof(*lines));
	const size_t slots = (size_t)count_tables(w) * w->shape.slots;

	for (size_t i = 0; i < slots; i++) {
		const size_t table = i / w->shape.slots, slot = i % w->shape.slots;
		struct shunt_slot_line *owners =
			&lines[table * 2 * half + slot / SHUNT_SLOTS_PER_LINE];
		const __u32 word = make_slot(i, state);

		owners->half[slot % SHUNT_SLOTS_PER_LINE] = shunt_slot_owner(word);
		owners[half].half[slot % SHUNT_SLOTS_PER_LINE] = shunt_slot_transit(word);
	}
	munmap(lines, n * sizeof(*lines));
}

/* Everything known of flows is forgotten; then the first @n of @t are pinned. */
static void fill_flows(const struct world *w, const struct traffic *t, __u64 n)
{
	const size_t bytes = MODE_FLOW_LINES * sizeof(struct shunt_flow_line),
		     fresh_bytes = SHUNT_FRESH_LINES * sizeof(struct shunt_flow_line);
	struct shunt_flow_line *lines = map_array(w, MAP_FLOWS, bytes),
			       *fresh = map_array(w, MAP_FRESH, fresh_bytes);
	__u8 *marks = map_array(w, MAP_MARKS, MODE_FLOW_LINES);
	const struct shunt_rodata ro = mode_rodata(MODE_4IN4, VARIANT_LEAN);
	struct timespec now;

	memset(lines, 0, bytes);
	memset(fresh, 0, fresh_bytes);
	memset(marks, 0, MODE_FLOW_LINES);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	for (__u64 i = 0; i < n; i++) {
		const struct traffic_flow flow = traffic_flow(t, i);
		const __u64 hash = shunt_hash_flow(ro.hash_key, &flow.src, &flow.dst, flow.ports,
						   t->proto, t->v6);
		const __u32 id = conns_backend(flow.service, hash >> 56);
		const __u32 line = lines_enter(lines, MODE_FLOW_LINES - 1, hash,
					       SHUNT_FLOW(hash, id, now.tv_sec));

		if (line != LINES_FULL)
			marks[line] |= SHUNT_FLOW_MARK(hash);
	}
	munmap(lines, bytes);
	munmap(fresh, fresh_bytes);
	munmap(marks, MODE_FLOW_LINES);
}

static void fill_conns(const struct world *w, enum mode mode, const struct traffic *t,
		       bool answered)
{
	const size_t bytes = (CONNS_MAX + 1) * sizeof(struct shunt_conn),
		     line_bytes = CONNS_LINES * sizeof(struct shunt_flow_line);
	const struct conns conns = {
		.records = map_array(w, MAP_CONNS, bytes),
		.lines = map_array(w, MAP_CONN_INDEX, line_bytes),
	};

	conns_fill(&conns, mode, t, answered, INGRESS);
	munmap(conns.records, bytes);
	munmap(conns.lines, line_bytes);
}

static __u32 flags_of(enum world_state state)
{
	switch (state) {
	case WORLD_TRACKED:
		return SHUNT_SERVICE_TRACKED;
	case WORLD_CONNECTED:
	case WORLD_ANSWERED:
		return SHUNT_SERVICE_NAT;
	default:
		return 0;
	}
}

void world_set_state(struct world *w, enum world_state state, enum mode mode,
		     const struct traffic *t)
{
	const bool pinned = state == WORLD_PINNED || state == WORLD_TRACKED;

	if (state == WORLD_STABLE && w->state == WORLD_STABLE)
		return;
	put_services(w, flags_of(state));
	if (state == WORLD_CONNECTED || state == WORLD_ANSWERED)
		fill_conns(w, mode, t, state == WORLD_ANSWERED);
	fill_slots(w, state);
	fill_flows(w, t, pinned ? t->flows : 0);
	w->state = state;
}

static void fill(struct world *w)
{
	const struct shunt_egress egress = {
		.src6.b = { 0xfd, [15] = 1 },
		.src4 = htonl(0x0a000001),
		.ifindex = INGRESS,
		.smac = { 2, 0, 0, 0, 0, 2 },
	};

	put_services(w, 0);
	put(w, MAP_EGRESS, &(__u32){ EGRESS }, &egress);
	fill_slots(w, WORLD_STABLE);
	limits_fill(w->maps[MAP_LIMITS], w->maps[MAP_LIMITS_OF], w->shape.services, WORLD_BLOCK);
	w->backends = map_array(w, MAP_BACKENDS, count_ids(w) * sizeof(*w->backends));
}

static const struct bpf_program *find_program(const struct bpf_object *obj)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(obj, "shunt_ingress");

	if (!prog)
		errx(EXIT_FAILURE, "no program shunt_ingress in %s", bpf_object__name(obj));
	return prog;
}

const struct bpf_program *world_program(const struct world *w, int fd)
{
	for (int i = 0; i < w->n_objects; i++)
		if (bpf_program__fd(find_program(w->objects[i])) == fd)
			return find_program(w->objects[i]);
	errx(EXIT_FAILURE, "no such program");
}

int world_load(struct world *w, const char *object, const struct shunt_rodata *rodata)
{
	struct bpf_object *obj = bpf_object__open_file(object, NULL);

	if (!obj)
		err(EXIT_FAILURE, "open %s", object);
	if (w->n_objects == MAX_PROGRAMS)
		errx(EXIT_FAILURE, "more than %d programs over the same maps", MAX_PROGRAMS);
	set_rodata(w, obj, rodata);
	prepare_maps(w, obj);
	if (bpf_object__load(obj))
		err(EXIT_FAILURE, "load %s", object);
	for (int m = 0; m < MAPS && !w->n_objects; m++)
		w->maps[m] = bpf_map__fd(find(obj, map_names[m]));
	w->objects[w->n_objects++] = obj;
	if (w->n_objects == 1)
		fill(w);
	/* Each program has maps of its own for them. */
	if (w->shape.prefixes)
		guards_put(obj, w->shape.prefixes);
	return bpf_program__fd(find_program(obj));
}

void world_set_mode(struct world *w, enum mode mode)
{
	const bool v6 = mode_is_v6(mode);

	for (__u32 id = 1; id < count_ids(w); id++) {
		w->backends[id].leg[v6] = mode_leg(mode, id, EGRESS);
		w->backends[id].leg[!v6] = (struct shunt_leg){ .forward = SHUNT_FORWARD_NONE };
	}
}

void world_read_reasons(const struct world *w, __u64 out[SHUNT_MAX_REASONS])
{
	reasons_read(w->maps[MAP_REASONS], out);
}
