/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "ns.h"
#include "v2_town.h"

const struct v2_rodata v2_rodata = { .hash_key = { 11, 12 },
				     .slot_mask = V2_SLOTS - 1,
				     .service_mask = V2_SERVICE_LINES - 1,
				     .flow_mask = V2_FLOW_LINES - 1 };
const struct town_shape v2_shape = {
	.base = { 32, 16 }, .table = { 5, 3 }, .slots = 2 * V2_SLOTS, .backwards = true
};

static __u32 *v2_slot(struct v2 *v2, __u32 table, __u32 slot)
{
	return &v2->slots[table * V2_SLOTS + slot];
}

static void put_backends(struct v2 *v2)
{
	static const struct {
		__u32 id;
		unsigned int server;
	} all[] = { { WEB_1, 1 }, { WEB_2, 2 }, { WEB_3, 3 },	{ DNS_1, 1 },
		    { DNS_2, 2 }, { DNS_4, 4 }, { OTHER_1, 1 }, { 30, 99 } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct shunt_backend b = town_backend(all[i].server);

		v2_put_backend(v2, all[i].id, &b);
	}
}

void v2_town_make(struct v2 *v2, const struct v2_rodata *rodata)
{
	const struct shunt_service_key web = town_key(0), tls = town_key(1), dns = town_key(2);
	struct shunt_service_key other = web;

	other.port = 1;
	v2_make(v2, NS_PIN_DIR, rodata);
	put_backends(v2);
	v2_put_service(v2, 7, &web, WEB_TABLE);
	v2_put_service(v2, 20, &tls, WEB_TABLE);
	v2_put_service(v2, 21, &dns, DNS_TABLE);
	v2_put_service(v2, 63, &other, OTHER_TABLE);
	for (__u32 i = 0; i < V2_SLOTS; i++) {
		*v2_slot(v2, WEB_TABLE, i) = V2_SLOT(V2_STABLE, 0, i & 1 ? WEB_1 : WEB_2);
		*v2_slot(v2, DNS_TABLE, i) = V2_SLOT(V2_STABLE, 0, i & 1 ? DNS_1 : DNS_4);
		*v2_slot(v2, OTHER_TABLE, i) = V2_SLOT(V2_STABLE, 0, OTHER_1);
	}
}

const struct v2_word v2_words[V2_WORDS] = {
	{ V2_SLOT(V2_STABLE, 0, WEB_1), SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 3) },
	{ V2_SLOT(V2_MIGRATING, WEB_1, WEB_2), SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 3, 2) },
	{ V2_SLOT(V2_PINNING, WEB_2, WEB_1), SHUNT_SLOT(SHUNT_SLOT_PINNING, 2, 3) },
	{ V2_SLOT(V2_PINNED, 0, WEB_2), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2) },
	/* What was before is of no interest any more. */
	{ V2_SLOT(V2_PINNED, WEB_1, WEB_2), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2) },
	{ V2_SLOT(V2_MIGRATING, 0, WEB_2), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2) },
	{ V2_SLOT(V2_STABLE, 0, 0), 0 },
	/* Of backends that have gone: flows that are elsewhere stay there. */
	{ V2_SLOT(V2_STABLE, 0, NOBODY), 0 },
	{ V2_SLOT(V2_MIGRATING, WEB_1, NOBODY), SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 3, 0) },
	{ V2_SLOT(V2_PINNING, NOBODY, WEB_2), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 2) },
	{ V2_SLOT(V2_PINNED, 0, NOBODY), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 0) },
	/* Of a map that is damaged. */
	{ V2_SLOT(V2_STABLE, 32767, 32767), 0 },
	{ V2_SLOT(V2_PINNING, 32767, V2_IDS), SHUNT_SLOT(SHUNT_SLOT_PINNED, 0, 0) },
};

void v2_put_words(struct v2 *v2)
{
	for (__u32 i = 0; i < V2_WORDS; i++)
		*v2_slot(v2, WEB_TABLE, i) = v2_words[i].was;
}
