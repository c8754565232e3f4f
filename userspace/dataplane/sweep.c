/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an adopted map holds and the plan does not. In the order that is safe for
 * packets: first the services, then what they led to.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "net/addr.h"
#include "tables/listing.h"

static int compare_service(const void *key, const void *service)
{
	return memcmp(key, &((const struct plan_service *)service)->key,
		      sizeof(struct shunt_service_key));
}

static int compare_addr(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static bool plan_has_service(const struct plan *plan, const struct shunt_service_key *key)
{
	return plan->n_services && bsearch(key, plan->services, plan->n_services,
					   sizeof(*plan->services), compare_service);
}

static bool plan_has_vip(const struct plan *plan, const void *vip)
{
	return plan->n_vips &&
	       bsearch(vip, plan->vips, plan->n_vips, sizeof(*plan->vips), compare_addr);
}

/* All keys first: to delete while walking a hash starts the walk anew. */
static int list_keys(int fd, size_t size, void **out, size_t *n)
{
	struct bpf_map_info info = { 0 };
	_cleanup_free_ char *keys = NULL;
	__u32 len = sizeof(info);
	size_t i = 0;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	keys = malloc((size_t)info.max_entries * size);
	if (!keys)
		return -ENOMEM;
	while (i < info.max_entries &&
	       !bpf_map_get_next_key(fd, i ? keys + (i - 1) * size : NULL, keys + i * size))
		i++;
	*out = take_ptr(&keys);
	*n = i;
	return 0;
}

static int sweep_hash(struct dataplane *dp, enum load_map m, size_t size, const struct plan *plan,
		      bool (*keep)(const struct plan *plan, const void *key))
{
	_cleanup_free_ void *keys = NULL;
	size_t n = 0;
	int err = list_keys(dp->fds[m], size, &keys, &n);

	for (size_t i = 0; i < n && !err; i++) {
		const void *key = (char *)keys + i * size;

		if (!keep(plan, key) && bpf_map_delete_elem(dp->fds[m], key) && errno != ENOENT)
			err = -errno;
	}
	return err;
}

static int sweep_services(struct dataplane *dp, const struct plan *plan)
{
	int err = 0;

	for (size_t i = 0; i < dp->n_service_lines * SHUNT_LISTINGS_PER_LINE && !err; i++) {
		const struct shunt_listing *at = &dp->services[i / SHUNT_LISTINGS_PER_LINE]
							  .listing[i % SHUNT_LISTINGS_PER_LINE];
		const struct shunt_service_key key = listing_key(at);

		if (at->match && !plan_has_service(plan, &key))
			err = dataplane_map_ops.del_service(dp, &key);
	}
	return err;
}

static int sweep_backends(struct dataplane *dp, const struct plan *plan)
{
	static const struct shunt_backend nothing;
	int err = 0;

	for (size_t id = 1; id < dp->n_backends && !err; id++) {
		if (!memcmp(&dp->backends[id], &nothing, sizeof(nothing)) ||
		    plan_backend_by_id(plan, id))
			continue;
		err = dataplane_map_ops.del_backend(dp, id) ?: dataplane_clear_counter(dp, id);
	}
	return err;
}

int dataplane_sweep(struct dataplane *dp, const struct plan *plan)
{
	const uint64_t now_ms = clock_now_ms();
	int err =
		sweep_services(dp, plan)
			?: sweep_hash(dp, LOAD_VIPS, sizeof(struct shunt_addr), plan, plan_has_vip);

	if (!err) {
		tables_drop_others(&dp->tables, plan, now_ms);
		tables_forget_former(&dp->tables, now_ms);
	}
	err = err ?: sweep_backends(dp, plan);
	return err ? log_err(err, "remove what a former daemon left in the maps") : 0;
}
