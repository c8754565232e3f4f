/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading an answer, and the pieces that several renderers share. A key that is
 * not there reads as "", 0 or false: the daemon may be older than the CLI.
 */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fmt.h"
#include "ctl/table.h"
#include "shunt/abi.h"

const char *view_text(const json_t *object, const char *key);
uint64_t view_int(const json_t *object, const char *key);
bool view_bool(const json_t *object, const char *key);

/*
 * Rows of @t for a service: its name in @color and a VIP with the ports, one VIP a
 * line; what @add_rest adds stands in the first.
 */
void view_service(const json_t *service, enum table_color color,
		  void (*add_rest)(struct table *t, const json_t *service), struct table *t);

/* The colour of "up", "degraded", "down", "drain", "unknown". */
enum table_color view_state_color(const char *state);

/* "500 migrating, 0 pinning, 36 pinned": slots by state, from @first on. */
void view_slots(const json_t *slots, enum shunt_slot_state first, struct buf *out);

/* Connections of nat and fullnat and their ports, a line each; nothing without nat. */
void view_conntrack(const json_t *conntrack, struct buf *out);

struct ctl_view;

/* How many other balancers are heard, a line; nothing where nothing is shared. */
void view_peers(const struct ctl_view *view, struct buf *out);

/*
 * The state of a backend, and what it keeps while it drains ("drain, 148 flows, 4m left"),
 * that it gets nothing ("up, standby"), or flows all the same ("down, in use").
 */
void view_backend_state(const json_t *backend, struct buf *out);

/* What a backend that is drained still has: "512 slots, 148 flows, 4m left", or "empty". */
void view_backend_drain(const json_t *backend, struct buf *out);

/* "http 200 1.1ms": the last probe of a backend. */
void view_probe(const json_t *backend, struct buf *out);

/*
 * For how long a backend is in its state; "" where that is not known: health has
 * a time, the operator's word has none.
 */
const char *view_since(const json_t *backend, uint64_t now, struct fmt *room);

#endif /* CTL_VIEW_H */
