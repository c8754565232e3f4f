/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client of the control socket: bytes to lines, answers to bytes.
 *
 * A client is read only while nothing waits to be written to it, so it holds at
 * most one line and one answer of the daemon's memory however it behaves.
 */
#ifndef CTL_CONN_H
#define CTL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ctl/apart.h"
#include "ctl/ctl.h"
#include "ctl/peer.h"

/**
 * struct conn - a client
 * @fd: -1: this place is free
 * @in: bytes received, not yet answered
 * @out, @sent: the answer under way, and how much of it has left
 * @since_ms: last time that it was even: an answer had left, or it had connected
 * @ending: no more is read; closed once @out has left
 * @apart: a copy of the daemon works on the answer
 * @ring_fd: packets that follow the answer which is under way; -1: none
 * @captures: a copy sends them, up to the end of the connection
 */
struct conn {
	int fd;
	struct peer peer;
	struct buf in;
	struct buf out;
	size_t sent;
	uint64_t since_ms;
	bool ending;
	struct apart apart;
	int ring_fd;
	bool captures;
};

/**
 * struct conn_host - whom it is a client of
 * @n_apart: copies of the daemon that are at work
 */
struct conn_host {
	const struct ctl_ops *ops;
	void *app;
	unsigned int n_apart;
};

/* Take @fd, non-blocking. */
void conn_open(struct conn *c, int fd, const struct peer *peer, uint64_t now_ms);
void conn_close(struct conn *c, struct conn_host *host);

/* Say @error instead of serving, then end. */
void conn_refuse(struct conn *c, enum ctl_exit code, const char *error);

/*
 * One round: write, read, and carry out at most one request, so that one client
 * does not keep the others waiting. False if it has to be closed.
 */
bool conn_serve(struct conn *c, struct conn_host *host, uint64_t now_ms);

/* What it waits for is said by a copy: descriptor to read from, or -1. */
int conn_apart_fd(const struct conn *c);

/* Waiting to write, or with a request still to carry out; else waiting to read. */
bool conn_wants_to_write(const struct conn *c);

#endif /* CTL_CONN_H */
