/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "announce/method.h"
#include "base/cleanup.h"
#include "base/log.h"

struct announcer {
	const struct method *method;
	void *self; /* of the method */
	struct conf_ha ha;
	char *vrrp_file; /* that @ha names */
};

void announcer_close(struct announcer *a)
{
	if (!a)
		return;
	if (a->self)
		a->method->close(a->self);
	free(a->vrrp_file);
	free(a);
}

static void announcer_closep(struct announcer **a)
{
	announcer_close(*a);
}

int announcer_open(const struct conf_ha *ha, struct announcer **out)
{
	static const struct method *const methods[] = {
		[CONF_ANNOUNCE_ROUTES] = &method_routes,
		[CONF_ANNOUNCE_VRRP_FILE] = &method_vrrp_file,
	};
	_cleanup_(announcer_closep) struct announcer *a = calloc(1, sizeof(*a));
	int err;

	if (a)
		a->vrrp_file = strdup(ha->vrrp_file);
	if (!a || !a->vrrp_file)
		return log_err(-ENOMEM, "announce");
	a->method = methods[ha->announce];
	a->ha = *ha;
	a->ha.vrrp_file = a->vrrp_file;
	err = a->method->open(&a->ha, &a->self);
	if (err)
		return err;
	*out = take_ptr(&a);
	return 0;
}

bool announcer_is_followed_by(const struct announcer *a, const struct conf_ha *ha)
{
	if (a->ha.announce != ha->announce)
		return false;
	if (ha->announce == CONF_ANNOUNCE_VRRP_FILE)
		return !strcmp(a->ha.vrrp_file, ha->vrrp_file);
	return a->ha.routes.table == ha->routes.table &&
	       a->ha.routes.protocol == ha->routes.protocol;
}

bool announcer_is_for(const struct announcer *a, const struct conf_ha *ha)
{
	return announcer_is_followed_by(a, ha) && a->ha.routes.metric == ha->routes.metric &&
	       a->ha.routes.drain_metric == ha->routes.drain_metric;
}

bool announcer_is_by_address(const struct announcer *a)
{
	return a->method->is_by_address;
}

int announcer_follow(struct announcer *a, const struct announce *wanted)
{
	return a->method->follow(a->self, wanted);
}

bool announcer_is_behind(struct announcer *a)
{
	return a->method->is_behind(a->self);
}

int announcer_fd(const struct announcer *a)
{
	return a->method->fd ? a->method->fd(a->self) : -1;
}

void announcer_dispatch(struct announcer *a)
{
	if (a->method->dispatch)
		a->method->dispatch(a->self);
}

bool announcer_has(const struct announcer *a, const struct shunt_addr *addr)
{
	return a->method->has(a->self, addr);
}
