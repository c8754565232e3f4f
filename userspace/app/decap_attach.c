/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attach and detach. Other options or a new version of the program is a new program
 * with maps of its own, which takes the place of the old one in the link: each
 * packet meets one or the other, whole. The counters go on.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "app/decap.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "decap.skel.h"

/* Counters of another version may have another shape: then they begin again. */
static bool is_reusable(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == bpf_map__type(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map);
}

static int put_sources(const struct decap_bpf *skel, const struct decap_from *from)
{
	const int fd = bpf_map__fd(skel->maps.decap_sources);

	for (size_t i = 0; i < from->n; i++)
		if (bpf_map_update_elem(fd, &from->sources[i], &(__u32){ 1 }, BPF_ANY))
			return -errno;
	return 0;
}

/* The program, its sources filled in; counting in @counters if that is not negative. */
static int load(const struct decap_target *t, int counters, struct decap_bpf **out)
{
	const struct decap_from *from = &t->from;
	struct decap_bpf *skel = decap_bpf__open();
	int err;

	if (!skel)
		return log_err(-errno, "open the program");
	skel->rodata->decap_config.gue_port = htons(t->gue_port);
	err = bpf_map__set_max_entries(skel->maps.decap_sources, from->n);
	if (!err && counters >= 0 && is_reusable(counters, skel->maps.decap_counters))
		err = bpf_map__reuse_fd(skel->maps.decap_counters, counters);
	err = err ?: decap_bpf__load(skel) ?: put_sources(skel, from);
	if (!err) {
		*out = skel;
		return 0;
	}
	decap_bpf__destroy(skel);
	if (err == -EPERM)
		return log_err(err, "load the program: needs root, or CAP_BPF, CAP_PERFMON and "
				    "CAP_NET_ADMIN");
	return log_err(err, "load the program");
}

static void skel_destroyp(struct decap_bpf **skel)
{
	decap_bpf__destroy(*skel);
}

/* May the program in @link be replaced by what @t asks for? */
static int check_replaceable(const struct decap_target *t, int ifindex,
			     const struct decap_link *link)
{
	if (!link->is_here || link->ifindex != ifindex) {
		log_error("%s/%s is of another interface, with index %d, in another network "
			  "namespace or renamed: detach that, or give this one a --pin-dir of its "
			  "own",
			  t->pin_dir, t->ifname, link->ifindex);
		return -EBUSY;
	}
	if (t->mode == DECAP_AS_IT_IS || t->mode == link->mode)
		return 0;
	log_error("%s: attached in %s mode, and changing that interrupts the traffic: shunt-decap "
		  "detach %s first",
		  t->ifname, decap_mode_name(link->mode), t->ifname);
	return -EBUSY;
}

static int replace(const struct decap_target *t, const struct decap_pins *old,
		   struct decap_bpf *skel)
{
	const struct decap_pins next = {
		.link = old->link,
		.sources = bpf_map__fd(skel->maps.decap_sources),
		.counters = bpf_map__fd(skel->maps.decap_counters),
		.config = bpf_map__fd(skel->maps.rodata),
	};
	int err = decap_pins_prepare(t->pin_dir, t->ifname, &next);

	if (err)
		return err;
	if (bpf_link_update(old->link, bpf_program__fd(skel->progs.shunt_decap), NULL))
		return log_err(-errno, "%s: replace the program", t->ifname);
	err = decap_pins_publish(t->pin_dir, t->ifname);
	if (!err)
		log_info("%s: replaced the program", t->ifname);
	return err;
}

static int attach_first(const struct decap_target *t, int ifindex, struct decap_bpf *skel)
{
	const enum decap_mode mode = t->mode == DECAP_AS_IT_IS ? DECAP_NATIVE : t->mode;
	_cleanup_close_ int link = decap_link_create(
		t->ifname, ifindex, bpf_program__fd(skel->progs.shunt_decap), mode);
	struct decap_pins pins = {
		.link = link,
		.sources = bpf_map__fd(skel->maps.decap_sources),
		.counters = bpf_map__fd(skel->maps.decap_counters),
		.config = bpf_map__fd(skel->maps.rodata),
	};
	int err = link < 0 ? link : decap_pins_prepare(t->pin_dir, t->ifname, &pins);

	/* What is not pinned in the end ends with the descriptor. */
	err = err ?: decap_pins_publish(t->pin_dir, t->ifname);
	if (!err)
		log_info("%s: attached in %s mode", t->ifname, decap_mode_name(mode));
	return err;
}

/* What is pinned for the interface and alive goes to @old and @link, which may be empty. */
static int find_old(const struct decap_target *t, struct decap_pins *old, struct decap_link *link)
{
	int err = decap_pins_open(t->pin_dir, t->ifname, old);

	if (err)
		return err == -ENOENT ? 0 : err;
	err = decap_link_read(old->link, link);
	if (err || link->ifindex)
		return err;
	/* Its interface has gone: the one of that name is another. */
	decap_pins_close(old);
	*old = (struct decap_pins)DECAP_NO_PINS;
	return 0;
}

static int attach_locked(const struct decap_target *t, int ifindex)
{
	_cleanup_(decap_pins_close) struct decap_pins old = DECAP_NO_PINS;
	_cleanup_(skel_destroyp) struct decap_bpf *skel = NULL;
	struct decap_link link = { 0 };
	int err = find_old(t, &old, &link);

	if (err)
		return err;
	err = old.link < 0 ? decap_link_check_free(t->ifname, ifindex)
			   : check_replaceable(t, ifindex, &link);
	err = err ?: load(t, old.counters, &skel);
	if (err)
		return err;
	return old.link < 0 ? attach_first(t, ifindex, skel) : replace(t, &old, skel);
}

int decap_attach(const struct decap_target *t)
{
	const int ifindex = (int)if_nametoindex(t->ifname);
	_cleanup_close_ int lock = -1;
	int err;

	if (!ifindex)
		return log_err(-ENODEV, "interface %s", t->ifname);
	lock = decap_pins_lock(t->pin_dir, true);
	if (lock < 0)
		return lock;
	err = attach_locked(t, ifindex);
	/* A folder that was made for nothing goes; it stays if there is something in it. */
	if (err)
		rmdir(t->pin_dir);
	return err;
}

static int detach_locked(const struct decap_target *t)
{
	_cleanup_(decap_pins_close) struct decap_pins pins = DECAP_NO_PINS;
	struct decap_link link;
	int err =
		decap_pins_open(t->pin_dir, t->ifname, &pins) ?: decap_link_read(pins.link, &link);

	if (err)
		return err;
	if (link.ifindex && !link.is_here) {
		log_error("%s/%s is of an interface with index %d in another network namespace",
			  t->pin_dir, t->ifname, link.ifindex);
		return -EBUSY;
	}
	/* Somebody may have pinned the link elsewhere, or hold it open. */
	if (link.ifindex && bpf_link_detach(pins.link))
		return log_err(-errno, "detach from %s", t->ifname);
	return decap_pins_remove(t->pin_dir, t->ifname);
}

int decap_detach(const struct decap_target *t)
{
	_cleanup_close_ int lock = decap_pins_lock(t->pin_dir, false);
	int err = lock < 0 ? lock : detach_locked(t);

	if (err == -ENOENT)
		log_error("%s: shunt-decap is not attached", t->ifname);
	else if (!err)
		log_info("%s: detached", t->ifname);
	return err;
}
