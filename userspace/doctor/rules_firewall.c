/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules about the firewall: what it is there for, and does not do. */
#include <stdio.h>

#include "doctor/rules.h"

void doctor_judge_firewall(const struct doctor_host *h, struct doctor_findings *out)
{
	const struct doctor_firewall *f = &h->firewall;
	char what[160];

	if (f->allows_all)
		find(out,
		     WARNING("firewall",
			     "a rule allows everybody of a family: nothing else that it "
			     "says counts for them"),
		     "shunt firewall list; allow whom you know, and leave out the others, who pass "
		     "where no rule denies them");
	if (f->files && !f->is_watched) {
		snprintf(what, sizeof(what),
			 "%zu file%s of prefixes %s read with the config alone: what is written to "
			 "them later means nothing",
			 f->files, f->files == 1 ? "" : "s", f->files == 1 ? "is" : "are");
		find(out, NOTE("firewall", what),
		     "daemon: { watch: true }, or shunt reload when one has changed");
	}
	if (f->tried_out) {
		snprintf(what, sizeof(what),
			 "%zu rule%s only tried out (mode: monitor): what would be refused passes",
			 f->tried_out, f->tried_out == 1 ? " is" : "s are");
		find(out, NOTE("firewall", what),
		     "mode: enforce, when shunt firewall hits shows what it should");
	}
}
