/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The border's own idea of a slot against the tests', and tables of every size. What
 * needs root says so.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"
#include "shunt/hash.h"

static const __u32 members[] = { 0, 1, 2, 31, 0x3fff, 0x4000, 0x5555, SHUNT_MAX_MEMBERS - 1 };

#define each_member(m)                                                                             \
	for (const __u32 *m = members; m < members + sizeof(members) / sizeof(members[0]); m++)

/* A word that user space may mean: only MIGRATING and PINNING have a prev. */
static void expect_word(enum shunt_slot_state state, __u32 prev, __u32 cur)
{
	const __u32 word = SHUNT_SLOT(state, prev, cur);
	const struct slot_halves ours = slot_halves(word);
	const __u16 owner = shunt_slot_owner(word), transit = shunt_slot_transit(word);

	cr_expect_eq(SHUNT_SLOT_STATE(word), state);
	cr_expect_eq(SHUNT_SLOT_PREV(word), prev);
	cr_expect_eq(SHUNT_SLOT_CUR(word), cur);
	cr_expect_eq(owner, ours.owner, "%08x: owner %04x, not %04x", word, owner, ours.owner);
	cr_expect_eq(transit, ours.transit, "%08x: transit %04x, not %04x", word, transit,
		     ours.transit);
	cr_expect_eq(shunt_slot_word(owner, transit), word, "%08x", word);
	cr_expect_eq(slot_word(ours), word, "%08x", word);
}

Test(slot_table, halves_say_what_the_word_says)
{
	each_member(cur)
	{
		expect_word(SHUNT_SLOT_STABLE, 0, *cur);
		expect_word(SHUNT_SLOT_PINNED, 0, *cur);
		each_member(prev)
		{
			if (*prev)
				expect_word(SHUNT_SLOT_MIGRATING, *prev, *cur);
			expect_word(SHUNT_SLOT_PINNING, *prev, *cur);
		}
	}
}

/* Between the two stores a packet may meet any pair. */
Test(slot_table, any_halves_make_the_same_word)
{
	for (__u32 owner = 0; owner <= 0xffff; owner += 0x7fff / 9)
		for (__u32 transit = 0; transit <= 0xffff; transit++)
			cr_assert_eq(shunt_slot_word(owner, transit),
				     slot_word((struct slot_halves){ owner, transit }), "%04x %04x",
				     owner, transit);
}

/* What a service that keeps its words reads while they are written. */
Test(slot_table, a_slot_changes_by_way_of_the_new_prev)
{
	const __u32 stable = SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, 7);
	const __u32 migrating = SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 7, 9);
	const __u32 other = SHUNT_SLOT(SHUNT_SLOT_MIGRATING, 8, 9);

	cr_expect_eq(shunt_slot_word(shunt_slot_owner(stable), shunt_slot_transit(migrating)),
		     stable);
	cr_expect_eq(shunt_slot_word(shunt_slot_owner(migrating), shunt_slot_transit(other)),
		     other);
}

/* --- tables of every size ------------------------------------------------------- */

/* A prime, so that slots a power of two apart have different members. */
#define MEMBERS 1999
#define BASE4 777
#define BASE6 33000
/* Lines before and behind the table, which belong to nobody. */
#define MARGIN 3
#define FLOWS 200

static __u32 member_of(__u32 slot)
{
	return slot % MEMBERS + 1;
}

static struct dp *open_land(struct world *w, __u32 lines)
{
	const struct dp_sizes sizes = { .vips = WORLD_VIPS,
					.lines = lines,
					.backends = WORLD_BACKENDS };
	struct dp *dp;

	world_build_empty(w);
	world_put_vip(w, SHOP4);
	world_put_vip(w, SHOP6);
	for (__u32 m = 1; m <= MEMBERS; m++) {
		world_put_backend(w, BASE4 + m, SHUNT_FORWARD_DIRECT, 0);
		world_put_backend(w, BASE6 + m, SHUNT_FORWARD_DIRECT, 0);
	}
	dp = dp_open(&w->rodata, &sizes);
	world_install(w, dp);
	return dp;
}

/* One table, two services with different blocks; put over what was there before. */
static void put_table(struct dp *dp, const struct slot_table *table)
{
	struct shunt_service_key key = { .proto = IPPROTO_TCP };
	struct shunt_service to;

	frame_put16((__u8 *)&key.port, 80);
	for (__u32 slot = 0; slot < table->n; slot++)
		dp_put_slot(dp, table, slot, SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, member_of(slot)));
	key.vip = frame_addr(SHOP4);
	to = slot_table_service(table, BASE4);
	dp_put_service(dp, &key, &to, 0);
	key.vip = frame_addr(SHOP6);
	to = slot_table_service(table, BASE6);
	dp_put_service(dp, &key, &to, 0);
}

static __u32 slot_of(const struct world *w, const struct slot_table *table, const struct packet *p)
{
	const struct shunt_addr src = frame_addr(p->src), dst = frame_addr(p->dst);
	__be32 ports;

	frame_put16((__u8 *)&ports, p->sport);
	frame_put16((__u8 *)&ports + 2, p->dport);
	return (__u32)shunt_hash_flow(w->rodata.hash_key, &src, &dst, ports, p->proto,
				      dst.d[0] != 0) %
	       table->n;
}

static void expect_flow(const struct dp *dp, const struct world *w, const struct slot_table *table,
			const struct packet *p, __u32 base)
{
	const __u32 want = base + member_of(slot_of(w, table, p));
	struct frame in, out;
	__u32 got;

	frame_build(p, &in);
	dp_run(dp, &in, &out);
	got = frame_get16(out.data + 4);
	cr_expect_eq(got, want, "table of %u slots, from port %u: backend %u, not %u", table->n,
		     p->sport, got, want);
}

static void expect_flows(const struct dp *dp, const struct world *w, const struct slot_table *table)
{
	for (__u16 i = 0; i < FLOWS; i++) {
		const struct packet v4 = { CLIENT4, SHOP4, 1000 + i, 80, .proto = IPPROTO_TCP };
		const struct packet v6 = { CLIENT6, SHOP6, 1000 + i, 80, .proto = IPPROTO_TCP };

		expect_flow(dp, w, table, &v4, BASE4);
		expect_flow(dp, w, table, &v6, BASE6);
	}
}

/* From one line of owners to the most that a service can name. */
Test(slot_table, of_every_size_are_found)
{
	const struct slot_table largest = { MARGIN, SHUNT_MAX_SLOTS };
	_cleanup_free_ struct world *w = malloc(sizeof(*w));
	struct dp *dp;

	cr_assert(w);
	_Static_assert(MARGIN + 2 * SHUNT_MAX_SLOTS / SHUNT_SLOTS_PER_LINE + MARGIN > WORLD_LINES,
		       "the world's own lines fit");
	dp = open_land(w, slot_table_lines(&largest) + 2 * MARGIN);
	for (__u32 n = SHUNT_SLOTS_PER_LINE; n <= SHUNT_MAX_SLOTS; n *= 2) {
		const struct slot_table table = { MARGIN, n };

		put_table(dp, &table);
		expect_flows(dp, w, &table);
	}
	dp_close(dp);
}
