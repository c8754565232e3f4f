/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "dataplane/occupant.h"

void occupant_done(struct occupant *o)
{
	cleanup_closep(&o->fd);
}

uint32_t occupant_program_id(int fd, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return 0;
	if (name)
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	return info.id;
}

int occupant_top(int ifindex, uint32_t *id, enum conf_xdp_mode *mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	int err = bpf_xdp_query(ifindex, 0, &opts);

	if (err)
		return err;
	*id = opts.drv_prog_id ?: opts.skb_prog_id ?: opts.hw_prog_id;
	*mode = opts.drv_prog_id || !opts.skb_prog_id ? CONF_XDP_NATIVE : CONF_XDP_GENERIC;
	return 0;
}

/* A descriptor of program @id: loaded by us, recorded by a former daemon, or looked up. */
static int program_open(const struct dataplane *dp, int ifindex, uint32_t id, bool *recorded)
{
	_cleanup_close_ int pinned = pin_open_program(dp->pin_dir, ifindex);
	const int loaded = dp->load ? load_program_fd(dp->load) : -1;

	*recorded = true;
	if (occupant_program_id(pinned, NULL) == id)
		return take_fd(&pinned);
	if (occupant_program_id(loaded, NULL) == id)
		return fcntl(loaded, F_DUPFD_CLOEXEC, 3);
	*recorded = false;
	return bpf_prog_get_fd_by_id(id);
}

int occupant_find(const struct dataplane *dp, int ifindex, struct occupant *o)
{
	bool ours;
	int err = occupant_top(ifindex, &o->id, &o->mode);

	if (err || !o->id)
		return err;
	o->fd = program_open(dp, ifindex, o->id, &ours);
	occupant_program_id(o->fd, o->name);
	if (ours || !strcmp(o->name, LOAD_PROGRAM))
		o->who = WHO_SHUNT;
	else
		o->who = dispatcher_is_on(ifindex) ? WHO_DISPATCHER : WHO_STRANGER;
	return 0;
}
