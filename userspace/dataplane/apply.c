/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "net/addr.h"

static int put_backend(const struct apply_to *t, const struct plan_op *op)
{
	struct shunt_backend b = { 0 };

	for (int f = 0; f < SHUNT_FAMILIES; f++) {
		b.leg[f].addr = op->backend->leg[f].addr;
		b.leg[f].forward = op->backend->leg[f].forward;
		b.leg[f].flags = op->backend->alive ? 0 : SHUNT_LEG_DEAD;
	}
	return t->ops->put_backend(t->ctx, op->backend->id, &b);
}

static int mark_backend(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->mark_backend(t->ctx, op->backend->id, !op->backend->alive);
}

static int del_backend(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->del_backend(t->ctx, op->backend->id);
}

static int fill_table(const struct apply_to *t, const struct plan_op *op)
{
	const struct transit_step step = { t->scratch, t->alive, t->now_s };
	uint32_t *words = t->ops->table_words(t->ctx, op->table->number);
	int err;

	if (!words)
		return -ERANGE;
	err = table_build_cached(t->cache, op->table, t->scratch);
	if (err)
		return err;
	return transit_fill(t->transit, op->table->number, words, &step);
}

static int clear_table(const struct apply_to *t, const struct plan_op *op)
{
	uint32_t *words = t->ops->table_words(t->ctx, op->table->number);

	if (!words)
		return -ERANGE;
	for (uint32_t i = 0; i < op->table->slots; i++)
		if (words[i])
			__atomic_store_n(&words[i], 0, __ATOMIC_RELAXED);
	transit_forget(t->transit, op->table->number);
	return 0;
}

static int put_vip(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->put_vip(t->ctx, op->vip);
}

static int del_vip(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->del_vip(t->ctx, op->vip);
}

static int put_service(const struct apply_to *t, const struct plan_op *op)
{
	const struct shunt_service s = { .table = op->service->table, .flags = op->service->flags };

	return t->ops->put_service(t->ctx, &op->service->key, &s);
}

static int del_service(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->del_service(t->ctx, &op->service->key);
}

static const struct step {
	const char *verb;
	int (*run)(const struct apply_to *t, const struct plan_op *op);
} steps_of[] = {
	[PLAN_PUT_BACKEND] = { "write backend", put_backend },
	[PLAN_MARK_BACKEND] = { "mark backend", mark_backend },
	[PLAN_FILL_TABLE] = { "fill table", fill_table },
	[PLAN_PUT_VIP] = { "add address", put_vip },
	[PLAN_PUT_SERVICE] = { "publish service", put_service },
	[PLAN_DEL_SERVICE] = { "withdraw service", del_service },
	[PLAN_DEL_VIP] = { "remove address", del_vip },
	[PLAN_CLEAR_TABLE] = { "clear table", clear_table },
	[PLAN_DEL_BACKEND] = { "remove backend", del_backend },
};

/* What a step is about: "3", "192.0.2.80", "192.0.2.80 port 443". */
static void object_format(const struct plan_op *op, char *out, size_t size)
{
	char addr[ADDR_TEXT];

	switch (op->kind) {
	case PLAN_PUT_BACKEND:
	case PLAN_MARK_BACKEND:
	case PLAN_DEL_BACKEND:
		snprintf(out, size, "%u", op->backend->id);
		break;
	case PLAN_FILL_TABLE:
	case PLAN_CLEAR_TABLE:
		snprintf(out, size, "%u", op->table->number);
		break;
	case PLAN_PUT_VIP:
	case PLAN_DEL_VIP:
		snprintf(out, size, "%s", addr_format(op->vip, addr));
		break;
	case PLAN_PUT_SERVICE:
	case PLAN_DEL_SERVICE:
		snprintf(out, size, "%s port %u", addr_format(&op->service->key.vip, addr),
			 ntohs(op->service->key.port));
		break;
	}
}

int apply(const struct apply_to *to, const struct plan_op *steps, size_t n)
{
	char object[ADDR_TEXT + 16];
	int err;

	array_for_each (op, steps, n) {
		err = steps_of[op->kind].run(to, op);
		if (err) {
			object_format(op, object, sizeof(object));
			return log_err(err, "%s %s", steps_of[op->kind].verb, object);
		}
	}
	return 0;
}

int dataplane_apply(struct dataplane *dp, const struct plan *plan, const struct plan_op *steps,
		    size_t n, uint64_t now_ms)
{
	_cleanup_free_ uint32_t *scratch = calloc(dp->sizes.slots, sizeof(*scratch));
	const struct apply_to to = { .ops = &dataplane_map_ops,
				     .ctx = dp,
				     .transit = &dp->transit,
				     .alive = &plan->alive,
				     .now_s = transit_seconds(now_ms),
				     .scratch = scratch,
				     .cache = dp->tables ?: table_cache_create() };

	dp->tables = to.cache;
	dp->tables_used_ms = now_ms;
	if (!to.cache || !scratch)
		return log_err(-ENOMEM, "apply the config");
	transit_set_times(&dp->transit, plan->flow_early_s, plan->flow_idle_s, to.now_s);
	return apply(&to, steps, n);
}
