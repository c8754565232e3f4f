/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What HTTP shows: /metrics for Prometheus (text format 0.0.4), /healthz, the status
 * page at / and what it is made of at /status.json. Nothing can be changed here.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "dataplane/snapshot.h"

/* Every metric of @s as text; pure. Backends only where the config wants them. */
void metrics_write(const struct snapshot *s, struct buf *out);

/* Where the page of metrics goes on; zero-initialised is its beginning. */
struct metrics_place {
	size_t family, service;
};

/*
 * The same in pieces: of METRICS_PIECE bytes, and what one service of one family has
 * beyond that. Return: false: that was the last one.
 */
bool metrics_write_piece(const struct snapshot *s, struct metrics_place *at, struct buf *out);
#define METRICS_PIECE 16384

/* The families of metrics, for the manual. */
void metrics_each(void (*fn)(void *arg, const char *name, const char *type, const char *help),
		  void *arg);

struct exporter;

/**
 * struct exporter_ops - where the answers come from
 * @snapshot: called for every request, and now and then for the graphs; released with
 *	snapshot_free(), maybe much later. NULL without memory.
 * @describe: a snapshot just made as JSON, in the words of the CLI, but not what there may
 *	be thousands of: these are described one by one. NULL without memory, likewise:
 * @describe_service: a service without its backends
 */
struct exporter_ops {
	struct snapshot *(*snapshot)(void *app);
	json_t *(*describe)(const struct snapshot *s);
	json_t *(*describe_service)(const struct snapshot_service *s);
	json_t *(*describe_backend)(const struct snapshot_service *s, size_t i);
	json_t *(*describe_hop)(const struct snapshot_hop *h);
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
