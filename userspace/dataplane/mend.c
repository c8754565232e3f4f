/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces that are not as they were left: made anew, taken by somebody else,
 * left behind by a former daemon or by a data plane that did not come to be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "dataplane/occupant.h"

/* Calls of dataplane_mend(). */
#define MEND_GAP_MAX 64

/* Whether there is an interface to mend, and nobody else's program on it. */
static bool is_vacant(const struct attachment *a, uint32_t *id)
{
	const int ifindex = if_nametoindex(a->ifname);
	enum conf_xdp_mode mode;

	*id = 0;
	return ifindex && !occupant_top(ifindex, id, &mode) && !*id;
}

static void say_missing(struct attachment *a, uint32_t id)
{
	a->missing = true;
	if (!if_nametoindex(a->ifname))
		log_error("%s: the interface has gone; waiting for its return", a->ifname);
	else if (id)
		log_error("%s: another XDP program, %u, took the place of ours; waiting for its "
			  "end",
			  a->ifname, id);
	else
		log_warn("%s: the XDP program has gone; attaching it again", a->ifname);
}

/* Never against another program: two daemons would take turns for ever. */
static void mend(struct dataplane *dp, struct attachment *a)
{
	bool vacant;
	uint32_t id;

	if (attach_is_in_force(a)) {
		attach_renew_top(a);
		a->missing = false;
		a->mend_gap = a->mend_in = 0;
		return;
	}
	vacant = is_vacant(a, &id);
	if (!a->missing)
		say_missing(a, id);
	if (!vacant) {
		a->mend_gap = a->mend_in = 0;
		return;
	}
	if (a->mend_in && --a->mend_in)
		return;
	if (!dataplane_attach(dp, a->ifname, a->mode))
		return;
	a->mend_gap = a->mend_gap < MEND_GAP_MAX / 2 ? 2 * a->mend_gap + 1 : MEND_GAP_MAX;
	a->mend_in = a->mend_gap;
}

void dataplane_mend(struct dataplane *dp)
{
	array_for_each (a, dp->attachments, dp->n_attachments)
		mend(dp, a);
}

void dataplane_give_back(struct dataplane *from, struct dataplane *to)
{
	array_for_each (a, to->attachments, to->n_attachments)
		dataplane_attach(to, a->ifname, a->mode);
	for (size_t i = from->n_attachments; i--;) {
		struct attachment *a = &from->attachments[i];

		if (!attachment_find(to, a->ifname))
			dataplane_detach(from, a->ifname);
	}
}

static bool is_ours(const struct dataplane *dp, int ifindex)
{
	array_for_each (a, dp->attachments, dp->n_attachments)
		if (a->ifindex == ifindex)
			return true;
	return false;
}

/* Leave what is recorded and not attached by @dp. 0, or the last error, logged. */
static int leave_recorded(struct dataplane *dp, const char *why)
{
	_cleanup_free_ int *ifindexes = NULL;
	char ifname[IF_NAMESIZE];
	size_t n = 0;
	int err = pin_list_programs(dp->pin_dir, &ifindexes, &n), failed = 0;

	if (err)
		return log_err(err, "look for programs of a former daemon");
	array_for_each (i, ifindexes, n) {
		if (is_ours(dp, *i))
			continue;
		err = attach_remove_former(dp, *i);
		if (err)
			failed = log_err(err, "detach what a former daemon left on interface %d",
					 *i);
		else if (if_indextoname(*i, ifname))
			log_info("%s: %sdetached", ifname, why);
	}
	return failed;
}

void dataplane_leave_others(struct dataplane *dp)
{
	leave_recorded(dp, "not in the config any more: ");
}

int dataplane_detach_all(const char *pin_dir)
{
	struct dataplane nothing = { .pin_dir = (char *)pin_dir };
	int err;

	load_route_logs();
	err = leave_recorded(&nothing, "");
	/* As long as a program uses the maps the next daemon shall find them. */
	return err ?: dataplane_unpin(&nothing);
}
