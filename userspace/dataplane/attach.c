/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program on interfaces. Whatever is there decides how it gets on:
 *	nothing			behind a new dispatcher if the kernel can, else alone
 *	ours, alone		replaced in one step
 *	a dispatcher		joined; a former program of ours leaves afterwards
 *	another program, alone	left in peace: -EBUSY
 * A reload and a restart take the same path as the first time.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "dataplane/occupant.h"

static __u32 mode_flag(enum conf_xdp_mode mode)
{
	return mode == CONF_XDP_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/* Whether this process may look objects up by id, as libxdp must: CAP_SYS_ADMIN. */
static bool may_use_ids(struct load *load)
{
	_cleanup_close_ int fd =
		bpf_prog_get_fd_by_id(occupant_program_id(load_program_fd(load), NULL));

	return fd >= 0;
}

/* What can be done about it is worth more than the name of the error. */
static int say_refused(const struct attachment *a, int err)
{
	if (err == -EOPNOTSUPP && a->mode != CONF_XDP_GENERIC)
		log_error("%s: its driver has no native XDP; `mode: generic` in the config works "
			  "everywhere, but is slow",
			  a->ifname);
	else if (err == -EBUSY || err == -EEXIST)
		log_error("%s: another XDP program came first", a->ifname);
	else if (err == -EPERM)
		log_error("%s: attaching needs CAP_NET_ADMIN and CAP_BPF", a->ifname);
	else
		log_err(err, "attach to %s", a->ifname);
	return err == -EEXIST ? -EBUSY : err;
}

/* Since Linux 6.13, and 6.12's updates, no function is replaced by one that changes more. */
static int say_not_joined(const struct attachment *a, int err)
{
	if (err != -EINVAL)
		return log_err(err, "%s: join libxdp's dispatcher", a->ifname);
	log_error("%s: this kernel lets no program that makes packets longer behind the "
		  "dispatcher of this libxdp: install one newer than 1.5.4, or remove the other "
		  "programs (xdp-loader unload %s --all)",
		  a->ifname, a->ifname);
	return err;
}

/* Alone: instead of the program @old_fd, or where nothing is if that is negative. */
static int attach_alone(const struct attachment *a, int fd, int old_fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = old_fd < 0 ? 0 : old_fd);
	const __u32 flags = mode_flag(a->mode) | (old_fd < 0 ? XDP_FLAGS_UPDATE_IF_NOEXIST : 0);
	int err = bpf_xdp_attach(a->ifindex, fd, flags, &opts);

	return err ? say_refused(a, err) : 0;
}

static int detach_alone(int ifindex, enum conf_xdp_mode mode, int fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = fd);

	return bpf_xdp_detach(ifindex, mode_flag(mode), &opts);
}

/*
 * Without a record the next daemon needs CAP_SYS_ADMIN to know the program again,
 * and does not know of an interface that the config has lost meanwhile.
 */
static void record(const struct dataplane *dp, const struct attachment *a, int fd)
{
	int err = pin_replace_program(dp->pin_dir, a->ifindex, fd);

	if (err)
		log_warn("%s: cannot record the program under %s: %s", a->ifname, dp->pin_dir,
			 strerror(-err));
}

static int attach_first(const struct dataplane *dp, struct attachment *a, struct load *load,
			const struct shunt_rodata *rodata)
{
	const bool by_id = may_use_ids(load);
	const char *why = by_id ? "libxdp's dispatcher does not work on this kernel"
				: "libxdp's dispatcher needs CAP_SYS_ADMIN";
	int err;

	load_begin_trial();
	err = by_id ? dispatcher_join(dp, a, rodata) : -EPERM;
	load_end_trial();
	if (!err) {
		log_info("%s: attached in %s mode behind libxdp's dispatcher: other XDP programs "
			 "can join",
			 a->ifname, conf_xdp_mode_name(a->mode));
		return 0;
	}
	err = attach_alone(a, load_program_fd(load), -1);
	if (err)
		return err;
	log_info("%s: attached in %s mode, alone: %s", a->ifname, conf_xdp_mode_name(a->mode), why);
	return 0;
}

static void say_interrupted(const struct attachment *a, const struct occupant *o)
{
	log_warn("%s: changing from %s to %s mode interrupts the traffic", a->ifname,
		 conf_xdp_mode_name(o->mode), conf_xdp_mode_name(a->mode));
}

static int attach_instead(struct attachment *a, struct load *load, const struct occupant *o)
{
	const int fd = load_program_fd(load);
	int old_fd = o->fd, err;

	/* The kernel takes one mode at a time. */
	if (o->mode != a->mode) {
		say_interrupted(a, o);
		err = detach_alone(a->ifindex, o->mode, old_fd);
		if (err)
			return log_err(err, "detach from %s", a->ifname);
		old_fd = -1;
	}
	err = attach_alone(a, fd, old_fd);
	if (err)
		return err;
	log_info("%s: replaced program %u in %s mode", a->ifname, o->id,
		 conf_xdp_mode_name(a->mode));
	return 0;
}

static int attach_beside(const struct dataplane *dp, struct attachment *a,
			 const struct shunt_rodata *rodata)
{
	int err = dispatcher_join(dp, a, rodata);

	if (err)
		return say_not_joined(a, err);
	log_info("%s: attached in %s mode behind the dispatcher that is there", a->ifname,
		 conf_xdp_mode_name(a->mode));
	return 0;
}

/* A dispatcher works in one mode; another one is possible once it has gone. */
static int attach_otherwise(const struct dataplane *dp, struct attachment *a, struct load *load,
			    const struct shunt_rodata *rodata, const struct occupant *o)
{
	int err;

	if (dispatcher_has_others(a->ifindex)) {
		log_error("%s: other XDP programs are there, in %s mode", a->ifname,
			  conf_xdp_mode_name(o->mode));
		return -EBUSY;
	}
	say_interrupted(a, o);
	err = dispatcher_remove(a->ifindex, o->mode, 0);
	if (err)
		return log_err(err, "detach from %s", a->ifname);
	return attach_first(dp, a, load, rodata);
}

static int refuse(const struct attachment *a, const struct occupant *o)
{
	if (*o->name)
		log_error(
			"%s: XDP program %u (%s) is there, and not behind libxdp's dispatcher, so "
			"that no other can join: remove it (ip link set dev %s xdp off)",
			a->ifname, o->id, o->name, a->ifname);
	else
		log_error("%s: XDP program %u is there, and without CAP_SYS_ADMIN it cannot be "
			  "known or joined: remove it (ip link set dev %s xdp off)",
			  a->ifname, o->id, a->ifname);
	return -EBUSY;
}

/* Put @load on the interface of @a, by the way that what is there leaves open. */
static int attach_load(const struct dataplane *dp, struct attachment *a, struct load *load,
		       const struct shunt_rodata *rodata)
{
	_cleanup_(occupant_done) struct occupant o = { .fd = -1 };
	enum conf_xdp_mode mode;
	int err = occupant_find(dp, a->ifindex, &o);

	if (err)
		return log_err(err, "ask what is attached to %s", a->ifname);
	switch (o.who) {
	case WHO_NOBODY:
		err = attach_first(dp, a, load, rodata);
		break;
	case WHO_SHUNT:
		err = attach_instead(a, load, &o);
		break;
	case WHO_DISPATCHER:
		err = o.mode == a->mode ? attach_beside(dp, a, rodata)
					: attach_otherwise(dp, a, load, rodata, &o);
		break;
	case WHO_STRANGER:
		err = refuse(a, &o);
		break;
	}
	if (err)
		return err;
	record(dp, a, a->xdp ? dispatcher_fd(a) : load_program_fd(load));
	return occupant_top(a->ifindex, &a->top_id, &mode);
}

bool attach_is_in_force(const struct attachment *a)
{
	enum conf_xdp_mode mode;
	uint32_t id;

	if (occupant_top(a->ifindex, &id, &mode) || !id)
		return false;
	/* Behind another dispatcher than it joined, if one came or left since. */
	return id == a->top_id || (a->xdp && dispatcher_has(a));
}

void attach_renew_top(struct attachment *a)
{
	enum conf_xdp_mode mode;

	occupant_top(a->ifindex, &a->top_id, &mode);
}

struct attachment *attachment_find(const struct dataplane *dp, const char *ifname)
{
	array_for_each (a, dp->attachments, dp->n_attachments)
		if (!strcmp(a->ifname, ifname))
			return a;
	return NULL;
}

static void attachment_remove(struct dataplane *dp, struct attachment *a)
{
	dispatcher_forget(a);
	*a = dp->attachments[--dp->n_attachments];
}

int dataplane_attach(struct dataplane *dp, const char *ifname, enum conf_xdp_mode mode)
{
	struct attachment next = { .ifindex = if_nametoindex(ifname) };
	struct attachment *a = attachment_find(dp, ifname);
	int err;

	if (!next.ifindex)
		return log_err(-ENODEV, "interface %s", ifname);
	next.mode = mode == CONF_XDP_AUTO ? CONF_XDP_NATIVE : mode;
	strncpy(next.ifname, ifname, sizeof(next.ifname) - 1);
	if (a && a->ifindex == next.ifindex && a->mode == next.mode && attach_is_in_force(a))
		return 0;
	if (!dp->n_attachments)
		carry_again(dp, clock_now_ms());
	err = attach_load(dp, &next, dp->load, &dp->rodata);
	if (err)
		return err;
	if (a && a->ifindex != next.ifindex)
		pin_remove_program(dp->pin_dir, a->ifindex);
	if (a)
		dispatcher_forget(a);
	else
		a = array_add(&dp->attachments, &dp->n_attachments);
	if (!a)
		return log_err(-ENOMEM, "attach to %s", ifname);
	*a = next;
	return 0;
}

int attach_remove_former(struct dataplane *dp, int ifindex)
{
	_cleanup_(occupant_done) struct occupant o = { .fd = -1 };
	int err = 0;

	/* No such interface: nothing to leave. */
	if (!occupant_find(dp, ifindex, &o)) {
		if (o.who == WHO_DISPATCHER)
			err = dispatcher_remove(ifindex, o.mode, 0);
		else if (o.who == WHO_SHUNT)
			err = detach_alone(ifindex, o.mode, o.fd);
	}
	/* Where it could not be left the next daemon shall know. */
	if (!err)
		pin_remove_program(dp->pin_dir, ifindex);
	return err;
}

static int detach(struct dataplane *dp, struct attachment *a)
{
	int err;

	if (!attach_is_in_force(a)) {
		log_warn("%s: the XDP program was gone already", a->ifname);
		return 0;
	}
	err = a->xdp ? dispatcher_leave(a)
		     : detach_alone(a->ifindex, a->mode, load_program_fd(dp->load));
	if (!err)
		log_info("%s: detached", a->ifname);
	return err;
}

int dataplane_detach(struct dataplane *dp, const char *ifname)
{
	struct attachment *a = attachment_find(dp, ifname);
	int err = a ? detach(dp, a) : attach_remove_former(dp, if_nametoindex(ifname));

	if (err)
		return log_err(err, "detach from %s", ifname);
	if (a) {
		pin_remove_program(dp->pin_dir, a->ifindex);
		attachment_remove(dp, a);
	}
	return 0;
}

static bool is_gone(const struct attachment *a)
{
	char name[IF_NAMESIZE];

	return !if_indextoname(a->ifindex, name);
}

int attach_swap_all(struct dataplane *dp, struct load *next, const struct shunt_rodata *rodata)
{
	int err = 0;

	for (size_t i = 0; i < dp->n_attachments; i++) {
		/* An interface that has gone must not keep the others from it. */
		if (is_gone(&dp->attachments[i]))
			continue;
		err = attach_load(dp, &dp->attachments[i], next, rodata);
		if (!err)
			continue;
		/* This one still has the old program; those before it get it back. */
		while (i--)
			if (!is_gone(&dp->attachments[i]))
				attach_load(dp, &dp->attachments[i], dp->load, &dp->rodata);
		break;
	}
	return err;
}

void attach_free_all(struct dataplane *dp)
{
	array_for_each (a, dp->attachments, dp->n_attachments)
		dispatcher_forget(a);
	free(dp->attachments);
}
