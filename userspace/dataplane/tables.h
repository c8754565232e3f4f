/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where tables lie: tables of the plan, which have numbers, at places, which are
 * lines of shunt_slots. Tables that hold the same words lie at one place, so that a
 * thousand services with pools alike keep one table in the processor's cache.
 *
 * Considered: a place for each table, which is simple and costs a cache miss a packet
 * as soon as the tables of all services do not fit in the L2; sharing by the pool's
 * name, which needs counters by service beside those by backend. Tables name members
 * of a block, not ids: so pools need not be the same but only alike, and the ids, and
 * with them the counters, stay those of one service.
 *
 *	- A table that changes leaves the others: it gets a copy of the place, the copy
 *	  takes the step, and then the table's services are sent there.
 *	- Tables that take the same step at the same second from the same place go
 *	  together: when a server dies that is in a thousand pools.
 *	- Where no slot is in transition any more and another such place has the same
 *	  recipe, the table moves there, and its own place is freed.
 *	- A freed place is not written to before the next second: packets may be on
 *	  their way to it.
 */
#ifndef DATAPLANE_TABLES_H
#define DATAPLANE_TABLES_H
#endif /* DATAPLANE_TABLES_H */
