/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tables/listing.h"
#include "slots_fake.h"

static __u16 *fake_lines(void *ctx, __u32 first, __u32 n)
{
	struct slots_fake *f = ctx;

	if (f->look)
		f->look(f);
	if (f->fail_lines && !--f->fail_lines)
		return NULL;
	return first + n <= f->n_lines ? f->lines[first].half : NULL;
}

static int fake_read_former(void *ctx, const struct plan_table *table, __u32 *words)
{
	const struct slots_fake *f = ctx;

	if (!f->former || (f->has_former && !f->has_former(table->number)))
		return -ENOENT;
	memcpy(words, f->former, table->slots * sizeof(*words));
	return 0;
}

static int fake_put_service(void *ctx, const struct shunt_service_key *key,
			    const struct shunt_listing *like)
{
	return listing_put(((struct slots_fake *)ctx)->listings, FAKE_LISTING_LINES - 1, key, like);
}

static int fake_del_service(void *ctx, const struct shunt_service_key *key)
{
	return listing_del(((struct slots_fake *)ctx)->listings, FAKE_LISTING_LINES - 1, key);
}

static void fake_repoint(void *ctx, const struct map_move *moves, size_t n)
{
	struct slots_fake *f = ctx;

	f->repoints++;
	listing_repoint(f->listings, FAKE_LISTING_LINES - 1, moves, n);
	if (f->look)
		f->look(f);
}

const struct map_ops slots_fake_ops = {
	.lines = fake_lines,
	.read_former = fake_read_former,
	.put_service = fake_put_service,
	.del_service = fake_del_service,
	.repoint = fake_repoint,
};

struct shunt_service_key slots_fake_key(uint32_t n)
{
	return (struct shunt_service_key){
		.vip = { .b = { [10] = 0xff, 0xff, 192, 0, 2, 80 } },
		.port = htons(1000 + n),
		.proto = IPPROTO_TCP,
	};
}

const struct shunt_listing *slots_fake_listing(const struct slots_fake *fake, uint32_t n)
{
	const struct shunt_service_key key = slots_fake_key(n);

	for (size_t i = 0; i < FAKE_LISTING_LINES * SHUNT_LISTINGS_PER_LINE; i++) {
		const struct shunt_listing *at = &fake->listings[i / SHUNT_LISTINGS_PER_LINE]
							  .listing[i % SHUNT_LISTINGS_PER_LINE];

		if (at->match == SHUNT_SERVICE_MATCH(key.port, key.proto))
			return at;
	}
	return NULL;
}

uint32_t slots_fake_word(const struct slots_fake *fake, const struct shunt_service *s,
			 uint32_t slot)
{
	const uint32_t line = s->first + (slot / SHUNT_SLOTS_PER_LINE & s->line_mask);
	const uint32_t at = slot % SHUNT_SLOTS_PER_LINE;

	return shunt_slot_word(fake->lines[line].half[at],
			       fake->lines[line + s->line_mask + 1].half[at]);
}
