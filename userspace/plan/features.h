/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the floor: what services ask of the program, beside their tables. */
#ifndef PLAN_FEATURES_H
#define PLAN_FEATURES_H

#include "plan/plan.h"

/* SHUNT_SERVICE_* of the ports of @proto. */
uint32_t features_flags(const struct conf_service *service, uint8_t proto);

/* Connections of its backends are counted, for a scheduler or for a limit. */
bool features_count(const struct conf_service *service);

/* In a second: more are a flood. Never 0. */
uint32_t features_syns_above(const struct conf *conf);

/* Set the pool of @plan, whose backends are there. Return: 0 or -ENOMEM. */
int features_pool(const struct conf *conf, struct plan *plan);

/* Of a plan that has all the rest. */
struct shunt_rodata features_rodata(const struct conf *conf, const struct admin *admin,
				    const struct plan *plan);

#endif /* PLAN_FEATURES_H */
