/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: whose word counts for a backend, and what becomes of its flows. */
#ifndef PLAN_FATE_H
#define PLAN_FATE_H

#include "plan/plan.h"

/* What becomes of the flows that a backend has. */
enum fate {
	FATE_KEPT,
	FATE_MOVED, /* to whoever has their slots */
	FATE_RESET, /* those of TCP; others are moved */
};

/**
 * fate_word() - what the operator said; where that is nothing, what the agent of the backend
 *	wants
 * @said: or NULL
 *
 * Not to be kept: its names are those of @said, or none.
 */
struct admin_entry fate_word(const struct admin_entry *said, const struct plan_condition *c);

/* @word: of fate_word() */
enum fate fate_of(const struct conf_service *service, const struct plan_condition *c,
		  const struct admin_entry *word);

#endif /* PLAN_FATE_H */
