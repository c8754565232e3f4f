/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Version 2 of the ABI: services name tables by number, all of one size; a slot is a
 * word with ids of backends in it; each counter is a value of its own. What is not
 * told of here is as it is now.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "dataplane/former_layout.h"

struct v2_service {
	__u32 table;
	__u32 flags;
};

#define V2_SERVICE_TRACKED (1U << 1)

struct v2_rodata {
	__u64 hash_key[2];
	__u32 slot_mask;
	__u32 service_mask;
	__u32 flow_mask;
	__u32 pins_per_s;
	__u8 features[16];
};

_Static_assert(sizeof(struct v2_service) == sizeof(struct shunt_service), "its place");
_Static_assert(sizeof(struct v2_rodata) == 48, "version 2");

static int read_constants(struct former *f, int rodata_fd)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info), zero = 0;
	struct v2_rodata rodata;

	if (bpf_obj_get_info_by_fd(rodata_fd, &info, &len))
		return -errno;
	if (info.value_size != sizeof(rodata))
		return -EINVAL;
	if (bpf_map_lookup_elem(rodata_fd, &zero, &rodata))
		return -errno;
	memcpy(f->hash_key, rodata.hash_key, sizeof(f->hash_key));
	f->flow_mask = rodata.flow_mask;
	f->slots = rodata.slot_mask + 1;
	return 0;
}

static void read_service(const struct former *f, const struct shunt_listing *listing,
			 struct former_service *out)
{
	struct v2_service service;

	memcpy(&service, &listing->service, sizeof(service));
	out->slots = f->slots;
	out->first = (uint64_t)service.table * f->slots / FORMER_SLOTS_PER_LINE;
	out->base = 0;
	out->tracked = service.flags & V2_SERVICE_TRACKED;
}

/* The word as it is now, but for `prev` where the slot is PINNED: nobody reads that. */
static uint32_t word(const void *table, uint32_t slots, uint32_t slot)
{
	(void)slots;
	return __atomic_load_n((const __u32 *)table + slot, __ATOMIC_RELAXED);
}

static int read_counter(int fd, __u32 id, struct shunt_counter *values, int cpus)
{
	struct shunt_counter sum = { 0 };

	if (bpf_map_lookup_elem(fd, &id, values))
		return -errno;
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.packets += values[cpu].packets;
		sum.bytes += values[cpu].bytes;
	}
	values[0] = sum;
	return 0;
}

static int read_counters(const struct former *f, struct shunt_counter *out)
{
	const int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct shunt_counter *values = NULL;
	int err = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (__u32 id = 1; !err && id < f->n_backends; id++) {
		/* Most ids are of nobody. */
		if (!f->ids[id])
			continue;
		err = read_counter(f->fds[LOAD_COUNTERS], id, values, cpus);
		out[id] = values[0];
	}
	return err;
}

const struct former_layout former_v2 = {
	.version = FORMER_VERSION,
	.value_bytes = { [LOAD_SERVICES] = sizeof(struct shunt_service_line),
			 [LOAD_SLOTS] = FORMER_SLOTS_PER_LINE * sizeof(__u32),
			 [LOAD_BACKENDS] = sizeof(struct shunt_backend),
			 [LOAD_FLOWS] = sizeof(struct shunt_flow_line),
			 [LOAD_FRESH] = sizeof(struct shunt_flow_line),
			 [LOAD_COUNTERS] = sizeof(struct shunt_counter),
			 [LOAD_REASONS] = sizeof(struct shunt_reasons) },
	.read_constants = read_constants,
	.read_service = read_service,
	.word = word,
	.read_counters = read_counters,
};
