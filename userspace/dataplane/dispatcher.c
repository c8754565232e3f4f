/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Beside other XDP programs by libxdp's dispatcher, a small program that calls
 * the others in turn; each replaces one of its functions (freplace), and a change
 * of the set is a new dispatcher that is swapped in whole.
 *
 * What libxdp 1.3 needs to know about: it looks objects up by id, so nothing here
 * works without CAP_SYS_ADMIN; a program that was loaded as an XDP program cannot
 * go behind a dispatcher, hence struct attachment.own; where the kernel has no
 * freplace it attaches the program alone and says so only in its log; and whoever
 * asks it what is on an interface, also by attaching, has descriptors of programs
 * afterwards that nobody closes. They would keep programs and their maps for ever,
 * so whatever calls it is a session, at whose end they are found and closed.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "base/cleanup.h"
#include "dataplane/internal.h"

/* More are not looked at: what is not found is not closed. */
#define SESSION_FDS 1024

/**
 * struct session - between its beginning and end libxdp is called
 * @is_program: descriptors of programs that were there before
 * @keep: those that are to stay, or -1
 */
struct session {
	bool is_program[SESSION_FDS];
	int keep[2];
};

/* Maps and links have descriptors that look alike to the bpf system call. */
static bool is_program(int fd)
{
	static const char kind[] = "anon_inode:bpf-prog";
	char path[32], target[sizeof(kind)];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, target, sizeof(target));
	return len == sizeof(kind) - 1 && !memcmp(target, kind, len);
}

static void session_begin(struct session *s)
{
	*s = (struct session){ .keep = { -1, -1 } };
	for (int fd = 0; fd < SESSION_FDS; fd++)
		s->is_program[fd] = is_program(fd);
}

static void session_end(struct session *s)
{
	for (int fd = 0; fd < SESSION_FDS; fd++)
		if (!s->is_program[fd] && fd != s->keep[0] && fd != s->keep[1] && is_program(fd))
			close(fd);
}

/* Before what libxdp makes, so that it ends when that has been closed. */
#define SESSION(s)                                                                                 \
	_cleanup_(session_end) struct session s;                                                   \
	session_begin(&s)

static void multiprog_closep(struct xdp_multiprog **mp)
{
	xdp_multiprog__close(*mp);
}

#define _cleanup_multiprog_ _cleanup_(multiprog_closep)

static struct xdp_multiprog *multiprog_get(int ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);

	return libxdp_get_error(mp) ? NULL : mp;
}

static enum xdp_attach_mode libxdp_mode(enum conf_xdp_mode mode)
{
	return mode == CONF_XDP_GENERIC ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

bool dispatcher_is_on(int ifindex)
{
	SESSION(session);
	_cleanup_multiprog_ struct xdp_multiprog *mp = multiprog_get(ifindex);

	return mp && !xdp_multiprog__is_legacy(mp);
}

bool dispatcher_has_others(int ifindex)
{
	SESSION(session);
	_cleanup_multiprog_ struct xdp_multiprog *mp = multiprog_get(ifindex);
	struct xdp_program *p = NULL;

	while (mp && (p = xdp_multiprog__next_prog(p, mp)))
		if (strcmp(xdp_program__name(p), LOAD_PROGRAM))
			return true;
	return false;
}

int dispatcher_fd(const struct attachment *a)
{
	return xdp_program__fd(a->xdp);
}

bool dispatcher_has(const struct attachment *a)
{
	SESSION(session);

	return xdp_program__is_attached(a->xdp, a->ifindex) != XDP_MODE_UNSPEC;
}

int dispatcher_remove(int ifindex, enum conf_xdp_mode mode, uint32_t keep_id)
{
	SESSION(session);
	_cleanup_multiprog_ struct xdp_multiprog *mp = multiprog_get(ifindex);
	struct xdp_program *p = NULL;
	int err = 0;

	while (mp && !err && (p = xdp_multiprog__next_prog(p, mp)))
		if (!strcmp(xdp_program__name(p), LOAD_PROGRAM) && xdp_program__id(p) != keep_id)
			err = xdp_program__detach(p, ifindex, libxdp_mode(mode), 0);
	return err;
}

/* Undo what libxdp does where there is no freplace: attach @xdp alone. */
static int undo_fallback(const struct attachment *a, const struct xdp_program *xdp)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = xdp_program__fd(xdp));
	const __u32 flags = a->mode == CONF_XDP_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;

	return bpf_xdp_detach(a->ifindex, flags, &opts) ?: -EOPNOTSUPP;
}

void dispatcher_forget(struct attachment *a)
{
	xdp_program__close(a->xdp);
	load_close(a->own);
	a->xdp = NULL;
	a->own = NULL;
}

static void forgetp(struct attachment *a)
{
	dispatcher_forget(a);
}

int dispatcher_join(const struct dataplane *dp, struct attachment *a,
		    const struct shunt_rodata *rodata)
{
	SESSION(session);
	_cleanup_(forgetp) struct attachment next = *a;
	int err;

	next.own = NULL;
	next.xdp = NULL;
	err = load_open(&dp->sizes, rodata, dp->fds, &next.own) ?: capture_use(dp, next.own);
	if (err)
		return err;
	next.xdp = xdp_program__from_bpf_obj(load_object(next.own), LOAD_SECTION);
	err = libxdp_get_error(next.xdp);
	if (err) {
		next.xdp = NULL;
		return err;
	}
	err = xdp_program__attach(next.xdp, a->ifindex, libxdp_mode(a->mode), 0);
	if (err)
		return err;
	if (!dispatcher_is_on(a->ifindex))
		return undo_fallback(a, next.xdp);
	err = dispatcher_remove(a->ifindex, a->mode, xdp_program__id(next.xdp));
	if (err)
		return err;
	dispatcher_forget(a);
	session.keep[0] = load_program_fd(next.own);
	session.keep[1] = xdp_program__fd(next.xdp);
	a->own = take_ptr(&next.own);
	a->xdp = take_ptr(&next.xdp);
	return 0;
}

int dispatcher_leave(struct attachment *a)
{
	SESSION(session);
	int err = xdp_program__detach(a->xdp, a->ifindex, libxdp_mode(a->mode), 0);

	if (!err)
		dispatcher_forget(a);
	return err;
}
