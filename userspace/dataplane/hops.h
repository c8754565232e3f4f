/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops: which interface and MAC address each backend is reached by, from
 * the kernel's routes and neighbours, followed when they change. Packets never
 * ask: the answer lies in the backend's leg as one word.
 */
#ifndef DATAPLANE_HOPS_H
#define DATAPLANE_HOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/snapshot.h"
#include "plan/plan.h"
#include "tables/map_ops.h"

struct hops;

/**
 * hops_create() - watch routes, neighbours and links of this network namespace
 * @ops, @ctx: where hops are written
 *
 * Return: 0 or a negative errno, logged.
 */
int hops_create(const struct map_ops *ops, void *ctx, struct hops **out);
void hops_free(struct hops *h);

/**
 * hops_follow() - resolve the legs of @plan from now on
 *
 * Writes the hop of every leg before it returns where the kernel knows it (called
 * between PLAN_PUT_BACKEND and the slots that use them), asks the kernel to resolve
 * the rest. Copies what it needs. Return: 0 or a negative errno, logged.
 */
int hops_follow(struct hops *h, const struct plan *plan, uint64_t now_ms);

/* Readable when there is work; then call hops_dispatch(). Stays the same. */
int hops_fd(const struct hops *h);
int hops_dispatch(struct hops *h, uint64_t now_ms);

/* True once no address is on its way to be resolved for the first time. */
bool hops_is_settled(const struct hops *h);

/* For the snapshot; @out released with free(). */
int hops_list(const struct hops *h, struct snapshot_hop **out, size_t *n);

#endif /* DATAPLANE_HOPS_H */
