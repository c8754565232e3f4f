/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "dataplane/listing.h"
#include "shunt/hash.h"
#include "traffic.h"
#include "world.h"

/* The interface that a test run says a frame came in by. */
#define INGRESS 1
#define EGRESS 1
#define MAX_PROGRAMS 64

enum map {
	MAP_SERVICES,
	MAP_VIPS,
	MAP_SLOTS,
	MAP_BACKENDS,
	MAP_EGRESS,
	MAP_DEVICES,
	MAP_COUNTERS,
	MAP_REASONS,
	MAPS,
};

static const char *const map_names[MAPS] = {
	[MAP_SERVICES] = "shunt_services", [MAP_VIPS] = "shunt_vips",
	[MAP_SLOTS] = "shunt_slots",	   [MAP_BACKENDS] = "shunt_backends",
	[MAP_EGRESS] = "shunt_egress",	   [MAP_DEVICES] = "shunt_devices",
	[MAP_COUNTERS] = "shunt_counters", [MAP_REASONS] = "shunt_reasons",
};

struct world {
	__u32 services;
	int maps[MAPS]; /* owned by the first object */
	struct shunt_backend *backends;
	struct bpf_object *objects[MAX_PROGRAMS];
	int n_objects;
};

static const struct {
	const char *name;
	bool v6;
	__u8 forward;
	bool outer_v6;
} modes[MODES] = {
	[MODE_DIRECT4] = { "direct4", false, SHUNT_FORWARD_DIRECT, false },
	[MODE_DIRECT6] = { "direct6", true, SHUNT_FORWARD_DIRECT, false },
	[MODE_4IN4] = { "4in4", false, SHUNT_FORWARD_IPIP, false },
	[MODE_6IN6] = { "6in6", true, SHUNT_FORWARD_IPIP, true },
	[MODE_4IN6] = { "4in6", false, SHUNT_FORWARD_IPIP, true },
	[MODE_6IN4] = { "6in4", true, SHUNT_FORWARD_IPIP, false },
};

const char *mode_name(enum mode mode)
{
	return modes[mode].name;
}

bool mode_is_v6(enum mode mode)
{
	return modes[mode].v6;
}

static const struct shunt_rodata rodata_base = {
	.hash_key = { 0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL },
	.slot_mask = WORLD_SLOTS - 1,
	.tcp = 1,
	.udp = 1,
};

struct shunt_rodata world_rodata_of(enum mode mode)
{
	struct shunt_rodata ro = rodata_base;
	const bool ipip = modes[mode].forward == SHUNT_FORWARD_IPIP;

	ro.ipv4 = !modes[mode].v6;
	ro.ipv6 = modes[mode].v6;
	ro.direct = !ipip;
	ro.ipip4 = ipip && !modes[mode].outer_v6;
	ro.ipip6 = ipip && modes[mode].outer_v6;
	return ro;
}

struct shunt_rodata world_rodata_full(void)
{
	struct shunt_rodata ro = rodata_base;

	ro.ipv4 = ro.ipv6 = ro.any_port = 1;
	ro.direct = ro.ipip4 = ro.ipip6 = 1;
	return ro;
}

struct world *world_open(__u32 services)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		err(EXIT_FAILURE, "world");
	w->services = services;
	return w;
}

void world_close(struct world *w)
{
	if (!w)
		return;
	if (w->backends)
		munmap(w->backends, (w->services * WORLD_BACKENDS + 1) * sizeof(*w->backends));
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

	while (services < 4 * w->services)
		services *= 2;
	return listing_lines(services);
}

static void set_rodata(const struct world *w, const struct bpf_object *obj,
		       const struct shunt_rodata *rodata)
{
	struct shunt_rodata all = *rodata;

	all.service_mask = service_lines(w) - 1;
	if (bpf_map__set_initial_value(find(obj, ".rodata"), &all, sizeof(all)))
		err(EXIT_FAILURE, "set the constants");
}

static void prepare_maps(const struct world *w, const struct bpf_object *obj)
{
	const __u32 ids = w->services * WORLD_BACKENDS + 1;
	const __u32 entries[MAPS] = {
		[MAP_SERVICES] = service_lines(w),
		[MAP_VIPS] = 2 * w->services,
		[MAP_SLOTS] = w->services * (WORLD_SLOTS / SHUNT_SLOTS_PER_LINE),
		[MAP_BACKENDS] = ids,
		[MAP_COUNTERS] = ids,
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

static void put_services(const struct world *w, bool v6, __u8 proto)
{
	const size_t bytes = service_lines(w) * sizeof(struct shunt_service_line);
	struct shunt_service_line *lines = map_array(w, MAP_SERVICES, bytes);

	for (__u32 i = 0; i < w->services; i++) {
		const struct shunt_service_key key = traffic_service(v6, proto, i);

		if (listing_put(lines, service_lines(w) - 1, &key,
				&(struct shunt_service){ .table = i }))
			errx(EXIT_FAILURE, "no room for service %u", i);
		put(w, MAP_VIPS, &key.vip, &(__u32){ 1 });
	}
	munmap(lines, bytes);
}

/* Table after table; backends in an order that looks random. */
static void fill_slots(const struct world *w)
{
	const size_t n = (size_t)w->services * WORLD_SLOTS;
	__u32 *slots = map_array(w, MAP_SLOTS, n * sizeof(*slots));

	for (size_t i = 0; i < n; i++)
		slots[i] = SHUNT_SLOT(SHUNT_SLOT_STABLE, 0,
				      i / WORLD_SLOTS * WORLD_BACKENDS +
					      (shunt_hash_word(1, i) >> 40) % WORLD_BACKENDS + 1);
	munmap(slots, n * sizeof(*slots));
}

static void fill(struct world *w)
{
	const struct shunt_egress egress = {
		.src6.b = { 0xfd, [15] = 1 },
		.src4 = htonl(0x0a000001),
		.ifindex = INGRESS,
		.smac = { 2, 0, 0, 0, 0, 2 },
	};

	put_services(w, false, IPPROTO_TCP);
	put_services(w, false, IPPROTO_UDP);
	put_services(w, true, IPPROTO_TCP);
	put_services(w, true, IPPROTO_UDP);
	put(w, MAP_EGRESS, &(__u32){ EGRESS }, &egress);
	fill_slots(w);
	w->backends = map_array(w, MAP_BACKENDS,
				(w->services * WORLD_BACKENDS + 1) * sizeof(*w->backends));
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
	return bpf_program__fd(find_program(obj));
}

void world_set_mode(struct world *w, enum mode mode)
{
	const struct shunt_leg none = { .forward = SHUNT_FORWARD_NONE };

	for (__u32 id = 1; id <= w->services * WORLD_BACKENDS; id++) {
		struct shunt_leg leg = {
			.addr.w = { 0, 0, htonl(0xffff), htonl(0x0a010000 + id) },
			.hop = { .dmac = { 2, 0, 1, 0, id >> 8, id & 0xff }, .egress = EGRESS },
			.mtu = 1500,
			.forward = modes[mode].forward,
		};

		if (modes[mode].outer_v6)
			leg.addr.w[2] = leg.addr.w[0] = htonl(0xfd000000);
		w->backends[id].leg[modes[mode].v6] = leg;
		w->backends[id].leg[!modes[mode].v6] = none;
	}
}

void world_read_reasons(const struct world *w, __u64 out[SHUNT_MAX_REASONS])
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct shunt_reasons *by_cpu = calloc(cpus > 0 ? cpus : 1, sizeof(*by_cpu));

	if (!by_cpu || bpf_map_lookup_elem(w->maps[MAP_REASONS], &(__u32){ 0 }, by_cpu))
		err(EXIT_FAILURE, "read %s", map_names[MAP_REASONS]);
	memset(out, 0, SHUNT_MAX_REASONS * sizeof(out[0]));
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int r = 0; r < SHUNT_MAX_REASONS; r++)
			out[r] += by_cpu[cpu].packets[r];
}
