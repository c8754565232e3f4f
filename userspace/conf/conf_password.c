/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/array.h"
#include "conf/conf_password.h"
#include "net/addr.h"

static bool shows_password(const struct conf_backend *b)
{
	return b->check.type == CONF_CHECK_MYSQL && b->check.password_file;
}

/* As of request_fill(). */
static const struct shunt_addr *asked_at(const struct conf_backend *b)
{
	return b->has_address ? &b->address : &b->address6;
}

static bool is_shown(const struct conf *conf, const struct conf_backend *like)
{
	array_for_each (s, conf->services, conf->n_services)
		array_for_each (b, s->backends, s->n_backends)
			if (shows_password(b) && b->check.port == like->check.port &&
			    addr_is_equal(asked_at(b), asked_at(like)) &&
			    !strcmp(b->check.password_file, like->check.password_file))
				return true;
	return false;
}

bool conf_password_goes_elsewhere(const struct conf *old, const struct conf *new,
				  struct conf_shown *out)
{
	array_for_each (s, new->services, new->n_services)
		array_for_each (b, s->backends, s->n_backends)
			if (shows_password(b) && !is_shown(old, b)) {
				*out = (struct conf_shown){ s, b };
				return true;
			}
	return false;
}
