/* SPDX-License-Identifier: BSD-2-Clause */
/* One line from a client to one line for it. Knows nothing of sockets. */
#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H

#include "base/buf.h"
#include "ctl/ctl.h"
#include "ctl/peer.h"

/* The longest line that a client may send, without the newline. */
#define REQUEST_MAX_BYTES 65536

/**
 * request_answer() - carry out one request
 * @line: any bytes at all
 * @out: gets one line, newline included; at least an error
 *
 * Return: a ring of packets that follow the line, until ctl_ops.end_capture(); or -1.
 */
int request_answer(const struct ctl_ops *ops, void *app, const struct peer *peer,
		   const struct buf *line, struct buf *out);

/* Is it one for a copy of the daemon (ctl/apart.h)? */
bool request_is_apart(const struct buf *line);

/* An answer that is not ok. */
void request_refuse(enum ctl_exit code, const char *error, struct buf *out);

#endif /* CTL_REQUEST_H */
