/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "v2.h"

#define REASONS 64

struct map {
	const char *name;
	enum bpf_map_type type;
	__u32 key_bytes, value_bytes, entries;
};

static const struct map maps[] = {
	{ "shunt_services", BPF_MAP_TYPE_ARRAY, 4, 64, V2_SERVICE_LINES },
	{ "shunt_slots", BPF_MAP_TYPE_ARRAY, 4, 64, V2_TABLES *V2_SLOTS / 16 },
	{ "shunt_backends", BPF_MAP_TYPE_ARRAY, 4, 64, V2_IDS },
	{ "shunt_flows", BPF_MAP_TYPE_ARRAY, 4, 64, V2_FLOW_LINES },
	{ "shunt_fresh", BPF_MAP_TYPE_ARRAY, 4, 64, V2_FRESH_LINES },
	{ "shunt_counters", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, V2_IDS },
	{ "shunt_reasons", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8 * REASONS, 1 },
	{ "shunt_vips", BPF_MAP_TYPE_HASH, 16, 4, 16 },
	{ "shunt_egress", BPF_MAP_TYPE_ARRAY, 4, 32, 64 },
	{ "shunt_devices", BPF_MAP_TYPE_DEVMAP, 4, 4, 64 },
	{ "shunt_pin_budget", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1 },
	{ "rodata", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct v2_rodata), 1 },
};

static int make_map(const struct map *m, const char *pin_dir)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts,
		    .map_flags = m->type == BPF_MAP_TYPE_ARRAY ? BPF_F_MMAPABLE : 0);
	const int fd =
		bpf_map_create(m->type, m->name, m->key_bytes, m->value_bytes, m->entries, &opts);
	char path[128];

	cr_assert_geq(fd, 0, "%s", m->name);
	snprintf(path, sizeof(path), "%s/v2/%s", pin_dir, m->name);
	cr_assert_eq(bpf_obj_pin(fd, path), 0, "%s", path);
	return fd;
}

static void *map_whole(const struct map *m, int fd)
{
	void *p =
		mmap(NULL, m->entries * m->value_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	cr_assert_neq(p, MAP_FAILED);
	close(fd);
	return p;
}

void v2_make(struct v2 *v2, const char *pin_dir, const struct v2_rodata *rodata)
{
	int fds[sizeof(maps) / sizeof(maps[0])];
	char path[128];
	__u32 zero = 0;

	mkdir(pin_dir, 0700);
	snprintf(path, sizeof(path), "%s/v2", pin_dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		fds[i] = make_map(&maps[i], pin_dir);
	v2->listings = map_whole(&maps[0], fds[0]);
	v2->slots = map_whole(&maps[1], fds[1]);
	v2->backends = map_whole(&maps[2], fds[2]);
	v2->flows = map_whole(&maps[3], fds[3]);
	v2->fresh = map_whole(&maps[4], fds[4]);
	v2->counters = fds[5];
	v2->reasons = fds[6];
	cr_assert_eq(bpf_map_update_elem(fds[11], &zero, rodata, BPF_ANY), 0);
	for (int i = 7; i < 12; i++)
		close(fds[i]);
}

void v2_close(struct v2 *v2)
{
	void *const mappings[] = { v2->listings, v2->slots, v2->backends, v2->flows, v2->fresh };

	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++)
		munmap(mappings[i], maps[i].entries * maps[i].value_bytes);
	close(v2->counters);
	close(v2->reasons);
}

void v2_put_backend(struct v2 *v2, __u32 id, const struct shunt_backend *like)
{
	for (int f = 0; f < 2; f++) {
		memcpy(v2->backends[id].leg[f].addr, &like->leg[f].addr, 16);
		v2->backends[id].leg[f].forward = like->leg[f].forward;
		/* What differs from time to time tells nobody from another. */
		v2->backends[id].leg[f].hop = 0x1234567890abcdefULL * id;
		v2->backends[id].leg[f].flags = id & 1;
	}
}

void v2_put_service(struct v2 *v2, __u32 at, const struct shunt_service_key *key, __u32 table)
{
	struct v2_listing *l = &v2->listings[at];

	memcpy(l->vip, &key->vip, 16);
	l->match = key->port | key->proto << 16;
	l->more = 1;
	l->table = table;
	l->flags = 1;
}

void v2_count(struct v2 *v2, __u32 id, __u64 packets, __u64 bytes)
{
	const int cpus = libbpf_num_possible_cpus();
	__u64 *values = calloc(cpus, 2 * sizeof(*values));

	cr_assert_not_null(values);
	values[2 * (cpus - 1)] = packets;
	values[2 * (cpus - 1) + 1] = bytes;
	cr_assert_eq(bpf_map_update_elem(v2->counters, &id, values, BPF_ANY), 0);
	free(values);
}

void v2_count_reason(struct v2 *v2, __u32 reason, __u64 packets)
{
	__u64 *values = calloc(libbpf_num_possible_cpus(), REASONS * sizeof(*values));
	__u32 zero = 0;

	cr_assert_not_null(values);
	values[reason] = packets;
	cr_assert_eq(bpf_map_update_elem(v2->reasons, &zero, values, BPF_ANY), 0);
	free(values);
}
