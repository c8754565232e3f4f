/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the prober gives up before it reads its first byte from the network:
 * file descriptors, identity, capabilities, and most system calls.
 */
#ifndef HEALTH_PROBER_JAIL_H
#define HEALTH_PROBER_JAIL_H

#include "health/prober_proto.h"

/* Who it becomes if it was root: nobody, nogroup. */
#define PROBER_UID 65534
#define PROBER_GID 65534

/* The parent's end of the bargain puts the socket here. */
#define PROBER_SOCKET_FD 3

/* Sockets at once, if the hard limit allows that many. */
#define PROBER_MAX_FILES 65536

/* Memory of PROBER_MYSQL: a library keeps whatever a server sends, until its time is up. */
#define PROBER_MAX_DATA (512UL << 20)

/**
 * prober_jail_close() - the first step: close everything but @socket_fd and stderr
 * @socket_fd: at most PROBER_SOCKET_FD: everything above is closed
 *
 * What takes privileges to open is opened after this, and before the next step.
 *
 * Return: 0, or a negative errno, logged; the process must end then. Likewise below.
 */
int prober_jail_close(int socket_fd);

/* Give up identity and capabilities, and be called as the trade is. */
int prober_jail_enter(enum prober_trade trade);

/*
 * The last step, once all set-up is done: the filter of system calls. Not for
 * PROBER_EXEC: programs that it starts would be under it, too.
 */
int prober_jail_lock(enum prober_trade trade);

#endif /* HEALTH_PROBER_JAIL_H */
