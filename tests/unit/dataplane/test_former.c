/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Former maps, of version 2 of the ABI, of a state that is lost, and of a data plane
 * that is replaced: what they held is found by services and addresses.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "dataplane/former.h"
#include "ns.h"
#include "town.h"
#include "v2.h"

static const struct dataplane_sizes sizes = {
	.slot_lines = 1024, .backends = 255, .services = 16, .flow_lines = 128
};
static const struct v2_rodata v2_rodata = { .hash_key = { 11, 12 },
					    .slot_mask = V2_SLOTS - 1,
					    .service_mask = V2_SERVICE_LINES - 1,
					    .flow_mask = V2_FLOW_LINES - 1 };
static const struct town_shape shape = {
	.base = { 32, 16 }, .table = { 5, 3 }, .slots = 2 * V2_SLOTS, .backwards = true
};

/* Ids of version 2, which give no hint of the ids that they become. */
enum {
	WEB_1 = 5,
	WEB_2 = 9,
	WEB_3 = 11,
	DNS_1 = 6,
	DNS_2 = 12,
	DNS_4 = 7,
	OTHER_1 = 20,
	NOBODY = 40
};
/* And these are what they become: members count backwards. */
enum {
	NEW_WEB_1 = 35,
	NEW_WEB_2 = 34,
	NEW_WEB_3 = 33,
	NEW_DNS_1 = 19,
	NEW_DNS_2 = 18,
	NEW_DNS_4 = 17
};

#define WEB_TABLE 2
#define DNS_TABLE 1
#define OTHER_TABLE 0

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

/* The third of the web servers and the second of the DNS servers are drained: no slots. */
static void v2_world(struct v2 *v2, const struct v2_rodata *rodata)
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

/* Words as they were, and what becomes of them. */
static const struct {
	__u32 was, is;
} words[] = {
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

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static void put_words(struct v2 *v2)
{
	for (__u32 i = 0; i < N_WORDS; i++)
		*v2_slot(v2, WEB_TABLE, i) = words[i].was;
}

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
	v2_world(&v2, &v2_rodata);
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
	town_make(&town, &shape);
	v2_world(&v2, &v2_rodata);
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
	v2_world(&v2, &v2_rodata);
	put_words(&v2);
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct town_shape other = shape;
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
				     was < N_WORDS ? words[was].is
				     : was & 1	   ? 3
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
	town_make(&town, &shape);
	v2_world(&v2, &v2_rodata);
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

/* What leads out of the maps is left out; what is no size at all, all of it. */
Test(former, numbers_are_not_trusted)
{
	struct v2_rodata rodata = v2_rodata;
	uint32_t read[2 * V2_SLOTS];
	struct former *f = NULL;
	struct town town;
	struct v2 v2;

	ns_enter();
	town_make(&town, &shape);
	v2_world(&v2, &v2_rodata);
	v2.listings[7].table = V2_TABLES;
	v2.listings[20].table = UINT32_MAX;
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
		v2_world(&v2, &rodata);
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

/* --- carried --------------------------------------------------------------------- */

static struct dataplane *open_sized(const struct dataplane_sizes *s, bool adopt, __u64 key)
{
	const struct shunt_rodata rodata = { .flow_mask = s->flow_lines - 1,
					     .hash_key = { key, 12 } };
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, s, &rodata, adopt, &dp), 0);
	return dp;
}

static struct dataplane *open_keyed(bool adopt, __u64 key)
{
	return open_sized(&sizes, adopt, key);
}

static __u64 *pinned_entries(const char *map, size_t lines)
{
	char path[128];
	void *p;
	int fd;

	snprintf(path, sizeof(path), NS_PIN_DIR "/v%d/%s", SHUNT_ABI_VERSION, map);
	fd = bpf_obj_get(path);
	p = mmap(NULL, lines * 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	cr_assert_neq(p, MAP_FAILED);
	return p;
}

static uint32_t word_of(struct dataplane *dp, uint32_t table, uint32_t slot)
{
	const uint32_t *all = dataplane_read_table(dp, table);

	cr_assert_not_null(all);
	return all[slot];
}

static uint64_t packets_of(const struct dataplane *dp, uint32_t id)
{
	struct shunt_counter c;

	cr_assert_eq(dataplane_read_counter(dp, id, &c), 0);
	return c.packets;
}

/* Both are of the former maps, and the new owners of their slots are those of the plan. */
static void assert_carried(struct dataplane *dp)
{
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++) {
		const uint32_t was = i % V2_SLOTS, word = word_of(dp, shape.table[0], i);
		const uint32_t owner = was & 1 ? 3 : 2, cur = SHUNT_SLOT_CUR(word);

		if (was < N_WORDS)
			continue;
		if (cur == owner)
			cr_assert_eq(word, owner);
		else
			cr_assert_eq(word, SHUNT_SLOT(SHUNT_SLOT_MIGRATING, owner, cur));
	}
	cr_assert_eq(SHUNT_SLOT_PREV(word_of(dp, shape.table[0], 1)), 3U);
	cr_assert_eq(SHUNT_SLOT_STATE(word_of(dp, shape.table[0], 10)), SHUNT_SLOT_PINNED);
}

Test(former, of_version_2_goes_on)
{
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	uint64_t reasons[SHUNT_REASONS];
	struct dataplane *dp;
	__u64 *flows, *fresh;
	struct town town;
	struct v2 v2;

	ns_enter();
	town_make(&town, &shape);
	v2_world(&v2, &v2_rodata);
	put_words(&v2);
	v2.flows[5 * 8] = SHUNT_FLOW(99, WEB_1, now_s);
	v2.flows[5 * 8 + 1] = SHUNT_FLOW(100, OTHER_1, now_s);
	v2.flows[5 * 8 + 2] = SHUNT_FLOW(101, DNS_2, now_s);
	v2.flows[5 * 8 + 3] = SHUNT_FLOW(102, 65535, now_s);
	v2.fresh[6 * 8] = SHUNT_FLOW(98, DNS_4, now_s);
	v2_count(&v2, WEB_1, 3, 300);
	v2_count(&v2, OTHER_1, 5, 500);

	dp = open_keyed(true, 11);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert(dataplane_has_former(dp));
	town_apply(&town, dp, now_ms);
	assert_carried(dp);
	/* Until the program is replaced the former one learns, and counts. */
	v2.flows[7 * 8 + 1] = SHUNT_FLOW(103, WEB_2, now_s);
	v2_count(&v2, WEB_1, 4, 400);
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 0UL);
	cr_assert_eq(access(NS_PIN_DIR "/v2/rodata", F_OK), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_neq(access(NS_PIN_DIR "/v2", F_OK), 0);

	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	fresh = pinned_entries("shunt_fresh", SHUNT_FRESH_LINES);
	for (__u32 line = 5; line < 128; line += 64) {
		cr_assert_eq(flows[line * 8], SHUNT_FLOW(99, NEW_WEB_1, now_s));
		cr_assert_eq(flows[line * 8 + 1], SHUNT_FLOW(101, NEW_DNS_2, now_s));
		cr_assert_eq(flows[line * 8 + 2], 0UL);
		cr_assert_eq(flows[(line + 2) * 8], SHUNT_FLOW(103, NEW_WEB_2, now_s));
	}
	cr_assert_eq(fresh[6 * 8], SHUNT_FLOW(98, NEW_DNS_4, now_s));
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 4UL);
	cr_assert_eq(packets_of(dp, NEW_WEB_2), 0UL);
	cr_assert_eq(packets_of(dp, NEW_DNS_1), 0UL);
	cr_assert_eq(dataplane_read_reasons(dp, reasons), 0);
	munmap(flows, sizes.flow_lines * 64);
	munmap(fresh, SHUNT_FRESH_LINES * 64);
	dataplane_close(dp);
	v2_close(&v2);
}

/* Back to the release before, and here again: our own maps are not what runs. */
Test(former, of_whoever_ran_last_goes_on)
{
	struct dataplane *dp;
	struct former *f;
	__u64 key[2];
	struct v2 v2;

	ns_enter();
	dp = open_keyed(true, 1);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	/* File systems tell times apart that are a tick apart. */
	usleep(20 * 1000);
	v2_world(&v2, &v2_rodata);
	dp = open_keyed(true, 1);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert_eq(former_open(NS_PIN_DIR, &f), 0);
	cr_assert_eq(former_version(f), 2);
	former_close(f);
	cr_assert_eq(dataplane_former_key(NS_PIN_DIR, key), 0);
	cr_assert_eq(key[0], 11UL);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_keyed(true, 1);
	cr_assert(dataplane_was_adopted(dp));
	dataplane_close(dp);
	v2_close(&v2);
}

/* Counters are of backends, whatever the hash; slots and flows are not. */
Test(former, of_another_hash_key_leaves_its_counters)
{
	const uint64_t now_ms = clock_now_ms();
	struct dataplane *dp;
	struct town town;
	__u64 *flows;
	struct v2 v2;

	ns_enter();
	town_make(&town, &shape);
	v2_world(&v2, &v2_rodata);
	put_words(&v2);
	v2.flows[5 * 8] = SHUNT_FLOW(99, WEB_1, transit_seconds(now_ms));
	v2_count(&v2, WEB_1, 3, 300);
	dp = open_keyed(true, 13);
	town_apply(&town, dp, now_ms);
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++)
		cr_assert_eq(SHUNT_SLOT_STATE(word_of(dp, shape.table[0], i)), SHUNT_SLOT_STABLE);
	cr_assert_eq(dataplane_commit(dp), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	cr_assert_eq(flows[5 * 8], 0UL);
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 3UL);
	munmap(flows, sizes.flow_lines * 64);
	dataplane_close(dp);
	v2_close(&v2);
}

/* All CPUs' counters of a block. */
static void count(const char *pin, uint32_t id, __u64 packets)
{
	const int cpus = libbpf_num_possible_cpus(), fd = bpf_obj_get(pin);
	struct shunt_counter_block *blocks = calloc(cpus, sizeof(*blocks));
	__u32 index = id / SHUNT_COUNTERS_PER_BLOCK;

	cr_assert_eq(bpf_map_lookup_elem(fd, &index, blocks), 0);
	for (int cpu = 0; cpu < cpus; cpu++)
		blocks[cpu].counter[id % SHUNT_COUNTERS_PER_BLOCK].packets = packets;
	cr_assert_eq(bpf_map_update_elem(fd, &index, blocks, BPF_ANY), 0);
	close(fd);
	free(blocks);
}

#define PINNED_COUNTERS NS_PIN_DIR "/v3/shunt_counters"

/* The state is lost: the same services and servers get other numbers. */
Test(former, of_another_state_goes_on)
{
	const struct town_shape before = { .base = { 64, 128 },
					   .table = { 0, 1 },
					   .slots = V2_SLOTS };
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	const int cpus = libbpf_num_possible_cpus();
	struct town old, new;
	struct dataplane *dp;
	uint32_t was[V2_SLOTS];
	__u64 *flows;

	ns_enter();
	town_make(&old, &before);
	dp = open_keyed(true, 11);
	town_apply(&old, dp, now_ms);
	cr_assert_eq(dataplane_commit(dp), 0);
	for (uint32_t i = 0; i < V2_SLOTS; i++)
		was[i] = word_of(dp, 0, i);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(99, 64 + 1, now_s);
	flows[6 * 8] = SHUNT_FLOW(98, 128 + 1, now_s);
	flows[7 * 8] = SHUNT_FLOW(97, 64, now_s);
	munmap(flows, sizes.flow_lines * 64);
	count(PINNED_COUNTERS, 64 + 1, 8);
	cr_assert_eq(dataplane_clear_counter(dp, 64 + 1), 0);
	count(PINNED_COUNTERS, 64 + 1, 10);
	dataplane_close(dp);

	town_make(&new, &shape);
	dp = open_keyed(false, 11);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert(dataplane_has_former(dp));
	town_apply(&new, dp, now_ms);
	/* The first member was the first server, and is the third one now. */
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++) {
		const uint32_t owner = 4 - was[i % V2_SLOTS], word = word_of(dp, shape.table[0], i);

		cr_assert(word == owner || (SHUNT_SLOT_STATE(word) == SHUNT_SLOT_MIGRATING &&
					    SHUNT_SLOT_PREV(word) == owner),
			  "slot %u", i);
	}
	cr_assert_eq(dataplane_commit(dp), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(99, NEW_WEB_1, now_s));
	cr_assert_eq(flows[6 * 8], SHUNT_FLOW(98, NEW_DNS_1, now_s));
	cr_assert_eq(flows[7 * 8], 0UL);
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(packets_of(dp, NEW_WEB_1), 2UL * cpus, "less what was subtracted");
	dataplane_close(dp);
}

/* Larger maps in place of those that run, whose daemon knows what it does. */
Test(former, of_this_daemon_goes_on)
{
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	struct town_shape larger = shape;
	struct dataplane *from, *to;
	struct town old, new;
	__u64 *flows;

	ns_enter();
	town_make(&old, &shape);
	from = open_keyed(true, 11);
	town_apply(&old, from, now_ms);
	cr_assert_eq(dataplane_commit(from), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(99, NEW_WEB_1, now_s);
	count(PINNED_COUNTERS, NEW_WEB_1, 1);

	/* One block was outgrown, too. */
	larger.base[0] = 128;
	town_make(&new, &larger);
	to = open_keyed(false, 11);
	dataplane_carry(from, to);
	town_apply(&new, to, now_ms);
	for (uint32_t i = 0; i < 2 * V2_SLOTS; i++)
		cr_assert_eq(word_of(to, shape.table[0], i), word_of(from, shape.table[0], i));
	dataplane_close(from);
	flows[6 * 8] = SHUNT_FLOW(98, NEW_DNS_1, now_s);
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(dataplane_commit(to), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(99, 128 + 3, now_s));
	cr_assert_eq(flows[6 * 8], SHUNT_FLOW(98, NEW_DNS_1, now_s));
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(packets_of(to, 128 + 3), (uint64_t)libbpf_num_possible_cpus());
	cr_assert_eq(packets_of(to, NEW_WEB_1), 0UL);
	dataplane_close(to);
}

/* Pinned or not, and to a cache that has fewer lines. */
Test(former, of_a_larger_flow_cache_goes_on)
{
	const uint64_t now_ms = clock_now_ms();
	const uint16_t now_s = transit_seconds(now_ms);
	struct dataplane_sizes smaller = sizes;
	struct dataplane *from, *to;
	struct town town;
	__u64 *flows;

	ns_enter();
	smaller.flow_lines /= 4;
	town_make(&town, &shape);
	from = open_keyed(true, 11);
	town_apply(&town, from, now_ms);
	cr_assert_eq(dataplane_commit(from), 0);
	flows = pinned_entries("shunt_flows", sizes.flow_lines);
	flows[5 * 8] = SHUNT_FLOW(98, NEW_WEB_1, now_s);
	flows[(32 + 5) * 8] = SHUNT_FLOW(99, NEW_WEB_2, now_s);
	munmap(flows, sizes.flow_lines * 64);
	cr_assert_eq(dataplane_unpin(from), 0);
	to = open_sized(&smaller, false, 11);
	cr_assert_not(dataplane_has_former(to));
	dataplane_carry(from, to);
	town_apply(&town, to, now_ms);
	cr_assert_eq(dataplane_commit(to), 0);
	flows = pinned_entries("shunt_flows", smaller.flow_lines);
	cr_assert_eq(flows[5 * 8], SHUNT_FLOW(98, NEW_WEB_1, now_s));
	cr_assert_eq(flows[5 * 8 + 1], SHUNT_FLOW(99, NEW_WEB_2, now_s));
	munmap(flows, smaller.flow_lines * 64);
	dataplane_close(from);
	dataplane_close(to);
}
