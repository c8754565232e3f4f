/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dataplane/egress.h"

static bool is_free(const struct egress_entry *entry)
{
	return !entry->e.ifindex;
}

void egress_adopt(struct egress_table *t, const struct map_ops *ops, void *ctx, uint64_t now_ms)
{
	for (uint32_t i = 1; i < SHUNT_MAX_EGRESS; i++) {
		ops->get_egress(ctx, i, &t->entry[i].e);
		t->entry[i].idle_since_ms = now_ms;
	}
}

/* A free entry, else the one that has rested longest; 0 if all are in use. */
static uint32_t pick(const struct egress_table *t)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < SHUNT_MAX_EGRESS; i++) {
		const struct egress_entry *entry = &t->entry[i];

		if (is_free(entry))
			return i;
		if (!entry->refs && (!best || entry->idle_since_ms < t->entry[best].idle_since_ms))
			best = i;
	}
	return best;
}

int egress_find(struct egress_table *t, const struct map_ops *ops, void *ctx,
		const struct shunt_egress *e)
{
	uint32_t i;
	int err;

	for (i = 1; i < SHUNT_MAX_EGRESS; i++)
		if (!t->entry[i].lost && !memcmp(&t->entry[i].e, e, sizeof(*e)))
			return i;
	i = pick(t);
	if (!i)
		return -ENOSPC;
	err = ops->put_egress(ctx, i, e);
	if (err)
		return err;
	t->entry[i] = (struct egress_entry){ .e = *e };
	return i;
}

void egress_hold(struct egress_table *t, uint32_t index)
{
	if (index && index < SHUNT_MAX_EGRESS)
		t->entry[index].refs++;
}

void egress_drop(struct egress_table *t, uint32_t index, uint64_t now_ms)
{
	if (!index || index >= SHUNT_MAX_EGRESS)
		return;
	assert(t->entry[index].refs);
	if (!--t->entry[index].refs)
		t->entry[index].idle_since_ms = now_ms;
}

void egress_lose(struct egress_table *t, int ifindex)
{
	for (uint32_t i = 1; i < SHUNT_MAX_EGRESS; i++)
		if ((t->entry[i].e.ifindex & ~SHUNT_EGRESS_VLAN) == (uint32_t)ifindex)
			t->entry[i].lost = true;
}

void egress_collect(struct egress_table *t, const struct map_ops *ops, void *ctx, uint64_t now_ms)
{
	for (uint32_t i = 1; i < SHUNT_MAX_EGRESS; i++) {
		struct egress_entry *entry = &t->entry[i];

		if (is_free(entry) || entry->refs || now_ms < entry->idle_since_ms + EGRESS_REST_MS)
			continue;
		if (!ops->del_egress(ctx, i))
			memset(entry, 0, sizeof(*entry));
	}
}
