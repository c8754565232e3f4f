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
 * prober_socket_fails() - give @probe a non-blocking socket
 * @probe: not over echo; its fd is -1, or what came with the request
 * @family: AF_INET or AF_INET6
 *
 * Return: true, and what that means in @r, if there is none.
 */
bool prober_socket_fails(struct probe *probe, int family, struct check_result *r);

/* The socket of @probe, if it has one, leaves @epoll_fd and is closed. */
void prober_socket_close(const struct probe *probe, int epoll_fd);

#endif /* HEALTH_PROBER_SOCKET_H */
