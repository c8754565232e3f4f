/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps as a daemon of version 2 of the ABI left them pinned, made by hand. Layouts are
 * written out here: what they were does not change.
 */
#ifndef TEST_V2_H
#define TEST_V2_H

#include <linux/types.h>

#include "shunt/abi.h"

#define V2_SLOTS 1024
#define V2_TABLES 4
#define V2_IDS 64
#define V2_SERVICE_LINES 32
#define V2_FLOW_LINES 64
#define V2_FRESH_LINES 4096

struct v2_listing {
	__u8 vip[16];
	__u32 match;
	__u32 more;
	__u32 table;
	__u32 flags;
};

struct v2_leg {
	__u8 addr[16];
	__u64 hop;
	__u16 mtu;
	__u8 forward;
	__u8 flags;
	__u8 pad[4];
};

struct v2_backend {
	struct v2_leg leg[2];
};

struct v2_rodata {
	__u64 hash_key[2];
	__u32 slot_mask;
	__u32 service_mask;
	__u32 flow_mask;
	__u32 pins_per_s;
	__u8 features[16];
};

#define V2_SLOT(state, prev, cur) ((__u32)(state) << 30 | (__u32)(prev) << 15 | (__u32)(cur))

enum {
	V2_STABLE,
	V2_MIGRATING,
	V2_PINNING,
	V2_PINNED
};

/**
 * struct v2 - mappings of the maps, which stay when they are unpinned
 * @listings: two in a line; where they lie does not matter to who reads them all
 * @counters, @reasons: descriptors
 */
struct v2 {
	struct v2_listing *listings;
	__u32 *slots;
	struct v2_backend *backends;
	__u64 *flows; /* eight in a line */
	__u64 *fresh;
	int counters;
	int reasons;
};

/* Make the maps under @pin_dir/v2. */
void v2_make(struct v2 *v2, const char *pin_dir, const struct v2_rodata *rodata);
void v2_close(struct v2 *v2);

void v2_put_backend(struct v2 *v2, __u32 id, const struct shunt_backend *like);
void v2_put_service(struct v2 *v2, __u32 at, const struct shunt_service_key *key, __u32 table);
/* On one of the CPUs, instead of what was there. */
void v2_count(struct v2 *v2, __u32 id, __u64 packets, __u64 bytes);
void v2_count_reason(struct v2 *v2, __u32 reason, __u64 packets);

#endif /* TEST_V2_H */
