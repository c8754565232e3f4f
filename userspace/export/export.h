/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What HTTP shows: /metrics for Prometheus (text format 0.0.4), /healthz, the status
 * page at / and what it is made of at /status.json. Nothing can be changed here.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "dataplane/snapshot.h"

/* Every metric of @s as text; pure. Backends only where the config wants them. */
void metrics_write(const struct snapshot *s, struct buf *out);

/* The families of metrics, for the manual. */
void metrics_each(void (*fn)(void *arg, const char *name, const char *type, const char *help),
		  void *arg);

struct exporter;

/**
 * struct exporter_ops - where the answers come from
 * @snapshot: called for every request, and now and then for the graphs; released with
 *	snapshot_free(). NULL without memory.
 * @describe: a snapshot as JSON, in the words of the CLI; NULL without memory
 */
struct exporter_ops {
	struct snapshot *(*snapshot)(void *app);
	json_t *(*describe)(const struct snapshot *s);
};

/**
 * exporter_create() - listen
 * @listen: "ADDRESS:PORT", IPv6 in brackets; with port 0 the kernel chooses one
 * @ops: kept
 *
 * Return: 0 or a negative errno, logged.
 */
int exporter_create(const char *listen, const struct exporter_ops *ops, void *app,
		    struct exporter **out);
void exporter_free(struct exporter *e);

/* The port in use, in host order: for a @listen with port 0. */
uint16_t exporter_port(const struct exporter *e);

/* Readable when there is work; then call exporter_dispatch(). Stays the same. */
int exporter_fd(const struct exporter *e);
void exporter_dispatch(struct exporter *e);

#endif /* EXPORT_EXPORT_H */
