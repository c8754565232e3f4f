/* SPDX-License-Identifier: BSD-2-Clause */
#include "rig_fragment.h"

#include <stdio.h>

#include "ref_fragment.h"
#include "view.h"

void rig_fragment_remind(struct rig *rig, const struct frame *in)
{
	const struct world_fragment *known;
	struct world_fragment asked;
	struct view view;

	if (view_read(&rig->world, in, &view) || !view.is_later)
		return;
	asked = ref_fragment_of(&view);
	known = world_find_fragment(&rig->world, &asked.key);
	if (known)
		dp_put_fragment(rig->dp, &known->key, &known->first, known->age_s);
}

bool rig_fragment_check(struct rig *rig)
{
	const struct world_fragment *want = &rig->verdict.note;
	struct shunt_fragment got;

	if (!rig->verdict.notes)
		return true;
	world_put_fragment(&rig->world, want);
	if (!dp_read_fragment(rig->dp, &want->key, &got)) {
		fprintf(stderr, "a first fragment was not remembered\n");
		return false;
	}
	if (got.ports == want->first.ports && got.proto == want->first.proto && got.seen_s <= 1)
		return true;
	fprintf(stderr, "a first fragment was remembered with ports %08x, protocol %u, %u s old\n",
		got.ports, got.proto, got.seen_s);
	return false;
}
