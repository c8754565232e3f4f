/* SPDX-License-Identifier: BSD-2-Clause */
/* Former maps, of version 2 of the ABI: what they hold is found by services and legs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/former.h"
#include "ns.h"
#include "v2_town.h"

static struct former *open_former(const struct town *town)
{
	struct former *f = NULL;

	cr_assert_eq(former_open(NS_PIN_DIR, &f), 0);
	cr_assert_eq(former_translate(f, &town->plan), 0);
	return f;
}

Test(former, is_found_or_not)
{
	struct former *f = NULL;
	__u64 key[2] = { 0 };
	struct v2 v2;

	ns_enter();
	cr_assert_eq(former_open(NS_PIN_DIR, &f), -ENOENT);
	cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), -ENOENT);
	v2_town_make(&v2, &v2_rodata);
	cr_assert_eq(former_open(NS_PIN_DIR, &f), 0);
	cr_assert_eq(former_version(f), 2);
	cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), 0);
	cr_assert(key[0] == 11 && key[1] == 12);
	former_close(f);
	ns_run("rm " NS_PIN_DIR "/v2/shunt_fresh");
	cr_assert_eq(former_open(NS_PIN_DIR, &f), -ENOENT, "not all of it is there");
	v2_close(&v2);
}

Test(former, backends_are_known_by_service_and_legs)
{
	struct town town;
	struct former *f;
	struct v2 v2;

	ns_enter();
	town_make(&town, &v2_shape);
	v2_town_make(&v2, &v2_rodata);
	f = open_former(&town);
	cr_assert_eq(former_id(f, WEB_1), NEW_WEB_1);
	cr_assert_eq(former_id(f, WEB_2), NEW_WEB_2);
	cr_assert_eq(former_id(f, DNS_1), NEW_DNS_1);
	cr_assert_eq(former_id(f, DNS_4), NEW_DNS_4);
	/* Without slots, by their legs; of two with the same, the one that is left. */
	cr_assert_eq(former_id(f, WEB_3), NEW_WEB_3);
	cr_assert_eq(former_id(f, DNS_2), NEW_DNS_2);
	/* Of a service that is no more, though the server is in others. */
	cr_assert_eq(former_id(f, OTHER_1), 0U);
	cr_assert_eq(former_id(f, 30), 0U);
	cr_assert_eq(former_id(f, 0), 0U);
	cr_assert_eq(former_id(f, V2_IDS), 0U);
	cr_assert_eq(former_id(f, UINT32_MAX), 0U);
	former_close(f);
	v2_close(&v2);
}

/* With more slots, as many, and fewer. */
Test(former, tables_are_read_in_members_of_now)
{
	static const uint32_t slots[] = { 8 * V2_SLOTS, V2_SLOTS, V2_SLOTS / 4 };
	struct v2 v2;

	ns_enter();
	v2_town_make(&v2, &v2_rodata);
	v2_put_words(&v2);
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct town_shape other = v2_shape;
		uint32_t *read = calloc(slots[i] + 1, sizeof(*read));
		struct town town;
		struct former *f;

		other.slots = slots[i];
		town_make(&town, &other);
		f = open_former(&town);
		read[slots[i]] = 0xabcdef;
		cr_assert_eq(former_table_slots(f, &town.tables[1]), V2_SLOTS);
		cr_assert_eq(former_read_table(f, &town.tables[1], read), 0);
		for (uint32_t at = 0; at < slots[i]; at++) {
			const uint32_t was = at % V2_SLOTS;

			cr_assert_eq(read[at],
				     was < V2_WORDS ? v2_words[was].is
				     : was & 1	    ? 3
						    : 2,
				     "slot %u of %u", at, slots[i]);
		}
		cr_assert_eq(read[slots[i]], 0xabcdefU);
		cr_assert_eq(former_read_table(f, &town.tables[0], read), 0);
		cr_assert_eq(read[0], 1U, "198.51.100.4");
		former_close(f);
		free(read);
	}
	v2_close(&v2);
}

Test(former, tables_of_services_that_it_did_not_have_are_not_there)
{
	uint32_t read[2 * V2_SLOTS];
	struct town town;
	struct former *f;
	struct v2 v2;

	ns_enter();
	town_make(&town, &v2_shape);
	v2_town_make(&v2, &v2_rodata);
	memset(&v2.listings[21], 0, sizeof(v2.listings[21]));
	f = open_former(&town);
	cr_assert_eq(former_read_table(f, &town.tables[1], read), 0);
	cr_assert_eq(former_read_table(f, &town.tables[0], read), -ENOENT);
	cr_assert_eq(former_table_slots(f, &town.tables[0]), 0U);
	former_lose_flows(f);
	cr_assert_eq(former_read_table(f, &town.tables[1], read), -ENOENT);
	former_close(f);
	v2_close(&v2);
}

/* Services that had all of their flows in the cache, and go by the table alone now. */
Test(former, tables_of_services_that_forget_ask_the_flow_cache)
{
	uint32_t read[2 * V2_SLOTS];
	struct town town;
	struct v2 v2;

	ns_enter();
	v2_town_make(&v2, &v2_rodata);
	v2.listings[7].flags = v2.listings[20].flags = 2;
	for (int tracked = 1; tracked >= 0; tracked--) {
		const uint32_t state = tracked ? SHUNT_SLOT_STABLE : SHUNT_SLOT_PINNED;
		struct former *f;

		town_make(&town, &v2_shape);
		town.services[0].flags = town.services[1].flags =
			tracked ? SHUNT_SERVICE_TRACKED : 0;
		f = open_former(&town);
		cr_assert_eq(former_read_table(f, &town.tables[1], read), 0);
		for (uint32_t i = 0; i < 2 * V2_SLOTS; i++)
			cr_assert_eq(read[i], SHUNT_SLOT(state, 0, i & 1 ? 3 : 2), "slot %u", i);
		cr_assert_eq(former_read_table(f, &town.tables[0], read), 0);
		cr_assert_eq(SHUNT_SLOT_STATE(read[0]), SHUNT_SLOT_STABLE);
		former_close(f);
	}
	v2_close(&v2);
}

/* What leads out of the maps is left out; what is no size at all, all of it. */
Test(former, numbers_are_not_trusted)
{
	struct v2_rodata rodata = v2_rodata;
	uint32_t read[2 * V2_SLOTS];
	struct former *f = NULL;
	struct town town;
	struct v2 v2;

	ns_enter();
	town_make(&town, &v2_shape);
	v2_town_make(&v2, &v2_rodata);
	v2.listings[7].table = V2_TABLES;
	v2.listings[20].table = 1U << 22; /* times V2_SLOTS it is 0 in 32 bits */
	f = open_former(&town);
	cr_assert_eq(former_read_table(f, &town.tables[1], read), -ENOENT);
	cr_assert_eq(former_read_table(f, &town.tables[0], read), 0);
	former_close(f);
	v2_close(&v2);

	for (int i = 0; i < 4; i++) {
		static const __u32 masks[][2] = { { V2_SLOTS, V2_FLOW_LINES - 1 },
						  { UINT32_MAX, V2_FLOW_LINES - 1 },
						  { 2 * V2_TABLES * V2_SLOTS - 1,
						    V2_FLOW_LINES - 1 },
						  { V2_SLOTS - 1, 2 * V2_FLOW_LINES - 1 } };

		ns_run("rm -r " NS_PIN_DIR);
		rodata.slot_mask = masks[i][0];
		rodata.flow_mask = masks[i][1];
		v2_town_make(&v2, &rodata);
		if (i == 3) {
			cr_assert_eq(former_open(NS_PIN_DIR, &f), -ENOENT);
		} else {
			f = open_former(&town);
			cr_assert_eq(former_read_table(f, &town.tables[1], read), -ENOENT);
			former_close(f);
		}
		v2_close(&v2);
	}
}
