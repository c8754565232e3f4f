/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps from one plan to the next, in the order of enum plan_op_kind. It is
 * the safe order: nothing is pointed at before it is there, and nothing goes
 * before the last pointer to it has gone.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "net/addr.h"
#include "plan/ids.h"
#include "plan/plan.h"

struct steps {
	struct plan_op *ops;
	size_t n;
	bool failed; /* no memory: checked once, at the end */
};

static void step_add(struct steps *steps, struct plan_op op)
{
	struct plan_op *new = array_add(&steps->ops, &steps->n);

	if (new)
		*new = op;
	else
		steps->failed = true;
}

static const struct plan_table *find_table(const struct plan *plan, uint32_t number)
{
	size_t low = 0, high = plan->n_tables;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (plan->tables[middle].number == number)
			return &plan->tables[middle];
		if (plan->tables[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int service_compare(const void *va, const void *vb)
{
	const struct plan_service *a = va, *b = vb;

	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static const struct plan_service *find_service(const struct plan *plan,
					       const struct plan_service *like)
{
	return plan->n_services ? bsearch(like, plan->services, plan->n_services, sizeof(*like),
					  service_compare)
				: NULL;
}

static int vip_compare(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static bool has_vip(const struct plan *plan, const struct shunt_addr *vip)
{
	return plan->n_vips && bsearch(vip, plan->vips, plan->n_vips, sizeof(*vip), vip_compare);
}

static bool legs_are_equal(const struct plan_backend *a, const struct plan_backend *b)
{
	return plan_leg_is_equal(&a->leg[SHUNT_V4], &b->leg[SHUNT_V4]) &&
	       plan_leg_is_equal(&a->leg[SHUNT_V6], &b->leg[SHUNT_V6]);
}

static bool loads_are_equal(const struct plan_backend *a, const struct plan_backend *b)
{
	return a->counted == b->counted && a->limit == b->limit && a->load_weight == b->load_weight;
}

static bool arrays_are_equal(const void *a, const void *b, size_t bytes)
{
	return !bytes || !memcmp(a, b, bytes);
}

bool plan_table_is_equal(const struct plan_table *a, const struct plan_table *b)
{
	const size_t n = a->n_positions;

	if (a->scheduler != b->scheduler || a->slots != b->slots || n != b->n_positions ||
	    !arrays_are_equal(a->positions, b->positions, n * sizeof(*a->positions)))
		return false;
	if (a->scheduler != CONF_SCHEDULER_MAGLEV && a->scheduler != CONF_SCHEDULER_ROUND_ROBIN)
		return true;
	if (!arrays_are_equal(a->weights, b->weights, n * sizeof(*a->weights)))
		return false;
	return a->scheduler == CONF_SCHEDULER_ROUND_ROBIN ||
	       arrays_are_equal(a->seeds, b->seeds, n * sizeof(*a->seeds));
}

/*
 * Which tables of @new have lost a backend since @old, by index: one that had no
 * slots may still be where the flows of some came from.
 */
static bool *list_lost(const struct plan *old, const struct plan *new)
{
	bool *lost = calloc(new->n_tables + 1, sizeof(*lost));

	if (!lost)
		return NULL;
	array_for_each (b, old->backends, old->n_backends) {
		const struct plan_table *t;

		if (!b->alive || id_set_has(&new->alive, b->id))
			continue;
		t = find_table(new, plan_table_of(old, b->conf_service)->number);
		if (t)
			lost[t - new->tables] = true;
	}
	return lost;
}

/* Flows that were to be found in the flow cache shall be found where slots say so. */
static bool forgets(const struct plan_table *was, const struct plan_table *t)
{
	return was->tracked && !t->tracked;
}

static void steps_fill(struct steps *steps, const struct plan *old, const struct plan *new)
{
	_cleanup_free_ bool *lost = list_lost(old, new);

	steps->failed |= !lost;
	for (size_t i = 0; lost && i < new->n_tables; i++) {
		const struct plan_table *t = &new->tables[i];
		const struct plan_table *was = find_table(old, t->number);

		if (!was || lost[i] || was->base != t->base || forgets(was, t) ||
		    !plan_table_is_equal(was, t))
			step_add(steps, (struct plan_op){ .kind = PLAN_FILL_TABLE, .table = t });
	}
}

/*
 * That of @plan with the id of @b, the backend at @index of another plan: mostly they are
 * the same backends.
 */
static const struct plan_backend *twin_of(const struct plan *plan, size_t index,
					  const struct plan_backend *b)
{
	if (index < plan->n_backends && plan->backends[index].id == b->id)
		return &plan->backends[index];
	return plan_backend_by_id(plan, b->id);
}

static void steps_put(struct steps *steps, const struct plan *old, const struct plan *new)
{
	array_for_each (b, new->backends, new->n_backends) {
		const struct plan_backend *was = twin_of(old, b - new->backends, b);

		/* Ids are write-once; see struct ids. */
		assert(!was || legs_are_equal(was, b));
		if (!was)
			step_add(steps, (struct plan_op){ .kind = PLAN_PUT_BACKEND, .backend = b });
	}
	array_for_each (b, new->backends, new->n_backends) {
		const struct plan_backend *was = twin_of(old, b - new->backends, b);

		if (was && (was->alive != b->alive || was->resets != b->resets))
			step_add(steps,
				 (struct plan_op){ .kind = PLAN_MARK_BACKEND, .backend = b });
	}
	array_for_each (b, new->backends, new->n_backends) {
		const struct plan_backend *was = twin_of(old, b - new->backends, b);

		if (b->counted && !(was && loads_are_equal(was, b)))
			step_add(steps, (struct plan_op){ .kind = PLAN_PUT_LOAD, .backend = b });
	}
	steps_fill(steps, old, new);
	array_for_each (v, new->vips, new->n_vips) {
		if (!has_vip(old, v))
			step_add(steps, (struct plan_op){ .kind = PLAN_PUT_VIP, .vip = v });
	}
	array_for_each (s, new->services, new->n_services) {
		const struct plan_service *was = find_service(old, s);

		if (!was || was->table != s->table || was->base != s->base ||
		    was->flags != s->flags)
			step_add(steps, (struct plan_op){ .kind = PLAN_PUT_SERVICE, .service = s });
	}
}

static void step_move(struct steps *steps, const struct plan_table *from,
		      const struct plan_table *to)
{
	step_add(steps, (struct plan_op){ .kind = PLAN_MOVE_FLOWS, .table = to, .moved = from });
}

/* From nothing: flows may be in any block that still rests. */
static void steps_move(struct steps *steps, const struct plan *old, const struct plan *new)
{
	array_for_each (t, new->tables, new->n_tables) {
		const struct plan_table *was = find_table(old, t->number);

		if (was && was->base != t->base)
			step_move(steps, was, t);
		for (const struct plan_table *l = was ? NULL : t->left; l; l = l->left)
			step_move(steps, l, t);
	}
}

static void steps_del(struct steps *steps, const struct plan *old, const struct plan *new)
{
	array_for_each (s, old->services, old->n_services) {
		if (!find_service(new, s))
			step_add(steps, (struct plan_op){ .kind = PLAN_DEL_SERVICE, .service = s });
	}
	array_for_each (v, old->vips, old->n_vips) {
		if (!has_vip(new, v))
			step_add(steps, (struct plan_op){ .kind = PLAN_DEL_VIP, .vip = v });
	}
	array_for_each (t, old->tables, old->n_tables) {
		if (!find_table(new, t->number))
			step_add(steps, (struct plan_op){ .kind = PLAN_CLEAR_TABLE, .table = t });
	}
	array_for_each (b, old->backends, old->n_backends) {
		if (!twin_of(new, b - old->backends, b))
			step_add(steps, (struct plan_op){ .kind = PLAN_DEL_BACKEND, .backend = b });
	}
}

int plan_diff(const struct plan *old, const struct plan *new, struct plan_op **ops, size_t *n)
{
	static const struct plan nothing;
	struct steps steps = { 0 };

	if (!old)
		old = &nothing;
	steps_put(&steps, old, new);
	steps_move(&steps, old, new);
	steps_del(&steps, old, new);
	if (steps.failed) {
		free(steps.ops);
		return -ENOMEM;
	}
	*ops = steps.ops;
	*n = steps.n;
	return 0;
}
