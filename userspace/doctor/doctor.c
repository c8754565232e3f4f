/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "doctor/rules.h"
#include "net/addr.h"

const char *doctor_grade_name(enum doctor_grade g)
{
	static const char *const names[DOCTOR_GRADES] = { "fault", "warning", "note" };

	return names[g];
}

static void finding_free(struct doctor_finding *f)
{
	free(f->about);
	free(f->what);
	free(f->advice);
}

void doctor_findings_free(struct doctor_findings *f)
{
	array_for_each (finding, f->list, f->n)
		finding_free(finding);
	free(f->list);
	*f = (struct doctor_findings){ 0 };
}

static bool is_known(const struct doctor_findings *f, const struct matter *m)
{
	array_for_each (known, f->list, f->n)
		if (!strcmp(known->about, m->about) && !strcmp(known->what, m->what))
			return true;
	return false;
}

void find(struct doctor_findings *f, struct matter m, const char *advice, ...)
{
	struct doctor_finding finding = { .grade = m.grade };
	struct doctor_finding *place = NULL;
	va_list ap;

	if (is_known(f, &m))
		return;
	va_start(ap, advice);
	if (vasprintf(&finding.advice, advice, ap) < 0)
		finding.advice = NULL;
	va_end(ap);
	finding.about = strdup(m.about);
	finding.what = strdup(m.what);
	if (finding.about && finding.what && finding.advice)
		place = array_add(&f->list, &f->n);
	if (place) {
		*place = finding;
		return;
	}
	finding_free(&finding);
	f->failed = true;
}

/* Stable: what has been found first stays first among equals. */
static void sort_by_grade(struct doctor_findings *f)
{
	for (size_t i = 1; i < f->n; i++) {
		const struct doctor_finding finding = f->list[i];
		size_t j = i;

		for (; j > 0 && f->list[j - 1].grade > finding.grade; j--)
			f->list[j] = f->list[j - 1];
		f->list[j] = finding;
	}
}

void doctor_judge(const struct doctor_host *h, struct doctor_findings *out)
{
	doctor_judge_host(h, out);
	doctor_judge_firewall(h, out);
	doctor_judge_links(h, out);
	doctor_judge_legs(h, out);
	sort_by_grade(out);
}

uint32_t doctor_overhead(enum shunt_forward forward, const struct shunt_addr *addr)
{
	const uint32_t ip = addr_is_v4(addr) ? 20 : 40;

	switch (forward) {
	case SHUNT_FORWARD_IPIP:
		return ip;
	case SHUNT_FORWARD_GUE: /* variant 1: nothing between UDP and the inner header */
		return ip + 8;
	default:
		return 0;
	}
}
