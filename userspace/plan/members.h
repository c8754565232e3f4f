/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: who is which member in the block of a service. */
#ifndef PLAN_MEMBERS_H
#define PLAN_MEMBERS_H

#include "plan/blocks.h"
#include "plan/ids.h"

/**
 * struct members_wish - what members are dealt out for
 * @service: of the config; where it has no backends, those of @old go to rest
 * @old: the record of the service, or NULL; not both without backends and NULL
 * @backends: of the plan, in the order of the config; get their ids
 * @build: of the plan
 */
struct members_wish {
	const struct conf_service *service;
	const struct ids_service *old;
	struct plan_backend *backends;
	struct ids_thrift thrift;
	uint64_t build;
};

/**
 * members_deal() - the block and the backends of one service
 * @arena: gets what @out points to
 * @blocks: ids that are taken; a new block is entered
 * @out: its base, span and backends are set, in no order
 *
 * Return: how many were given out, the block included; -ENOSPC or -ENOMEM.
 */
int members_deal(struct arena *arena, const struct members_wish *wish, struct blocks *blocks,
		 struct ids_service *out);

/* What was freed in build @freed may be given out again. */
static inline bool ids_have_rested(uint64_t freed, uint64_t build, uint64_t rest)
{
	return freed && build - freed >= rest;
}

#endif /* PLAN_MEMBERS_H */
