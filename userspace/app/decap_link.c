/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XDP links. The kernel lets one be made only where no XDP program is, lets nobody
 * take its program off but through the link, and ends it with its interface.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>

#include "app/decap.h"
#include "base/cleanup.h"
#include "base/log.h"

const char *decap_mode_name(enum decap_mode mode)
{
	return mode == DECAP_GENERIC ? "generic" : "native";
}

/* Id and mode of the program on an interface; 0 for none. */
static int query(int ifindex, uint32_t *program, enum decap_mode *mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, opts);
	const int err = bpf_xdp_query(ifindex, 0, &opts);

	if (err)
		return err;
	*program = opts.drv_prog_id ?: opts.skb_prog_id ?: opts.hw_prog_id;
	*mode = opts.drv_prog_id || !opts.skb_prog_id ? DECAP_NATIVE : DECAP_GENERIC;
	return 0;
}

int decap_link_read(int fd, struct decap_link *link)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);
	uint32_t there = 0;

	*link = (struct decap_link){ 0 };
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return log_err(-errno, "ask for the link of a program");
	link->program = info.prog_id;
	link->ifindex = (int)info.xdp.ifindex;
	/* Indices repeat in other network namespaces, ids of programs do not. */
	link->is_here = link->ifindex && !query(link->ifindex, &there, &link->mode) &&
			there == link->program;
	return 0;
}

static int say_taken(const char *ifname, uint32_t program)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (fd >= 0)
		bpf_obj_get_info_by_fd(fd, &info, &len);
	log_error("%s: XDP program %u%s%s%s is there, and shunt-decap leaves it alone: whoever put "
		  "it there has to take it off",
		  ifname, program, *info.name ? " (" : "", info.name, *info.name ? ")" : "");
	return -EBUSY;
}

int decap_link_check_free(const char *ifname, int ifindex)
{
	enum decap_mode mode;
	uint32_t program;
	const int err = query(ifindex, &program, &mode);

	if (err)
		return log_err(err, "%s: ask what is attached", ifname);
	return program ? say_taken(ifname, program) : 0;
}

/* What can be done about it is worth more than the name of the error. */
static int say_refused(const char *ifname, enum decap_mode mode, int err)
{
	if (err == -EOPNOTSUPP && mode == DECAP_NATIVE)
		log_error("%s: its driver has no native XDP; --mode generic works everywhere, but "
			  "is slow",
			  ifname);
	else if (err == -EBUSY || err == -EEXIST)
		log_error("%s: another XDP program came first", ifname);
	else if (err == -EINVAL || err == -ERANGE)
		log_err(err,
			"%s: its driver refused the program (often: the MTU is too large for XDP, "
			"or LRO is on; dmesg may say more)",
			ifname);
	else
		log_err(err, "attach to %s", ifname);
	return err;
}

int decap_link_create(const char *ifname, int ifindex, int program, enum decap_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = mode == DECAP_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	const int fd = bpf_link_create(program, ifindex, BPF_XDP, &opts);

	return fd < 0 ? say_refused(ifname, mode, -errno) : fd;
}
