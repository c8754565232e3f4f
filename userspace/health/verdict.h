/* SPDX-License-Identifier: BSD-2-Clause */
/* What a probe's end does to a target: verdict, status, counters, log. */
#ifndef HEALTH_VERDICT_H
#define HEALTH_VERDICT_H

#include "health/target.h"

/**
 * verdict_note() - a probe of @t ended
 * @detail: printable, shorter than HEALTH_DETAIL
 *
 * Sets @t->check.due_ms, counts, and logs a change of state.
 *
 * Return: true if the state changed.
 */
bool verdict_note(struct target *t, enum health_code code, const char *detail, uint64_t now_ms);

/**
 * verdict_note_agent() - what the agent of @t wants, if @a is of one
 *
 * One that does not answer wants what it wanted before. Of one that changes its mind all
 * the time not all is logged.
 *
 * Return: true if it wants something else now.
 */
bool verdict_note_agent(struct target *t, const struct prober_answer *a, uint64_t now_ms);

/* How long it took, if the prober said so. */
void verdict_note_duration(struct target *t, uint32_t duration_us);

/* What @a says of a certificate; a new warning is logged. */
void verdict_note_certificate(struct target *t, const struct prober_answer *a, uint64_t now_ms);

#endif /* HEALTH_VERDICT_H */
