/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets of probes.
 *
 * Connections are closed by RST, and the acknowledgement of SYN-ACK is held
 * back (TCP_QUICKACK off): a tcp check is SYN, SYN-ACK, RST as a rule, so that
 * the backend's accept() does not see it, no process is woken, and nothing is
 * left in TIME_WAIT on either side.
 */
#ifndef HEALTH_PROBER_SOCKET_H
#define HEALTH_PROBER_SOCKET_H

#include "health/check.h"

/**
 * prober_socket_open() - a non-blocking socket for one probe
 * @transport: not CHECK_OVER_ECHO
 * @family: AF_INET or AF_INET6
 *
 * Return: a descriptor, or a negative errno.
 */
int prober_socket_open(enum check_transport transport, int family);

#endif /* HEALTH_PROBER_SOCKET_H */
