/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/load.h"
#include "dataplane/via.h"
#include "net/addr.h"
#include "net/netlink.h"
#include "net/tc.h"
#include "probe.skel.h"

/* Where others are asked before and after: "SH". */
#define PRIORITY 0x5348

/* IPv6 takes packets of 1280 bytes everywhere (RFC 8200); less IP and TCP headers. */
#define SEGMENT_BYTES 1220

/**
 * struct via - the programs, and where they are
 * @handle: of our filters
 * @failed: an interface that did not take them, and was complained of
 */
struct via {
	struct probe_bpf *skel;
	struct netlink *nl;
	uint32_t handle;
	int *ifindexes;
	size_t n_ifindexes;
	int failed;
};

static const enum bpf_tc_attach_point sides[] = { BPF_TC_EGRESS, BPF_TC_INGRESS };

/* FNV-1a; 0 would ask the kernel to choose. */
static uint32_t handle_of(const char *pin_dir)
{
	uint32_t h = 0x811c9dc5;

	for (; *pin_dir; pin_dir++)
		h = (h ^ (unsigned char)*pin_dir) * 0x01000193;
	return h | 1;
}

/* --- one interface ------------------------------------------------------------- */

static bool is_on(int ifindex, enum bpf_tc_attach_point side, uint32_t handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = PRIORITY);
	int err;

	/* Most often it is not, which libbpf would warn of. */
	load_begin_trial();
	err = bpf_tc_query(&hook, &opts);
	load_end_trial();
	return !err;
}

static int put_on(const struct via *v, int ifindex, enum bpf_tc_attach_point side)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = v->handle, .priority = PRIORITY,
		    .flags = BPF_TC_F_REPLACE);
	int err = bpf_tc_hook_create(&hook);

	opts.prog_fd = bpf_program__fd(side == BPF_TC_EGRESS ? v->skel->progs.shunt_probe_out
							     : v->skel->progs.shunt_probe_in);
	return err && err != -EEXIST ? err : bpf_tc_attach(&hook, &opts);
}

static void take_off(int ifindex, uint32_t handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex);
	bool was_on = false;

	array_for_each (side, sides, array_len(sides)) {
		LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = PRIORITY);

		if (!is_on(ifindex, *side, handle))
			continue;
		hook.attach_point = *side;
		was_on |= !bpf_tc_detach(&hook, &opts);
	}
	/* What holds nobody's filters is not left behind. */
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	if (was_on && !tc_has_filters(ifindex))
		bpf_tc_hook_destroy(&hook);
}

static bool has(const struct via *v, int ifindex)
{
	array_for_each (i, v->ifindexes, v->n_ifindexes)
		if (*i == ifindex)
			return true;
	return false;
}

static int attach(const struct via *v, int ifindex)
{
	int err = 0;

	/* That there is a clsact already is what libbpf would warn of. */
	load_begin_trial();
	for (size_t i = 0; i < array_len(sides) && !err; i++)
		err = put_on(v, ifindex, sides[i]);
	load_end_trial();
	if (err)
		take_off(ifindex, v->handle);
	return err;
}

static void complain(struct via *v, int ifindex, int err)
{
	char name[IF_NAMESIZE] = "?";

	if (v->failed == ifindex)
		return;
	v->failed = ifindex;
	if_indextoname(ifindex, name);
	log_err(err, "%s: attach the program of checks by `via: vip`", name);
}

int via_attach(struct via *v, int ifindex)
{
	int *slot, err;

	if (has(v, ifindex))
		return 0;
	err = attach(v, ifindex);
	if (err) {
		complain(v, ifindex, err);
		return err;
	}
	slot = array_add(&v->ifindexes, &v->n_ifindexes);
	if (!slot) {
		take_off(ifindex, v->handle);
		return -ENOMEM;
	}
	*slot = ifindex;
	return 0;
}

static bool is_whole(const struct via *v, int ifindex)
{
	return is_on(ifindex, BPF_TC_EGRESS, v->handle) &&
	       is_on(ifindex, BPF_TC_INGRESS, v->handle);
}

void via_mend(struct via *v)
{
	char name[IF_NAMESIZE];

	for (size_t i = v->n_ifindexes; i-- > 0;) {
		const int ifindex = v->ifindexes[i];

		if (is_whole(v, ifindex))
			continue;
		v->ifindexes[i] = v->ifindexes[--v->n_ifindexes];
		if (!if_indextoname(ifindex, name))
			continue;
		log_warn(
			"%s: the program of checks by `via: vip` was taken off: attaching it again",
			name);
		via_attach(v, ifindex);
	}
}

/* --- sockets ------------------------------------------------------------------- */

static int make_socket(const struct via *v, const struct shunt_probe *probe, int type)
{
	static const int segment = SEGMENT_BYTES;
	const int family = addr_is_v4(&probe->addr) ? AF_INET : AF_INET6;
	_cleanup_close_ int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (type == SOCK_STREAM &&
		       setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment))))
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(v->skel->maps.shunt_probes), &fd, probe, BPF_NOEXIST))
		return -errno;
	return take_fd(&fd);
}

int via_socket(struct via *v, const struct shunt_probe *probe, int type)
{
	struct netlink_route route;
	int err = netlink_route_to(v->nl, &probe->addr, &route);

	if (err)
		return err;
	return via_attach(v, route.ifindex) ?: make_socket(v, probe, type);
}

/* --- all of it ------------------------------------------------------------------ */

static void via_closep(struct via **v)
{
	via_close(*v);
}

int via_open(const char *pin_dir, struct via **out)
{
	_cleanup_(via_closep) struct via *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return log_err(-ENOMEM, "checks by `via: vip`");
	v->handle = handle_of(pin_dir);
	load_route_logs();
	err = netlink_open_quiet(&v->nl);
	if (err)
		return log_err(err, "open netlink");
	v->skel = probe_bpf__open_and_load();
	if (!v->skel)
		return log_err(-errno, "load the program of checks by `via: vip`");
	*out = take_ptr(&v);
	return 0;
}

void via_close(struct via *v)
{
	if (!v)
		return;
	array_for_each (i, v->ifindexes, v->n_ifindexes)
		take_off(*i, v->handle);
	free(v->ifindexes);
	probe_bpf__destroy(v->skel);
	netlink_close(v->nl);
	free(v);
}

void via_clean(const char *pin_dir)
{
	struct if_nameindex *all = if_nameindex();

	for (const struct if_nameindex *i = all; i && i->if_index; i++)
		take_off(i->if_index, handle_of(pin_dir));
	if_freenameindex(all);
}
