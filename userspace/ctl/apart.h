/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that take long and change nothing are answered by a copy of the daemon, made
 * by fork(): it knows all that the daemon knew at that moment, may take its time, and is
 * gone with its answer. The daemon's loop pays for the fork.
 *
 * The copy lets go of all descriptors but those of BPF first: what the daemon closes
 * meanwhile must be closed, and a lock that it held be free. It dies with the daemon.
 */
#ifndef CTL_APART_H
#define CTL_APART_H

#include <stdbool.h>
#include <sys/types.h>

#include "ctl/request.h"

/* How long it may take. */
#define APART_PATIENCE_MS 60000
/* At a time. */
#define APART_MAX 4

/**
 * struct apart - a copy at work
 * @pid: 0: none is
 * @fd: what it says, up to its end; non-blocking
 */
struct apart {
	pid_t pid;
	int fd;
	struct buf said;
};

/* Let a copy carry out the request in @line. 0 or a negative errno. */
int apart_begin(struct apart *a, const struct ctl_ops *ops, void *app, const struct peer *peer,
		const struct buf *line);

/* How long packets are looked at. */
#define APART_CAPTURE_S 3600

/* Let a copy send the packets that come by @ring_fd to @out_fd. 0 or a negative errno. */
int apart_begin_capture(struct apart *a, int ring_fd, int out_fd);

/* Take what it has said so far. Return: false if that is all, and @a->said the answer. */
bool apart_read(struct apart *a);

/* It is gone, whatever it was doing. */
void apart_end(struct apart *a);

#endif /* CTL_APART_H */
