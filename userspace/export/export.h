/* SPDX-License-Identifier: BSD-2-Clause */
/* GET /metrics for Prometheus (text format 0.0.4), and GET /healthz. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdint.h>

#include "base/buf.h"
#include "dataplane/snapshot.h"

/* Every metric of @s as text; pure. Backends only where the config wants them. */
void metrics_write(const struct snapshot *s, struct buf *out);

struct exporter;

/**
 * exporter_create() - listen
 * @listen: "ADDRESS:PORT", IPv6 in brackets; with port 0 the kernel chooses one
 * @snapshot: called for every scrape; released with snapshot_free()
 *
 * Return: 0 or a negative errno, logged.
 */
int exporter_create(const char *listen, struct snapshot *(*snapshot)(void *app), void *app,
		    struct exporter **out);
void exporter_free(struct exporter *e);

/* The port in use, in host order: for a @listen with port 0. */
uint16_t exporter_port(const struct exporter *e);

/* Readable when there is work; then call exporter_dispatch(). Stays the same. */
int exporter_fd(const struct exporter *e);
void exporter_dispatch(struct exporter *e);

#endif /* EXPORT_EXPORT_H */
