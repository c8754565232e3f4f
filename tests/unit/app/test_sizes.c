/* SPDX-License-Identifier: BSD-2-Clause */
/* How large the maps are made: enough, with some to spare, and not without measure. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "app/daemon.h"
#include "base/cleanup.h"

/* @n tables that have @slots each, with blocks of @span ids. */
static struct dataplane_sizes sizes_for(size_t n, uint32_t slots, uint32_t span)
{
	_cleanup_free_ struct plan_table *tables = calloc(n + 1, sizeof(*tables));
	const struct conf conf = { 0 };
	struct plan plan = { .tables = tables, .n_tables = n, .n_services = n };

	cr_assert_not_null(tables);
	for (size_t i = 0; i < n; i++)
		tables[i] = (struct plan_table){
			.number = i, .base = i * span, .span = span, .slots = slots
		};
	plan.rodata.flow_mask = (4 << 20) / SHUNT_FLOWS_PER_LINE - 1;
	return sizes_of(&conf, &plan);
}

static uint32_t lines_of(size_t n, uint32_t slots)
{
	return n * 2 * slots / SHUNT_SLOTS_PER_LINE;
}

/* What does not depend on the number of CPUs. */
static uint64_t bytes_of(const struct dataplane_sizes *s)
{
	return (uint64_t)s->slot_lines * sizeof(struct shunt_slot_line) +
	       (uint64_t)s->flow_lines * sizeof(struct shunt_flow_line) +
	       (uint64_t)(s->backends + 1) *
		       (sizeof(struct shunt_backend) + sizeof(struct shunt_counter)) +
	       (uint64_t)s->services * sizeof(struct shunt_service_line);
}

Test(sizes, a_thousand_large_tables_and_four_million_flows_take_less_than_400_mb)
{
	const struct dataplane_sizes s = sizes_for(1000, 65536, 64);

	cr_assert_geq(s.slot_lines, lines_of(1000, 65536));
	cr_assert_lt(bytes_of(&s), 400 * 1000 * 1000ULL);
}

Test(sizes, a_small_config_has_room_for_sixteen_small_tables)
{
	const struct dataplane_sizes none = sizes_for(0, 0, 0), one = sizes_for(1, 1024, 16);

	cr_assert_eq(none.slot_lines, lines_of(16, 1024));
	cr_assert_eq(one.slot_lines, lines_of(16, 1024));
	cr_assert_eq(one.backends, 4095);
	cr_assert_eq(one.services, 256);
}

/* All tables at places of their own, and one of them twice; at most an eighth to spare. */
Test(sizes, tables_need_not_share)
{
	for (size_t n = 1; n <= 5000; n += 7)
		for (uint32_t slots = SHUNT_MIN_SLOTS; slots <= 65536; slots *= 4) {
			const struct dataplane_sizes s = sizes_for(n, slots, 2);
			const uint32_t need = lines_of(n + 1, slots);

			cr_assert_geq(s.slot_lines, need);
			cr_assert(s.slot_lines == lines_of(16, 1024) ||
					  s.slot_lines <= need + need / 8,
				  "%zu tables of %u: %u lines for %u", n, slots, s.slot_lines,
				  need);
		}
}

/* As it grows one by one, it seldom gets other maps. */
Test(sizes, growing_by_one_seldom_takes_other_maps)
{
	uint32_t last = 0;
	int changes = 0;

	for (size_t n = 1; n <= 1000; n++) {
		const struct dataplane_sizes s = sizes_for(n, 1024, 16);

		cr_assert_geq(s.slot_lines, last);
		changes += s.slot_lines != last;
		last = s.slot_lines;
	}
	cr_assert_leq(changes, 55);
}

Test(sizes, ids_end_where_they_end)
{
	const struct dataplane_sizes s = sizes_for(2, 1024, SHUNT_MAX_MEMBERS);

	cr_assert_eq(s.backends, SHUNT_MAX_BACKENDS - 1);
}
