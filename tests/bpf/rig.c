/* SPDX-License-Identifier: BSD-2-Clause */
#include "rig.h"
#include "rig_fragment.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig *rig_open_world(const struct world *w)
{
	struct dp_sizes sizes = world_sizes();
	struct rig *rig = calloc(1, sizeof(*rig));

	cr_assert(rig);
	rig->world = *w;
	rig->dp = dp_open(&rig->world.rodata, &sizes);
	world_install(&rig->world, rig->dp);
	return rig;
}

struct rig *rig_open(void (*build)(struct world *w))
{
	_cleanup_free_ struct world *w = malloc(sizeof(*w));

	cr_assert(w);
	build(w);
	return rig_open_world(w);
}

void rig_close(struct rig *rig)
{
	if (!rig)
		return;
	dp_close(rig->dp);
	free(rig);
}

/* Frames are dumped for the first few that differ, not for a flood of them. */
#define DUMPS 4

static void count(struct tally *t, const struct verdict *v, size_t len)
{
	t->reasons[v->reason]++;
	if (!ref_is_forwarded(v->reason))
		return;
	t->backends[v->backend].packets++;
	t->backends[v->backend].bytes += len;
}

/* The name of a counter, known to the list or not. */
static const char *counter_name(int index)
{
	return index < SHUNT_REASONS ? ref_name(index) : "(beyond the list)";
}

static bool reasons_agree(const struct rig *rig)
{
	__u64 now[SHUNT_MAX_REASONS];
	bool same = true;

	dp_read_reasons(rig->dp, now);
	for (int i = 0; i < SHUNT_MAX_REASONS; i++) {
		if (now[i] == rig->tally.reasons[i])
			continue;
		same = false;
		fprintf(stderr, "%s was counted %+lld too often\n", counter_name(i),
			(long long)(now[i] - rig->tally.reasons[i]));
	}
	return same;
}

/* Take what was counted for granted, so that the next frame starts clean. */
static void forgive(struct rig *rig)
{
	dp_read_reasons(rig->dp, rig->tally.reasons);
}

/*
 * A frame that is dropped is never seen again, and the device map is asked
 * last: a frame that ends there has been rewritten already.
 */
static bool frames_agree(const struct rig *rig)
{
	const struct verdict *v = &rig->verdict;

	if (v->reason == SHUNT_NO_DEVICE)
		return true;
	return v->out.len == rig->got.len && !memcmp(v->out.data, rig->got.data, v->out.len);
}

bool rig_check(struct rig *rig, const struct frame *in)
{
	const struct verdict *v = &rig->verdict;
	__u32 action;
	bool agree;

	rig_fragment_remind(rig, in);
	action = dp_run(rig->dp, in, &rig->got);
	ref_judge(&rig->world, in, &rig->got, &rig->verdict);
	count(&rig->tally, v, in->len);
	agree = reasons_agree(rig);
	if (!agree)
		forgive(rig);
	agree = rig_fragment_check(rig) && agree;
	if (action != ref_action(v->reason)) {
		fprintf(stderr, "action %u, not %u\n", action, ref_action(v->reason));
		agree = false;
	}
	agree = frames_agree(rig) && agree;
	if (agree)
		return true;
	fprintf(stderr, "expected %s\n", ref_name(v->reason));
	if (rig->n_dumped++ >= DUMPS)
		return false;
	frame_dump("frame in", in);
	frame_dump("expected out", &v->out);
	frame_dump("frame out", &rig->got);
	return false;
}

static bool counter_agrees(__u32 id, const struct shunt_counter *got,
			   const struct shunt_counter *want)
{
	if (got->packets == want->packets && got->bytes == want->bytes)
		return true;
	fprintf(stderr, "backend %u: %llu packets, %llu bytes, not %llu, %llu\n", id, got->packets,
		got->bytes, want->packets, want->bytes);
	return false;
}

bool rig_check_totals(const struct rig *rig)
{
	bool same = reasons_agree(rig);

	_Static_assert(WORLD_BACKENDS % SHUNT_COUNTERS_PER_BLOCK == 0, "blocks are full");
	for (__u32 id = 0; id < WORLD_BACKENDS; id += SHUNT_COUNTERS_PER_BLOCK) {
		const struct shunt_counter_block got =
			dp_read_counters(rig->dp, id / SHUNT_COUNTERS_PER_BLOCK);

		for (__u32 i = 0; i < SHUNT_COUNTERS_PER_BLOCK; i++)
			same = counter_agrees(id + i, &got.counter[i],
					      &rig->tally.backends[id + i]) &&
			       same;
	}
	return same;
}

unsigned int rig_scale(unsigned int n)
{
	const char *text = getenv("SHUNT_TEST_SCALE");
	unsigned long percent = text ? strtoul(text, NULL, 10) : 100;
	unsigned int scaled = (unsigned int)(n * percent / 100) ?: 1;

	if (scaled != n)
		fprintf(stderr, "SHUNT_TEST_SCALE=%lu: %u instead of %u\n", percent, scaled, n);
	return scaled;
}

__u64 rig_random(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}
