/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/dataplane.h"
#include "net/addr.h"

/* Where steps go, room to build a table, and what tables of one size share. */
struct target {
	const struct map_ops *ops;
	void *ctx;
	uint32_t *scratch;
	struct table_cache *cache;
};

static int put_backend(const struct target *t, const struct plan_op *op)
{
	struct shunt_backend b = { 0 };

	for (int f = 0; f < SHUNT_FAMILIES; f++) {
		b.leg[f].addr = op->backend->leg[f].addr;
		b.leg[f].forward = op->backend->leg[f].forward;
	}
	return t->ops->put_backend(t->ctx, op->backend->id, &b);
}

static int del_backend(const struct target *t, const struct plan_op *op)
{
	return t->ops->del_backend(t->ctx, op->backend->id);
}

/* Release: who sees the new word sees the backend that it names. */
static void store_word(uint32_t *at, uint32_t word)
{
	if (__atomic_load_n(at, __ATOMIC_RELAXED) != word)
		__atomic_store_n(at, word, __ATOMIC_RELEASE);
}

static int fill_table(const struct target *t, const struct plan_op *op)
{
	uint32_t *words = t->ops->table_words(t->ctx, op->table->number);
	int err;

	if (!words)
		return -ERANGE;
	err = table_build_cached(t->cache, op->table, t->scratch);
	if (err)
		return err;
	for (uint32_t i = 0; i < op->table->slots; i++)
		store_word(&words[i], t->scratch[i]);
	return 0;
}

static int clear_table(const struct target *t, const struct plan_op *op)
{
	uint32_t *words = t->ops->table_words(t->ctx, op->table->number);

	if (!words)
		return -ERANGE;
	for (uint32_t i = 0; i < op->table->slots; i++)
		store_word(&words[i], 0);
	return 0;
}

static int put_vip(const struct target *t, const struct plan_op *op)
{
	return t->ops->put_vip(t->ctx, op->vip);
}

static int del_vip(const struct target *t, const struct plan_op *op)
{
	return t->ops->del_vip(t->ctx, op->vip);
}

static int put_service(const struct target *t, const struct plan_op *op)
{
	const struct shunt_service s = { .table = op->service->table };

	return t->ops->put_service(t->ctx, &op->service->key, &s);
}

static int del_service(const struct target *t, const struct plan_op *op)
{
	return t->ops->del_service(t->ctx, &op->service->key);
}

static const struct step {
	const char *verb;
	int (*run)(const struct target *t, const struct plan_op *op);
} steps_of[] = {
	[PLAN_PUT_BACKEND] = { "write backend", put_backend },
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

int apply(const struct map_ops *ops, void *ctx, const struct plan_op *steps, size_t n,
	  uint32_t *scratch)
{
	_cleanup_(table_cache_freep) struct table_cache *cache = table_cache_create();
	const struct target t = { ops, ctx, scratch, cache };
	char object[ADDR_TEXT + 16];
	int err;

	if (!cache)
		return log_err(-ENOMEM, "apply the config");
	array_for_each (op, steps, n) {
		err = steps_of[op->kind].run(&t, op);
		if (err) {
			object_format(op, object, sizeof(object));
			return log_err(err, "%s %s", steps_of[op->kind].verb, object);
		}
	}
	return 0;
}
