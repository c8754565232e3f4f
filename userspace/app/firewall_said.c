/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall: what is said of it at runtime. */
#include "app/daemon.h"
#include "base/clock.h"

static int take_effect(struct daemon *d)
{
	int err;

	d->guard.is_stale = true;
	err = daemon_update(d);
	/* What an operator was told is done survives a crash. */
	daemon_save(d);
	return err;
}

int daemon_say_prefix(void *app, const struct admin_prefix *said, bool is_added)
{
	struct daemon *d = app;
	int err = is_added ? admin_put_prefix(&d->state.admin, said)
			   : admin_del_prefix(&d->state.admin, said);

	return err ?: take_effect(d);
}

void daemon_expire_prefixes(struct daemon *d)
{
	const size_t n = admin_expire_prefixes(&d->state.admin, clock_now_ms());

	if (!n)
		return;
	log_info("firewall: the time of %zu prefix%s is over", n, n == 1 ? "" : "es");
	take_effect(d);
}
