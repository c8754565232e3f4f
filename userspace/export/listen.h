/* SPDX-License-Identifier: BSD-2-Clause */
/* A TCP listener from "ADDRESS:PORT". */
#ifndef EXPORT_LISTEN_H
#define EXPORT_LISTEN_H

#include <stdint.h>

#include "shunt/abi.h"

/* "192.0.2.1:80" or "[2001:db8::1]:80". Return: 0 or -EINVAL, outputs untouched. */
int listen_parse(const char *text, struct shunt_addr *addr, uint16_t *port);

/* A non-blocking listener; @port: the one in use. Return: 0 or a negative errno. */
int listen_open(const char *text, int *fd, uint16_t *port);

#endif /* EXPORT_LISTEN_H */
