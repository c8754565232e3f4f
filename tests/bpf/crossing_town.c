/* SPDX-License-Identifier: BSD-2-Clause */
/* The services, tables and backends that slots in transition are tested with. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "crossing.h"

static __u32 flags_of(__u16 port)
{
	__u32 flags = 0;

	if (port == CROSSING_UDP_MOVES || port == CROSSING_BOTH)
		flags |= SHUNT_SERVICE_UDP_MOVES;
	if (port == CROSSING_TRACKED || port == CROSSING_BOTH)
		flags |= SHUNT_SERVICE_TRACKED;
	if (port == CROSSING_COUNTED)
		flags |= SHUNT_SERVICE_TRACKED | SHUNT_SERVICE_COUNTED;
	if (port == CROSSING_TURNS)
		flags |= SHUNT_SERVICE_TRACKED | SHUNT_CHOICE_TURN << SHUNT_SERVICE_CHOICE_SHIFT;
	return flags;
}

static void put_services(struct world *w, __u16 port, const struct slot_table *table4,
			 const struct slot_table *table6)
{
	const struct shunt_service to4 = slot_table_service(table4, CROSSING_BASE4);
	const struct shunt_service to6 = slot_table_service(table6, CROSSING_BASE6);

	world_put_service(w, SHOP4, IPPROTO_TCP, port, &to4)->flags = flags_of(port);
	world_put_service(w, SHOP4, IPPROTO_UDP, port, &to4)->flags = flags_of(port);
	world_put_service(w, SHOP6, IPPROTO_TCP, port, &to6)->flags = flags_of(port);
	world_put_service(w, SHOP6, IPPROTO_UDP, port, &to6)->flags = flags_of(port);
}

static struct slot_table put_table(struct world *w, __u32 slots)
{
	const struct slot_table table = world_put_table(w, slots);

	world_fill_table(w, &table, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, CROSSING_LIVE));
	return table;
}

static void put_tables(struct world *w)
{
	const struct slot_table plain = put_table(w, CROSSING_SLOTS);
	const struct slot_table tracked = put_table(w, 4 * CROSSING_SLOTS);
	const struct slot_table both4 = put_table(w, 2 * CROSSING_SLOTS);
	const struct slot_table both6 = put_table(w, 8 * CROSSING_SLOTS);
	const struct slot_table counted = put_table(w, CROSSING_SLOTS);
	const struct slot_table turns = put_table(w, CROSSING_SLOTS);

	put_services(w, CROSSING_PLAIN, &plain, &plain);
	put_services(w, CROSSING_TRACKED, &tracked, &tracked);
	put_services(w, CROSSING_UDP_MOVES, &plain, &plain);
	put_services(w, CROSSING_BOTH, &both4, &both6);
	put_services(w, CROSSING_COUNTED, &counted, &counted);
	put_services(w, CROSSING_TURNS, &turns, &turns);
	for (__u32 slot = 0; slot < turns.n; slot++)
		slot_table_put(w->lines, &turns, slot, slot_halves(slot % CROSSING_DEAD + 1));
}

static void put_backends(struct world *w, __u32 base)
{
	static const int outers[] = { 0, 4, 6 };
	struct shunt_backend *block = &w->backends[base];

	/* Member 0 is nobody, whatever is found there. */
	for (__u32 m = 0; m < CROSSING_GONE; m++) {
		const int outer = outers[m % 3];

		world_put_backend(w, base + m, outer ? SHUNT_FORWARD_IPIP : SHUNT_FORWARD_DIRECT,
				  outer);
	}
	block[CROSSING_ONLY_V4].leg[SHUNT_V6] = (struct shunt_leg){};
	block[CROSSING_ONLY_V6].leg[SHUNT_V4] = (struct shunt_leg){};
	block[CROSSING_DEAD].leg[SHUNT_V4].flags = SHUNT_LEG_DEAD;
	block[CROSSING_DEAD].leg[SHUNT_V6].flags = SHUNT_LEG_DEAD;
}

void crossing_build_town(struct world *w)
{
	world_build_empty(w);
	world_put_vip(w, SHOP4);
	world_put_vip(w, SHOP6);
	put_backends(w, CROSSING_BASE4);
	put_backends(w, CROSSING_BASE6);
	put_tables(w);
}

struct crossing *crossing_open_town(void (*change)(struct world *w))
{
	_cleanup_free_ struct world *town = malloc(sizeof(*town));

	cr_assert(town);
	crossing_build_town(town);
	if (change)
		change(town);
	return crossing_open(town);
}
