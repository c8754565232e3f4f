/* SPDX-License-Identifier: BSD-2-Clause */
/* Pinned maps of a former daemon: may these be taken over as they are? */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"

void adopt_close(int fds[LOAD_MAPS])
{
	for (int m = 0; m < LOAD_MAPS; m++) {
		if (fds[m] >= 0)
			close(fds[m]);
		fds[m] = -1;
	}
}

/* Devmaps get a flag from the kernel that nobody set; only this one matters. */
static bool map_fits(struct bpf_map *want, int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == bpf_map__type(want) &&
	       info.key_size == bpf_map__key_size(want) &&
	       info.value_size == bpf_map__value_size(want) &&
	       info.max_entries >= bpf_map__max_entries(want) &&
	       !((info.map_flags ^ bpf_map__map_flags(want)) & BPF_F_MMAPABLE);
}

/* By this a flow finds its line: it must be as it was. */
static bool mask_fits(const struct dataplane_sizes *sizes, const struct shunt_rodata *rodata)
{
	return rodata->flow_mask == sizes->flow_lines - 1;
}

/* The pool of pinned maps. 0 or a negative errno. */
static int read_pool(int fd, const struct shunt_rodata *rodata, struct pool *out)
{
	struct pool pool = { .first_port = rodata->pool_first_port, .ports = rodata->pool_ports };
	__u32 n = 0;

	for (int f = 0; f < SHUNT_FAMILIES; f++) {
		pool.n[f] = rodata->pool_addrs[f];
		if (pool.n[f] > SHUNT_MAX_POOL)
			return -EINVAL;
		n += pool.n[f];
	}
	for (__u32 i = 0; i < n; i++)
		if (bpf_map_lookup_elem(fd, &i, &pool.addr[i]))
			return -errno;
	*out = pool;
	return 0;
}

/*
 * Bits of ports mean those of a pool. Where none is asked for the one that is there
 * stays, for it may be asked for again.
 */
static bool pool_fits(struct dataplane *dp, const struct shunt_rodata *rodata)
{
	struct pool pinned;

	if (dp->fds[LOAD_POOL] < 0)
		return true;
	if (read_pool(dp->fds[LOAD_POOL], rodata, &pinned))
		return false;
	if (pool_is_empty(&dp->sizes.pool))
		dp->sizes.pool = pinned;
	return pool_is_equal(&dp->sizes.pool, &pinned);
}

static bool maps_fit(struct dataplane *dp, struct load *want, int rodata_fd)
{
	struct shunt_rodata rodata;

	if (load_rodata_read(rodata_fd, &rodata) || !mask_fits(&dp->sizes, &rodata))
		return false;
	for (int m = 0; m < LOAD_MAPS; m++)
		if (dp->fds[m] >= 0 && !map_fits(load_map(want, m), dp->fds[m]))
			return false;
	return pool_fits(dp, &rodata);
}

bool adopt_maps(struct dataplane *dp, struct load *want)
{
	_cleanup_close_ int rodata_fd = -1;

	if (pin_open_maps(dp->pin_dir, dp->fds, &rodata_fd))
		return false;
	dp->has_former = true;
	if (pin_is_newer(dp->pin_dir, FORMER_VERSION, SHUNT_ABI_VERSION))
		log_info("a daemon of a former release has run since maps were pinned");
	else if (maps_fit(dp, want, rodata_fd))
		return true;
	else
		log_info("maps of a former daemon do not fit the config: making new ones");
	adopt_close(dp->fds);
	return false;
}
