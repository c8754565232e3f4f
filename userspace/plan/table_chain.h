/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The base of a position table: which position owns each of M slots when there
 * are n positions and all are alive.
 */
#ifndef PLAN_TABLE_CHAIN_H
#define PLAN_TABLE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct table_chain - the chain of tables for 1, 2, ... @n positions
 * @slots: M; 0 while nothing was asked of it
 * @log: for each position the slots it took when it entered, one list after another
 * @start: index in @log, by position
 * @count: slots that a position still owns at @n: the first ones of its list
 * @room: positions that @start and @count have room for
 *
 * Zero-initialised is empty and valid.
 */
struct table_chain {
	uint32_t slots;
	uint32_t n;
	uint32_t room;
	uint32_t *log;
	size_t *start;
	uint32_t *count;
};

void table_chain_free(struct table_chain *c);

/**
 * table_chain_base() - the owner of each slot with @n positions, @n > 0
 * @owner: @slots of them
 *
 * The chain is extended where it is too short, so that later calls with the same
 * @slots only read it. Return: 0 or -ENOMEM.
 */
int table_chain_base(struct table_chain *c, uint32_t slots, uint32_t n, uint32_t *owner);

#endif /* PLAN_TABLE_CHAIN_H */
