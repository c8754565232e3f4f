/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flow cache and the note of new flows, seen from user space: lines of
 * entries that the program writes meanwhile (shunt/abi.h). An entry is read once
 * and cleared only if it is still what was read.
 *
 * Pure: lines are memory, be it the mapping of a map.
 */
#ifndef DATAPLANE_FLOWS_H
#define DATAPLANE_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shunt/abi.h"

/**
 * struct flows_backend - what a scan has to know of a backend
 * @alive: entries of others are cleared
 * @seen: of its table, for transit_see(); NULL if nobody asks
 * @flows: its entries that were left, so far
 */
struct flows_backend {
	bool alive;
	uint16_t *seen;
	uint64_t flows;
};

/**
 * struct flows_scan - a scan, which may take several calls
 * @backends: by id, @n_backends of them
 * @max_age_s: entries that were not seen for longer are cleared
 */
struct flows_scan {
	struct flows_backend *backends;
	size_t n_backends;
	uint32_t slot_mask;
	uint16_t now_s;
	uint16_t max_age_s;
};

/* Clear what does not count any more in @n lines; report the rest. */
void flows_scan(struct flows_scan *s, struct shunt_flow_line *lines, size_t n);

/**
 * flows_carry() - enter the flows of one cache in another
 * @from, @to: @n_from and @n_to lines, both powers of two, of the same hash key
 *
 * Where both have an entry of a flow, the one seen last stays; where a line is full,
 * the one seen longest ago gives way. An entry does not say the bits of its hash by
 * which lines of a larger cache are picked, so there it is entered in every line it
 * may belong to: the wrong ones are never met, and expire.
 */
void flows_carry(const struct shunt_flow_line *from, size_t n_from, struct shunt_flow_line *to,
		 size_t n_to, uint16_t now_s);

#endif /* DATAPLANE_FLOWS_H */
