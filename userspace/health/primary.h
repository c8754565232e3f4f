/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of the backends of a service whose check wants a primary, one at a time is used.
 *
 * Two that say it of themselves are a database that has come apart: what is written
 * to one never reaches the other. So the one that has the service keeps it, the
 * other one has failed its check, with HEALTH_L7DUAL_CODE, and an alarm is given.
 */
#ifndef HEALTH_PRIMARY_H
#define HEALTH_PRIMARY_H

#include "health/target.h"

/**
 * primary_judge() - look at a probe of @t that passed
 * @detail: of HEALTH_DETAIL bytes; overwritten if that is not the last word
 *
 * Gives the alarm, and says when it is over.
 *
 * Return: HEALTH_OK_CODE, or HEALTH_L7DUAL_CODE if another one has the service.
 */
enum health_code primary_judge(const struct target_set *set, const struct target *t, char *detail);

/**
 * primary_next() - who should be looked at soon, as @t, which had the service, fails
 * @i: where to go on, 0 at first
 *
 * Return: a target that may take over, or NULL if there are no more.
 */
struct target *primary_next(const struct target_set *set, const struct target *t, size_t *i);

#endif /* HEALTH_PRIMARY_H */
