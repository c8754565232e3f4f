/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: how many slots the table of a service has. */
#ifndef PLAN_SLOTS_H
#define PLAN_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "plan/plan.h"

/* What a table has where nothing is known of it but that it should last. */
#define SLOTS_LASTING 65536

/**
 * struct slots_wish - what is known of a table before its positions are dealt out
 * @fixed: they follow from the config; 0: they do not
 * @before: what the table had in the last plan; 0: there was none
 */
struct slots_wish {
	uint32_t fixed;
	uint32_t before;
	size_t n_backends;
};

struct slots_wish slots_wish_of(const struct conf *conf, const struct conf_service *service,
				uint32_t before);

/* Positions that such a table should have at most, where weights leave a choice. */
uint32_t slots_seats_max(const struct slots_wish *wish);

/* Slots of a table that has @n_positions: a power of two. */
uint32_t slots_of(const struct slots_wish *wish, size_t n_positions);

/*
 * What to ask slots_of() for with scheduler round_robin, where backends take turns and
 * have no positions: for a turn of the lightest there are eight slots.
 * @backends: of the plan, in the order of the config
 */
size_t slots_turns(const struct conf_service *service, const struct plan_backend *backends);

#endif /* PLAN_SLOTS_H */
