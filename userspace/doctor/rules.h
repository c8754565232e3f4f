/* SPDX-License-Identifier: BSD-2-Clause */
/* What the rules share. */
#ifndef DOCTOR_RULES_H
#define DOCTOR_RULES_H

#include "doctor/doctor.h"

/* What is the matter, and with whom. */
struct matter {
	enum doctor_grade grade;
	const char *about;
	const char *what;
};

#define FAULT(about, what) ((struct matter){ DOCTOR_FAULT, about, what })
#define WARNING(about, what) ((struct matter){ DOCTOR_WARNING, about, what })
#define NOTE(about, what) ((struct matter){ DOCTOR_NOTE, about, what })

/**
 * find() - add a finding, unless the same was added before
 * @advice: what to do: a format, as printf(3) has it
 */
void find(struct doctor_findings *f, struct matter m, const char *advice, ...)
	__attribute__((format(printf, 3, 4)));

void doctor_judge_host(const struct doctor_host *h, struct doctor_findings *out);
void doctor_judge_firewall(const struct doctor_host *h, struct doctor_findings *out);
void doctor_judge_links(const struct doctor_host *h, struct doctor_findings *out);
void doctor_judge_legs(const struct doctor_host *h, struct doctor_findings *out);

#endif /* DOCTOR_RULES_H */
