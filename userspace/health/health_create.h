/* SPDX-License-Identifier: BSD-2-Clause */
/* Internal: health with a child that is not this program run again. */
#ifndef HEALTH_HEALTH_CREATE_H
#define HEALTH_HEALTH_CREATE_H

#include "health/health.h"

/**
 * health_create_with() - health_create() with another child
 * @run: called in the child of PROBER_NET after fork(), with its socket; the child
 *	exits with what it returns. prober_main is fit; tests also have children that
 *	lie. NULL: the child becomes this program again.
 */
int health_create_with(int (*run)(int socket_fd), struct health **out);

#endif /* HEALTH_HEALTH_CREATE_H */
