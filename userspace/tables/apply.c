/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "net/addr.h"
#include "tables/apply.h"
#include "tables/tables.h"

static __u8 leg_flags(const struct plan_backend *b)
{
	if (b->resets)
		return SHUNT_LEG_RESET;
	return b->alive ? 0 : SHUNT_LEG_DEAD;
}

static int put_backend(const struct apply_to *t, const struct plan_op *op)
{
	struct shunt_backend b = { 0 };

	for (int f = 0; f < SHUNT_FAMILIES; f++) {
		b.leg[f].addr = op->backend->leg[f].addr;
		b.leg[f].forward = op->backend->leg[f].forward;
		b.leg[f].port = op->backend->leg[f].port;
		b.leg[f].flags = leg_flags(op->backend);
	}
	return t->ops->put_backend(t->ctx, op->backend->id, &b);
}

static int mark_backend(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->mark_backend(t->ctx, op->backend->id, leg_flags(op->backend));
}

static int put_load(const struct apply_to *t, const struct plan_op *op)
{
	const struct plan_backend *b = op->backend;

	return t->ops->put_load(t->ctx, b->id, b->limit, b->load_weight);
}

static int del_backend(const struct apply_to *t, const struct plan_op *op)
{
	return t->ops->del_backend(t->ctx, op->backend->id);
}

static int fill_table(const struct apply_to *t, const struct plan_op *op)
{
	return tables_fill(t->tables, op->table, t->alive, t->now_ms);
}

static int clear_table(const struct apply_to *t, const struct plan_op *op)
{
	tables_drop(t->tables, op->table->number, t->now_ms);
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
	struct shunt_listing like = { .flags = op->service->flags };
	int err = tables_service(t->tables, op->service, &like.service);

	return err ?: t->ops->put_service(t->ctx, &op->service->key, &like);
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
	[PLAN_PUT_LOAD] = { "write load of backend", put_load },
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
	case PLAN_PUT_LOAD:
	case PLAN_DEL_BACKEND:
		snprintf(out, size, "%u", op->backend->id);
		break;
	case PLAN_FILL_TABLE:
	case PLAN_MOVE_FLOWS:
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

static int move_compare(const void *va, const void *vb)
{
	const struct flows_move *a = va, *b = vb;

	return a->from < b->from ? -1 : a->from > b->from;
}

/* All that follow each other, at once. Return: how many, or a negative errno, logged. */
static int move_flows(const struct apply_to *to, const struct plan_op *steps, size_t n)
{
	_cleanup_free_ struct flows_move *moves = calloc(n, sizeof(*moves));
	size_t found = 0;
	int err;

	if (!moves)
		return log_err(-ENOMEM, "move flows to larger blocks");
	for (; found < n && steps[found].kind == PLAN_MOVE_FLOWS; found++)
		moves[found] = (struct flows_move){ .from = steps[found].moved->base,
						    .span = steps[found].moved->span,
						    .to = steps[found].table->base };
	qsort(moves, found, sizeof(*moves), move_compare);
	tables_flush(to->tables, to->now_ms);
	err = to->ops->move_flows(to->ctx, moves, found);
	return err ? log_err(err, "move flows of %zu blocks", found) : (int)found;
}

static int take(const struct apply_to *to, const struct plan_op *op)
{
	char object[ADDR_TEXT + 16];
	int err;

	/* What follows may be about services, and they shall be where their tables are. */
	if (op->kind != PLAN_FILL_TABLE)
		tables_flush(to->tables, to->now_ms);
	err = steps_of[op->kind].run(to, op);
	if (!err)
		return 0;
	object_format(op, object, sizeof(object));
	return log_err(err, "%s %s", steps_of[op->kind].verb, object);
}

int apply(const struct apply_to *to, const struct plan_op *steps, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && err >= 0; i++) {
		if (steps[i].kind == PLAN_MOVE_FLOWS) {
			err = move_flows(to, &steps[i], n - i);
			i += err > 0 ? err - 1 : 0;
		} else {
			err = take(to, &steps[i]);
		}
	}
	tables_flush(to->tables, to->now_ms);
	return err < 0 ? err : 0;
}
