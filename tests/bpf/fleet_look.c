/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to be seen of a fleet. */
#include <criterion/criterion.h>

#include "fleet.h"

static __u16 server_of(const struct fleet_balancer *b, int service, __u32 word)
{
	const __u32 member = SHUNT_SLOT_CUR(word);

	return member ? b->server_of[plan_table_of(b->plan, service)->base + member]
		      : FLEET_NO_SERVER;
}

__u16 fleet_look_up(const struct fleet *f, int service, __u64 hash)
{
	const struct fleet_balancer *b = &f->balancers[FLEET_FORGETS];
	const struct plan_table *table = plan_table_of(b->plan, service);

	return server_of(b, service, b->words[service][(__u32)hash & (table->slots - 1)]);
}

__u16 fleet_owner(const struct fleet *f, int service, __u32 word)
{
	return server_of(&f->balancers[FLEET_KEEPS], service, word);
}

static const struct place *place_of(const struct fleet *f, int service)
{
	const struct plan *plan = f->balancers[FLEET_KEEPS].plan;
	const struct place *place = tables_place(&f->tables, plan_table_of(plan, service)->number);

	cr_assert(place);
	return place;
}

__u32 fleet_word(const struct fleet *f, int service, __u64 hash)
{
	const struct place *place = place_of(f, service);
	const struct slot_table table = { place->first, place->slots };

	return dp_read_slot(f->dp, &table, (__u32)hash & (table.n - 1));
}

bool fleet_is_shared(const struct fleet *f)
{
	return place_of(f, 0) == place_of(f, 1);
}

__u32 fleet_count_slots(const struct fleet *f)
{
	return place_of(f, 0)->slots + (fleet_is_shared(f) ? 0 : place_of(f, 1)->slots);
}

static __u32 count_moving(const struct fleet *f, const struct place *place)
{
	const __u16 *owners = dp_lines(f->dp)[place->first].half;
	__u32 n = 0;

	for (__u32 slot = 0; slot < place->slots; slot++)
		n += owners[slot] >> 15;
	return n;
}

__u32 fleet_count_crossing(const struct fleet *f)
{
	return count_moving(f, place_of(f, 0)) +
	       (fleet_is_shared(f) ? 0 : count_moving(f, place_of(f, 1)));
}

__u64 fleet_count_pins(const struct fleet *f)
{
	const struct shunt_flow_line *lines = dp_flows(f->dp);
	__u64 n = 0;

	for (size_t i = 0; i < (size_t)f->options.flow_lines * SHUNT_FLOWS_PER_LINE; i++)
		n += lines[i / SHUNT_FLOWS_PER_LINE].entry[i % SHUNT_FLOWS_PER_LINE] != 0;
	return n;
}
