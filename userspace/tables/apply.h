/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a diff, carried out by struct map_ops in the order they stand in. */
#ifndef TABLES_APPLY_H
#define TABLES_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "tables/map_ops.h"

struct tables;

/**
 * struct apply_to - where the steps of a diff go
 * @tables: of these maps
 * @alive: of the plan that the steps lead to
 */
struct apply_to {
	const struct map_ops *ops;
	void *ctx;
	struct tables *tables;
	const struct id_set *alive;
	uint64_t now_ms;
};

/**
 * apply() - carry out the steps of a diff
 *
 * Idempotent: writes only what differs. Return: 0, or the first error, logged; then
 * diff again from nothing.
 */
int apply(const struct apply_to *to, const struct plan_op *steps, size_t n);

#endif /* TABLES_APPLY_H */
