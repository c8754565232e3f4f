/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "dataplane/snapshot.h"

Test(snapshot, every_reason_has_words)
{
	for (int r = SHUNT_CONTINUE + 1; r < SHUNT_REASONS; r++) {
		cr_assert_gt(strlen(reason_name(r)), 0UL);
		cr_assert_gt(strlen(reason_text(r)), 0UL);
		cr_assert_eq(strlen(reason_label(r)), strlen(reason_name(r)));
		cr_assert_eq(strspn(reason_label(r), "abcdefghijklmnopqrstuvwxyz0123456789_"),
			     strlen(reason_label(r)));
	}
	cr_assert_str_eq(reason_label(SHUNT_NO_BACKEND), "no_backend");
	cr_assert_str_eq(reason_action(SHUNT_FORWARDED), "tx");
	cr_assert_str_eq(reason_action(SHUNT_REDIRECTED), "redirect");
	cr_assert_str_eq(reason_action(SHUNT_NOT_IP), "pass");
	cr_assert_str_eq(reason_action(SHUNT_NO_BACKEND), "drop");
	cr_assert_str_eq(hop_state_name(HOP_NO_ROUTE), "no-route");
	cr_assert_str_eq(hop_state_name(HOP_SILENT), "silent");
}

Test(snapshot, every_slot_state_has_a_name)
{
	for (int state = 0; state < SNAPSHOT_SLOT_STATES; state++)
		cr_assert_gt(strlen(slot_state_name(state)), 0UL);
	cr_assert_str_eq(slot_state_name(SHUNT_SLOT_STABLE), "stable");
	cr_assert_str_eq(slot_state_name(SHUNT_SLOT_PINNED), "pinned");
}

Test(snapshot, releases_all_that_it_owns)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	s->services = calloc(2, sizeof(*s->services));
	s->n_services = 2;
	s->services[1].backends = calloc(3, sizeof(*s->services[1].backends));
	s->hops = calloc(1, sizeof(*s->hops));
	s->interfaces = calloc(1, sizeof(*s->interfaces));
	s->maps = calloc(1, sizeof(*s->maps));
	snapshot_free(s);
	snapshot_free(NULL);
}
