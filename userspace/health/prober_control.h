/* SPDX-License-Identifier: BSD-2-Clause */
/* The prober's end of the socket to its parent: batches in, batches out. */
#ifndef HEALTH_PROBER_CONTROL_H
#define HEALTH_PROBER_CONTROL_H

#include "health/prober_proto.h"

/**
 * prober_control_receive() - take requests
 * @requests: room for PROBER_BATCH; the serial of one that is not valid is 0
 * @fds: likewise: the sockets that came with them, now the caller's, or -1
 * @room: most that are wanted, at least 1
 *
 * Return: how many; 0 if there are none now; -EPIPE at the end; another negative
 * errno.
 */
int prober_control_receive(int fd, struct prober_request *requests, int *fds, size_t room);

/* Return: how many were sent, 0 if the parent takes none now, or a negative errno. */
int prober_control_send(int fd, struct prober_answer *answers, size_t n);

#endif /* HEALTH_PROBER_CONTROL_H */
