/* SPDX-License-Identifier: BSD-2-Clause */
/* What the config says of a backend, as the prober is told. */
#ifndef HEALTH_REQUEST_H
#define HEALTH_REQUEST_H

#include "conf/conf.h"
#include "health/prober_proto.h"
#include "health/trust.h"

/**
 * request_fill() - all that the check of @b is about, but a password
 *
 * @trust: has what the check trusts
 *
 * Every byte of @r is set, so that two requests can be compared whole; serial and
 * target are 0.
 *
 * Return: 0; -EINVAL if it cannot be put to the prober.
 */
int request_fill(struct prober_request *r, const char *service, const struct conf_backend *b,
		 const struct trust_set *trust);

/**
 * request_fill_via() - if the check of @b, a backend of @s, goes via: vip
 * @r: of request_fill(); told so, and to which address
 * @via: of the socket that it needs; zeroes if it needs none
 *
 * Return: 0; -EINVAL if there is no such way to @b.
 */
int request_fill_via(struct prober_request *r, struct shunt_probe *via,
		     const struct conf_service *s, const struct conf_backend *b);

/*
 * Add what is in no config file, but in one that it names; as it is at this moment.
 * Return: 0, also if there is nothing to add; or a negative errno.
 */
int request_read_password(struct prober_request *r, const struct conf_check *c);

#endif /* HEALTH_REQUEST_H */
