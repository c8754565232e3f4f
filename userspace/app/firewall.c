/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firewall's lists: from config and operator to the data plane.
 *
 * They are laid out and published anew when what they follow from has changed: a config that
 * was read, a word of the operator, the place of a service's block of ids. That is before the
 * plan is carried out for which it is done, so that no service is without its list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "tables/guard.h"

/* --- whose lists they are ------------------------------------------------------------- */

/* A service may be sent to the block that it had before until the plan is carried out. */
static int add_owners(const struct plan_table *t, uint16_t list, struct guard_owner **owners,
		      size_t *n)
{
	for (; t; t = t->left) {
		struct guard_owner *o = array_add(owners, n);

		if (!o)
			return -ENOMEM;
		*o = (struct guard_owner){ .base = t->base, .list = list };
	}
	return 0;
}

static int find_owners(const struct firewall *f, const struct plan *plan,
		       struct guard_owner **owners, size_t *n)
{
	int err = 0;

	for (size_t i = 1; i < f->n_lists && !err; i++)
		err = add_owners(plan_table_of(plan, f->lists[i].service), i, owners, n);
	return err;
}

static bool owners_are(const struct daemon_guard *g, const struct guard_owner *owners, size_t n)
{
	return g->n_owners == n && (!n || !memcmp(g->owners, owners, n * sizeof(*owners)));
}

/* --- publish --------------------------------------------------------------------------- */

static int build(struct daemon *d)
{
	struct firewall *next;
	int err = firewall_build(d->conf, &d->state.admin, &d->state.rules, &next);

	if (err)
		return log_err(err, "put the firewall together");
	firewall_free(d->guard.firewall);
	d->guard.firewall = next;
	d->guard.is_stale = false;
	daemon_unpublish_guard(d);
	d->state_is_dirty = true;
	return 0;
}

static void clear_new_rules(struct daemon *d)
{
	array_for_each (r, d->state.rules.ids, d->state.rules.n) {
		if (r->is_new)
			dataplane_clear_hits(d->dp, r->id);
		r->is_new = false;
	}
}

static int publish(struct daemon *d, const struct guard_owner *owners, size_t n_owners)
{
	const struct guard_set set = { .lists = d->guard.firewall->lists,
				       .n_lists = d->guard.firewall->n_lists,
				       .owners = owners,
				       .n_owners = n_owners };

	return dataplane_put_guard(d->dp, &set);
}

/* No program looks at them, neither that which is loaded nor that of the plan. */
static bool is_idle(const struct daemon *d, const struct plan *next)
{
	return !((d->rodata.guard | next->rodata.guard) & SHUNT_GUARD_PREFIXES);
}

static int put_prefixes(struct daemon *d, const struct plan *next)
{
	_cleanup_free_ struct guard_owner *owners = NULL;
	struct daemon_guard *g = &d->guard;
	size_t n = 0;
	int err;

	if (is_idle(d, next))
		return 0;
	err = find_owners(g->firewall, next, &owners, &n);
	if (err)
		return log_err(err, "lay out the prefixes of the firewall");
	if (g->is_published && owners_are(g, owners, n))
		return 0;
	err = publish(d, owners, n);
	if (err)
		return err;
	free(g->owners);
	g->owners = take_ptr(&owners);
	g->n_owners = n;
	g->is_published = true;
	return 0;
}

int daemon_build_guard(struct daemon *d)
{
	int err = d->guard.is_stale || !d->guard.firewall ? build(d) : 0;

	if (!err)
		clear_new_rules(d);
	return err;
}

int daemon_guard(struct daemon *d, const struct plan *next)
{
	return put_prefixes(d, next) ?: daemon_limit(d, next);
}

void daemon_unpublish_guard(struct daemon *d)
{
	d->guard.is_published = false;
	d->guard.limits_are_published = false;
}

void daemon_free_guard(struct daemon *d)
{
	firewall_free(d->guard.firewall);
	free(d->guard.owners);
	free(d->guard.limits_of);
	d->guard = (struct daemon_guard){ 0 };
}
