/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps and the program over them: made or taken over, committed, swapped,
 * released. See dataplane.h.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "dataplane/shared.h"
#include "tables/apply.h"

static void dataplane_closep(struct dataplane **dp)
{
	dataplane_close(*dp);
}

static uint32_t map_entries(const struct dataplane *dp, enum load_map m)
{
	return bpf_map__max_entries(load_map(dp->load, m));
}

/* They may be larger than what was asked for. */
static void read_sizes(struct dataplane *dp)
{
	const uint32_t space_lines = pool_space_lines(&dp->sizes.pool);
	const uint32_t conns = map_entries(dp, LOAD_CONNS);
	const uint32_t buckets = map_entries(dp, LOAD_BUCKETS);

	dp->sizes.slot_lines = map_entries(dp, LOAD_SLOTS);
	dp->sizes.backends = map_entries(dp, LOAD_BACKENDS) - 1;
	dp->sizes.services = map_entries(dp, LOAD_VIPS);
	dp->sizes.conns = conns > 1 ? conns : 0;
	dp->sizes.limits = buckets > 1 ? map_entries(dp, LOAD_LIMITS) / 2 : 0;
	dp->sizes.bucket_lines = buckets > 1 ? buckets : 0;
	dp->sizes.port_spaces = space_lines ? map_entries(dp, LOAD_PORT_BITS) / space_lines : 0;
}

/* Descriptors of the maps of @load that there are none of yet. */
static int keep_maps(struct dataplane *dp, struct load *load)
{
	for (int m = 0; m < LOAD_MAPS; m++) {
		if (dp->fds[m] >= 0)
			continue;
		dp->fds[m] = fcntl(bpf_map__fd(load_map(load, m)), F_DUPFD_CLOEXEC, 3);
		if (dp->fds[m] < 0)
			return log_err(-errno, "keep map %s", load_map_names[m]);
	}
	return 0;
}

/* Without those that a former daemon did not know the set is pinned anew. */
static int load_adopted(struct dataplane *dp, const struct shunt_rodata *rodata)
{
	int err;

	dp->adopted = true;
	dp->pinned = dp->fds[LOAD_FIRST_LATER] >= 0 && dp->fds[LOAD_FIRST_GUARD] >= 0;
	err = load_open(&dp->sizes, rodata, dp->fds, &dp->load)
		      ?: capture_use(dp, dp->load) ?: load_now(dp->load) ?: keep_maps(dp, dp->load);
	if (!err)
		read_sizes(dp);
	return err;
}

static int load_fresh(struct dataplane *dp, struct load **want)
{
	int err = capture_use(dp, *want) ?: load_now(*want) ?: keep_maps(dp, *want);

	if (!err)
		dp->load = take_ptr(want);
	return err;
}

static size_t map_bytes(const struct dataplane *dp, enum load_map m)
{
	struct bpf_map *map = load_map(dp->load, m);

	return (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
}

/* A mapping of the whole map, or NULL, logged. */
static void *map_array(const struct dataplane *dp, enum load_map m)
{
	void *p = mmap(NULL, map_bytes(dp, m), PROT_READ | PROT_WRITE, MAP_SHARED, dp->fds[m], 0);

	if (p != MAP_FAILED)
		return p;
	log_err(-errno, "map %s", load_map_names[m]);
	return NULL;
}

static int map_arrays(struct dataplane *dp)
{
	dp->backends = map_array(dp, LOAD_BACKENDS);
	dp->egress = map_array(dp, LOAD_EGRESS);
	dp->services = map_array(dp, LOAD_SERVICES);
	dp->loads = map_array(dp, LOAD_LOADS);
	dp->offsets = map_array(dp, LOAD_OFFSETS);
	if (!dp->backends || !dp->egress || !dp->services || !dp->loads || !dp->offsets)
		return -ENOMEM;
	dp->n_service_lines = map_entries(dp, LOAD_SERVICES);
	dp->n_backends = map_entries(dp, LOAD_BACKENDS);
	dp->removed = calloc(dp->n_backends, sizeof(*dp->removed));
	return dp->removed ? 0 : log_err(-ENOMEM, "map the backends");
}

static void unmap_array(const struct dataplane *dp, void *array, enum load_map m)
{
	if (array)
		munmap(array, map_bytes(dp, m));
}

static int load_over_maps(struct dataplane *dp, const struct shunt_rodata *rodata, bool adopt)
{
	_cleanup_(load_closep) struct load *want = NULL;
	int err = load_open(&dp->sizes, rodata, NULL, &want);

	if (err)
		return err;
	if (adopt && adopt_maps(dp, want))
		return load_adopted(dp, rodata);
	err = load_fresh(dp, &want);
	if (!err)
		carry_from_pins(dp);
	return err;
}

static int open_tables(struct dataplane *dp)
{
	int err = tables_init(&dp->tables, &dataplane_map_ops, dp, dp->sizes.slot_lines);

	if (!err && dp->adopted)
		err = tables_adopt(&dp->tables, dp->services, dp->n_service_lines, clock_now_ms());
	return err ? log_err(err, "take over the tables") : 0;
}

int dataplane_open(const char *pin_dir, const struct dataplane_sizes *sizes,
		   const struct shunt_rodata *rodata, bool adopt, struct dataplane **out)
{
	_cleanup_(dataplane_closep) struct dataplane *dp = calloc(1, sizeof(*dp));
	_cleanup_free_ int *ifindexes = NULL;
	size_t n;
	int err;

	if (!dp || !(dp->pin_dir = strdup(pin_dir)))
		return log_err(-ENOMEM, "open the data plane");
	dp->sizes = *sizes;
	dp->rodata = *rodata;
	memset(dp->fds, -1, sizeof(dp->fds));
	memset(dp->capture, -1, sizeof(dp->capture));
	load_route_logs();
	err = pin_prepare(pin_dir) ?: capture_join(dp) ?: load_over_maps(dp, rodata, adopt) ?: map_arrays(dp)
	      ?: flow_cache_open(dp) ?: conn_cache_open(dp) ?: open_tables(dp);
	if (err)
		return err;
	if (dp->adopted) {
		flow_cache_adopt(dp);
		carry_release(dp);
	}
	if (!pin_list_programs(pin_dir, &ifindexes, &n) && n)
		dp->has_former = true;
	*out = take_ptr(&dp);
	return 0;
}

void dataplane_close(struct dataplane *dp)
{
	if (!dp)
		return;
	/* It may be attached for all that, and then packets come until the next daemon does. */
	if (dp->carrying)
		carry_release(dp);
	attach_free_all(dp);
	former_close(dp->former);
	dataplane_unshare(dp);
	flow_cache_close(dp);
	conn_cache_close(dp);
	tables_free(&dp->tables);
	if (dp->window)
		munmap(dp->window, dp->window_bytes);
	unmap_array(dp, dp->offsets, LOAD_OFFSETS);
	unmap_array(dp, dp->loads, LOAD_LOADS);
	unmap_array(dp, dp->services, LOAD_SERVICES);
	unmap_array(dp, dp->egress, LOAD_EGRESS);
	unmap_array(dp, dp->backends, LOAD_BACKENDS);
	adopt_close(dp->fds);
	capture_close(dp);
	load_close(dp->load);
	free(dp->removed);
	free(dp->pin_dir);
	free(dp);
}

int dataplane_commit(struct dataplane *dp)
{
	const int rodata_fd = load_rodata_fd(dp->load);
	int err;

	/* First, for packets wait. */
	carry_end(dp, clock_now_ms());
	err = dp->pinned ? pin_replace_rodata(dp->pin_dir, rodata_fd) : -ENOENT;
	/* Or somebody has removed the pins by hand. */
	if (err == -ENOENT)
		err = pin_prepare(dp->pin_dir) ?: pin_replace_maps(dp->pin_dir, dp->fds, rodata_fd);
	if (err)
		return log_err(err, "pin the maps under %s", dp->pin_dir);
	dp->pinned = true;
	err = pin_remove_maps(dp->pin_dir, FORMER_VERSION);
	if (err)
		log_err(err, "remove the maps of version %d under %s", FORMER_VERSION, dp->pin_dir);
	return 0;
}

int dataplane_lock(const char *pin_dir, int *fd)
{
	int err = pin_prepare(pin_dir);

	if (err)
		return err;
	err = pin_lock(pin_dir, fd);
	if (err == -EADDRINUSE)
		log_error("another shuntd is running: it holds %s", pin_dir);
	else if (err)
		log_err(err, "lock %s", pin_dir);
	return err;
}

void dataplane_unlock(const char *pin_dir, int fd)
{
	if (fd < 0)
		return;
	/* Not if there is something in it. */
	rmdir(pin_dir);
	close(fd);
}

int dataplane_former_key(const char *pin_dir, __u64 key[2])
{
	_cleanup_(former_closep) struct former *f = NULL;
	int err = former_open(pin_dir, &f);

	if (err)
		return err;
	memcpy(key, former_hash_key(f), 2 * sizeof(*key));
	return 0;
}

struct dataplane_sizes dataplane_get_sizes(const struct dataplane *dp)
{
	return dp->sizes;
}

bool dataplane_has_former(const struct dataplane *dp)
{
	return dp->has_former;
}

bool dataplane_was_adopted(const struct dataplane *dp)
{
	return dp->adopted;
}

int dataplane_reload(struct dataplane *dp, const struct shunt_rodata *rodata)
{
	_cleanup_(load_closep) struct load *next = NULL;
	struct load *old;
	int err;

	err = load_open(&dp->sizes, rodata, dp->fds, &next) ?: capture_use(dp, next)
	      ?: load_now(next)
	      ?: attach_swap_all(dp, next, rodata);
	if (err)
		return err;
	old = dp->load;
	dp->load = take_ptr(&next);
	load_close(old);
	dp->rodata = *rodata;
	memcpy(dp->conns.maps.hash_key, rodata->hash_key, sizeof(rodata->hash_key));
	return dp->pinned ? dataplane_commit(dp) : 0;
}

int dataplane_unpin(struct dataplane *dp)
{
	int err = pin_remove_all(dp->pin_dir);

	return err ? log_err(err, "remove %s", dp->pin_dir) : 0;
}

int dataplane_apply(struct dataplane *dp, const struct plan *plan, const struct plan_op *steps,
		    size_t n, uint64_t now_ms)
{
	const struct apply_to to = { .ops = &dataplane_map_ops,
				     .ctx = dp,
				     .tables = &dp->tables,
				     .alive = &plan->alive,
				     .now_ms = now_ms };

	int err;

	dp->conns.knows = false;
	syn_meter_set(dp, plan, now_ms);
	carry_begin(dp, plan, now_ms);
	transit_set_times(&dp->tables.transit, plan->flow_early_s, plan->flow_idle_s,
			  transit_seconds(now_ms));
	err = apply(&to, steps, n);
	if (!err)
		carry_conns(dp);
	return err;
}

int dataplane_interfaces(const struct dataplane *dp, struct snapshot_interface **out, size_t *n)
{
	_cleanup_free_ struct snapshot_interface *list = NULL;
	size_t len = 0;

	array_for_each (a, dp->attachments, dp->n_attachments) {
		struct snapshot_interface *i = array_add(&list, &len);

		if (!i)
			return -ENOMEM;
		memcpy(i->name, a->ifname, sizeof(i->name));
		i->ifindex = a->ifindex;
		i->mode = a->mode;
		i->attached = attach_is_in_force(a);
		i->dispatcher = a->xdp;
	}
	*out = take_ptr(&list);
	*n = len;
	return 0;
}
