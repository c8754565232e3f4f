/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First fit: the maps are as long as the highest id, so low places come first.
 * Blocks are aligned to nothing, which would only leave holes; one may begin at id 0,
 * because its member 0 is nobody as well.
 */
#include <errno.h>

#include "plan/blocks.h"

bool blocks_is_span(uint64_t span)
{
	return span >= BLOCKS_MIN_SPAN && span <= SHUNT_MAX_MEMBERS && !(span & (span - 1));
}

bool blocks_mark(struct blocks *b, uint32_t base, uint32_t span)
{
	bool is_free = true;

	for (uint32_t id = base; id < base + span; id++) {
		is_free &= !b->taken[id];
		b->n_taken += !b->taken[id];
		b->taken[id] = true;
	}
	return is_free;
}

int blocks_take(struct blocks *b, uint32_t span, uint32_t *base)
{
	uint32_t *from = &b->from[__builtin_ctz(span)];
	uint32_t found = *from;

	for (uint32_t id = found; id < found + span; id++) {
		if (id >= SHUNT_MAX_BACKENDS)
			return -ENOSPC;
		if (b->taken[id])
			found = id + 1;
	}
	blocks_mark(b, found, span);
	*from = found + span;
	*base = found;
	return 0;
}
