/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for people to look at: a filter and a ring, which a program with
 * rodata.capture works on (shunt/capture.h). They are of one size, so they outlive
 * programs and data planes: whoever reads the ring goes on while these are replaced.
 *
 *	dataplane_capture_begin(), dataplane_reload() with rodata.capture, read;
 *	dataplane_reload() without it, dataplane_capture_end()
 */
#ifndef DATAPLANE_CAPTURE_H
#define DATAPLANE_CAPTURE_H

#include <stdint.h>

#include "dataplane/dataplane.h"
#include "shunt/capture.h"

/* Make both. Return: 0; -EBUSY if they are there; a negative errno, logged. */
int dataplane_capture_begin(struct dataplane *dp, const struct shunt_capture *filter);
void dataplane_capture_end(struct dataplane *dp);

/* The ring, to be read by anybody who inherits it; -1: there is none. */
int dataplane_capture_fd(const struct dataplane *dp);

/**
 * capture_copy() - what comes in by the ring goes out by @out_fd
 * @ring_fd: read by nobody else
 * @out_fd: a socket: for each packet a struct shunt_captured, of data @bytes
 * @seconds: at most
 *
 * Until nobody is there to read, or @seconds are over. Return: 0 or a negative errno.
 */
int capture_copy(int ring_fd, int out_fd, uint32_t seconds);

#endif /* DATAPLANE_CAPTURE_H */
