/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: which backend ids are taken, and where the next block fits. */
#ifndef PLAN_BLOCKS_H
#define PLAN_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "shunt/abi.h"

#define BLOCKS_SPANS 16

/* A span has room for a member and for member 0, which is nobody. */
#define BLOCKS_MIN_SPAN 2

/**
 * struct blocks - the ids that are taken
 * @n_taken: how many
 * @from: by the logarithm of a span: no such block fits below
 *
 * Zero-initialised is empty and valid. What is taken is not given back.
 */
struct blocks {
	bool taken[SHUNT_MAX_BACKENDS];
	uint32_t n_taken;
	uint32_t from[BLOCKS_SPANS];
};

/* A power of two in [BLOCKS_MIN_SPAN, SHUNT_MAX_MEMBERS]. */
bool blocks_is_span(uint64_t span);

/* Take [@base, @base + @span), which end at SHUNT_MAX_BACKENDS. False: some were taken. */
bool blocks_mark(struct blocks *b, uint32_t base, uint32_t span);

/* Take the lowest @span ids in a row. Return: 0 or -ENOSPC. */
int blocks_take(struct blocks *b, uint32_t span, uint32_t *base);

#endif /* PLAN_BLOCKS_H */
