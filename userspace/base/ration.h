/* SPDX-License-Identifier: BSD-2-Clause */
/* So much a second, and no more: of whatever others could make too much of. */
#ifndef BASE_RATION_H
#define BASE_RATION_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed, nothing of it is used. */
struct ration {
	uint64_t second;
	uint32_t used;
};

/* There is one left of @per_s in the second of @now_ms; then it is used. */
static inline bool ration_take(struct ration *r, uint32_t per_s, uint64_t now_ms)
{
	if (now_ms / 1000 != r->second)
		r->used = 0;
	r->second = now_ms / 1000;
	if (r->used >= per_s)
		return false;
	r->used++;
	return true;
}

#endif /* BASE_RATION_H */
