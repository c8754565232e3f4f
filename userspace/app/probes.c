/* SPDX-License-Identifier: BSD-2-Clause */
/* Where health checks meet the data plane: sockets via: vip, and suspicions. */
#include <errno.h>
#include <net/if.h>

#include "app/daemon.h"
#include "base/array.h"
#include "base/clock.h"

/* --- checks via: vip ------------------------------------------------------------ */

static bool goes_by_vip(const struct conf_check *c)
{
	return c->via == CONF_VIA_VIP && c->type != CONF_CHECK_NONE;
}

static bool needs_via(const struct conf *conf)
{
	array_for_each (s, conf->services, conf->n_services)
		array_for_each (b, s->backends, s->n_backends)
			if (goes_by_vip(&b->check))
				return true;
	return false;
}

static int open_socket(void *ctx, const struct shunt_probe *probe, int type)
{
	const struct daemon *d = ctx;

	return d->via ? via_socket(d->via, probe, type) : -EOPNOTSUPP;
}

/* Answers come by where questions go, or by an interface that clients come by. */
static void watch_answers(const struct daemon *d)
{
	unsigned int ifindex;

	array_for_each (i, d->conf->interfaces, d->conf->n_interfaces) {
		ifindex = if_nametoindex(i->name);
		if (ifindex)
			via_attach(d->via, ifindex);
	}
}

int daemon_prepare_probes(struct daemon *d)
{
	const struct health_sockets sockets = { open_socket, d };
	int err;

	health_set_sockets(d->health, &sockets);
	if (!needs_via(d->conf))
		return 0;
	err = d->via ? 0 : via_open(d->pin_dir, &d->via);
	if (!err)
		watch_answers(d);
	return err;
}

void daemon_release_probes(struct daemon *d)
{
	if (needs_via(d->conf))
		return;
	via_close(d->via);
	d->via = NULL;
}

/* --- suspicions ------------------------------------------------------------------- */

/* Of another config the places mean nothing. */
void daemon_probe_suspects(struct daemon *d)
{
	const uint64_t now_ms = clock_now_ms();
	const struct plan_backend *b;
	uint32_t id;

	while (dataplane_take_suspect(d->dp, &id)) {
		b = d->plan && d->plan_conf == d->conf ? plan_backend_by_id(d->plan, id) : NULL;
		if (b)
			health_suspect(d->health, b->conf_service, b->conf_backend, now_ms);
	}
}

void daemon_tick_probes(struct daemon *d)
{
	if (d->via)
		via_mend(d->via);
	daemon_probe_suspects(d);
}
