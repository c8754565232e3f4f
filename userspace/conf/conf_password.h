/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where passwords are shown. Whoever answers at the address that a check logs in at may
 * learn the password; so to have a check log in elsewhere is to be able to read it.
 */
#ifndef CONF_CONF_PASSWORD_H
#define CONF_CONF_PASSWORD_H

#include "conf/conf.h"

/* A backend that a password is shown to. */
struct conf_shown {
	const struct conf_service *service;
	const struct conf_backend *backend;
};

/* Is there one in @new, to whose address and port @old does not show that password? */
bool conf_password_goes_elsewhere(const struct conf *old, const struct conf *new,
				  struct conf_shown *out);

#endif /* CONF_CONF_PASSWORD_H */
