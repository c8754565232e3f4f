/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of one probe: begun over its kind's transport, stepped on, and closed. */
#ifndef HEALTH_PROBE_H
#define HEALTH_PROBE_H

#include "health/check.h"
#include "health/prober_echo.h"

/**
 * probe_begin() - connect, or what a kind has instead
 * @probe: @probe->request and @probe->ops are set, and it has no descriptors but a
 *	socket that came with the request
 * @epoll_fd: will tell of its descriptors, with @place
 *
 * Return: true if @r is the result already.
 */
bool probe_begin(struct probe *probe, int epoll_fd, const struct prober_echo *echo, uint32_t place,
		 struct check_result *r);

/* @events of epoll have happened, or 0 for a reply: go on. Return: true if @r is the result. */
bool probe_step(struct probe *probe, uint32_t events, struct check_result *r);

/* What the parent is told of it now, with the result @r. */
struct prober_answer probe_answer(const struct probe *probe, const struct check_result *r);

/* Whether it is through or given up. Its place is free then. */
void probe_close(struct probe *probe, int epoll_fd);

#endif /* HEALTH_PROBE_H */
