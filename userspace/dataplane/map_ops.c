/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes to the kernel's maps. Arrays are written through their mappings, one
 * aligned word at a time where packets may be reading; hashes by system calls.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dataplane/internal.h"
#include "net/addr.h"
#include "tables/listing.h"

static bool has_backend(const struct dataplane *dp, __u32 id)
{
	return id && id < dp->n_backends;
}

static struct shunt_backend *backend_at(const struct dataplane *dp, __u32 id)
{
	return has_backend(dp, id) ? &dp->backends[id] : NULL;
}

static bool leg_is_same_way(const struct shunt_leg *a, const struct shunt_leg *b)
{
	return a->forward == b->forward && a->port == b->port && addr_is_equal(&a->addr, &b->addr);
}

static bool backend_is_free(const struct shunt_backend *b)
{
	return !b->leg[SHUNT_V4].forward && !b->leg[SHUNT_V6].forward;
}

static bool backend_is_same_way(const struct shunt_backend *a, const struct shunt_backend *b)
{
	return leg_is_same_way(&a->leg[SHUNT_V4], &b->leg[SHUNT_V4]) &&
	       leg_is_same_way(&a->leg[SHUNT_V6], &b->leg[SHUNT_V6]);
}

static void put_spaces(struct dataplane *dp, __u32 id)
{
	for (int f = 0; f < SHUNT_FAMILIES && !dp->removed[id]; f++)
		conn_cache_put_space(dp, &dp->backends[id].leg[f]);
}

/* Its legs get theirs before those of the former backend lose them: they may be the same. */
static int move_spaces(struct dataplane *dp, __u32 id, struct shunt_backend *next)
{
	int err = 0;

	for (int f = 0; f < SHUNT_FAMILIES && !err; f++)
		err = conn_cache_get_space(dp, &next->leg[f]);
	if (!err)
		put_spaces(dp, id);
	return err;
}

/*
 * What a former daemon found out about the way to the backend is still true; what
 * was known before the backend was removed may not be.
 */
static int put_backend(void *ctx, __u32 id, const struct shunt_backend *b)
{
	struct dataplane *dp = ctx;
	struct shunt_backend *at = backend_at(dp, id);
	struct shunt_backend next = *b;
	int err;

	if (!at)
		return -ERANGE;
	if (!backend_is_free(at) && !backend_is_same_way(at, b))
		flow_cache_disown(dp, id);
	if (dp->removed[id] || !backend_is_same_way(at, b))
		flow_loads_forget(dp, id);
	flow_cache_claim(dp, id);
	err = move_spaces(dp, id, &next);
	if (err)
		return err;
	for (int f = 0; f < SHUNT_FAMILIES; f++) {
		if (dp->removed[id] || !leg_is_same_way(&at->leg[f], &b->leg[f]))
			continue;
		next.leg[f].hop.word = at->leg[f].hop.word;
		next.leg[f].mtu = at->leg[f].mtu;
	}
	if (memcmp(at, &next, sizeof(next)))
		*at = next;
	dp->removed[id] = false;
	return 0;
}

static int mark_backend(void *ctx, __u32 id, __u8 flags)
{
	struct shunt_backend *at = backend_at(ctx, id);

	if (!at)
		return -ERANGE;
	for (int f = 0; f < SHUNT_FAMILIES; f++)
		__atomic_store_n(&at->leg[f].flags, flags, __ATOMIC_RELAXED);
	return 0;
}

/* Word by word: a packet may meet the new limit and the old weight, which is no harm. */
static int put_load(void *ctx, __u32 id, __u32 limit, __u32 weight)
{
	const struct dataplane *dp = ctx;

	if (!has_backend(dp, id))
		return -ERANGE;
	__atomic_store_n(&dp->loads[id].limit, limit, __ATOMIC_RELAXED);
	__atomic_store_n(&dp->loads[id].weight, weight, __ATOMIC_RELAXED);
	return 0;
}

/* The hop last: who sees it sees the MTU that belongs to it. */
static int set_hop(void *ctx, __u32 id, enum shunt_family family, union shunt_hop hop, __u16 mtu)
{
	struct shunt_backend *at = backend_at(ctx, id);

	if (!at)
		return -ERANGE;
	__atomic_store_n(&at->leg[family].mtu, mtu, __ATOMIC_RELAXED);
	__atomic_store_n(&at->leg[family].hop.word, hop.word, __ATOMIC_RELEASE);
	return 0;
}

static int get_hop(void *ctx, __u32 id, enum shunt_family family, union shunt_hop *hop, __u16 *mtu)
{
	const struct shunt_backend *at = backend_at(ctx, id);

	if (!at)
		return -ERANGE;
	hop->word = at->leg[family].hop.word;
	*mtu = at->leg[family].mtu;
	return 0;
}

/*
 * Its entry stays as it is until the id is used again: a packet that has read the
 * slot before it moved is on its way to it.
 */
static int del_backend(void *ctx, __u32 id)
{
	struct dataplane *dp = ctx;

	if (!has_backend(dp, id))
		return -ERANGE;
	mark_backend(ctx, id, SHUNT_LEG_DEAD);
	flow_cache_disown(ctx, id);
	put_spaces(dp, id);
	dp->removed[id] = true;
	return 0;
}

static void window_close(struct dataplane *dp)
{
	if (dp->window)
		munmap(dp->window, dp->window_bytes);
	dp->window = NULL;
}

static bool window_has(const struct dataplane *dp, __u32 first, __u32 n)
{
	return dp->window && first >= dp->window_first &&
	       first + n <= dp->window_first + dp->window_n;
}

/* Tables of few slots are smaller than a page: map what is around. */
static int window_open(struct dataplane *dp, __u32 first, __u32 n)
{
	const size_t bytes = sizeof(struct shunt_slot_line);
	const __u32 per_page = sysconf(_SC_PAGESIZE) / bytes;
	const __u32 start = first - first % per_page;
	const size_t length = (first + n - start) * bytes;
	void *p;

	window_close(dp);
	p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, dp->fds[LOAD_SLOTS],
		 (off_t)start * bytes);
	if (p == MAP_FAILED)
		return -errno;
	dp->window = p;
	dp->window_bytes = length;
	dp->window_first = start;
	dp->window_n = first + n - start;
	return 0;
}

static __u16 *lines(void *ctx, __u32 first, __u32 n)
{
	struct dataplane *dp = ctx;
	struct shunt_slot_line *window;

	if (first > dp->sizes.slot_lines || n > dp->sizes.slot_lines - first)
		return NULL;
	if (!window_has(dp, first, n) && window_open(dp, first, n))
		return NULL;
	window = dp->window;
	return window[first - dp->window_first].half;
}

static int read_former(void *ctx, const struct plan_table *table, __u32 *words)
{
	const struct dataplane *dp = ctx;

	return dp->carrying ? former_read_table(dp->former, table, words) : -ENOENT;
}

static int map_put(const struct dataplane *dp, enum load_map m, const void *key, const void *value)
{
	return bpf_map_update_elem(dp->fds[m], key, value, BPF_ANY) ? -errno : 0;
}

/* What is not there is as removed as it can be. */
static int map_del(const struct dataplane *dp, enum load_map m, const void *key)
{
	return bpf_map_delete_elem(dp->fds[m], key) && errno != ENOENT ? -errno : 0;
}

static int put_vip(void *ctx, const struct shunt_addr *vip)
{
	const __u32 one = 1;

	return map_put(ctx, LOAD_VIPS, vip, &one);
}

static int del_vip(void *ctx, const struct shunt_addr *vip)
{
	return map_del(ctx, LOAD_VIPS, vip);
}

static int put_service(void *ctx, const struct shunt_service_key *key,
		       const struct shunt_listing *like)
{
	struct shunt_listing with = *like;
	struct dataplane *dp = ctx;

	if (carry_holds(dp, key))
		with.flags |= SHUNT_SERVICE_HOLDS;
	return listing_put(dp->services, dp->n_service_lines - 1, key, &with);
}

static void repoint(void *ctx, const struct map_move *moves, size_t n)
{
	struct dataplane *dp = ctx;

	listing_repoint(dp->services, dp->n_service_lines - 1, moves, n);
}

/* Counters last: until flows are there, they count what the former block forwards. */
static int move_flows(void *ctx, const struct flows_move *moves, size_t n)
{
	struct dataplane *dp = ctx;
	int err;

	/* These maps were made later, and smaller; what is not in them is the end of the list. */
	while (n && moves[n - 1].from + moves[n - 1].span > dp->n_backends)
		n--;
	err = flow_cache_move(dp, moves, n);
	if (!err)
		flow_loads_move(dp, moves, n);
	err = err ?: conn_cache_move(dp, moves, n);
	for (size_t i = 0; i < n && !err; i++)
		err = counters_move(dp, moves[i].from, moves[i].span, moves[i].to);
	return err;
}

static int del_service(void *ctx, const struct shunt_service_key *key)
{
	struct dataplane *dp = ctx;
	int err = listing_del(dp->services, dp->n_service_lines - 1, key);

	return err == -ENOENT ? 0 : err;
}

/* The device first: a packet follows a hop to the entry, and the entry to the device. */
/* Entry @index leaves by @ifindex, untagged or not: one place has it, the other is empty. */
static int put_device(const struct dataplane *dp, __u32 index, bool tagged, __u32 ifindex)
{
	const __u32 with_tag = SHUNT_MAX_EGRESS + index;

	return map_del(dp, LOAD_DEVICES, tagged ? &index : &with_tag)
		       ?: map_put(dp, LOAD_DEVICES, tagged ? &with_tag : &index, &ifindex);
}

static int del_device(const struct dataplane *dp, __u32 index)
{
	const __u32 with_tag = SHUNT_MAX_EGRESS + index;

	return map_del(dp, LOAD_DEVICES, &index) ?: map_del(dp, LOAD_DEVICES, &with_tag);
}

static int put_egress(void *ctx, __u32 index, const struct shunt_egress *e)
{
	struct dataplane *dp = ctx;
	int err;

	if (!index || index >= SHUNT_MAX_EGRESS)
		return -ERANGE;
	err = put_device(dp, index, e->ifindex & SHUNT_EGRESS_VLAN,
			 e->ifindex & ~SHUNT_EGRESS_VLAN);
	if (err)
		return err;
	dp->egress[index] = *e;
	return 0;
}

static int del_egress(void *ctx, __u32 index)
{
	struct dataplane *dp = ctx;

	if (!index || index >= SHUNT_MAX_EGRESS)
		return -ERANGE;
	memset(&dp->egress[index], 0, sizeof(dp->egress[index]));
	return del_device(dp, index);
}

static int get_egress(void *ctx, __u32 index, struct shunt_egress *out)
{
	const struct dataplane *dp = ctx;

	if (index >= SHUNT_MAX_EGRESS)
		return -ERANGE;
	*out = dp->egress[index];
	return 0;
}

const struct map_ops dataplane_map_ops = {
	.put_backend = put_backend,
	.mark_backend = mark_backend,
	.put_load = put_load,
	.set_hop = set_hop,
	.get_hop = get_hop,
	.del_backend = del_backend,
	.lines = lines,
	.read_former = read_former,
	.put_vip = put_vip,
	.del_vip = del_vip,
	.put_service = put_service,
	.del_service = del_service,
	.repoint = repoint,
	.move_flows = move_flows,
	.put_egress = put_egress,
	.del_egress = del_egress,
	.get_egress = get_egress,
};
