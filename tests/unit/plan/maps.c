/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "maps.h"
#include "net/addr.h"

void maps_free(struct maps *m)
{
	for (size_t i = 0; i < MAPS_TABLES; i++) {
		free(m->place[i].words);
		free(m->before[i].words);
	}
}

static size_t find_service(const struct maps *m, const struct shunt_service_key *key)
{
	size_t i = 0;

	while (i < m->n_services && memcmp(&m->service[i].key, key, sizeof(*key)))
		i++;
	return i;
}

static size_t find_vip(const struct maps *m, const struct shunt_addr *vip)
{
	size_t i = 0;

	while (i < m->n_vips && !addr_is_equal(&m->vips[i], vip))
		i++;
	return i;
}

static void name_copy(char *to, const char *name)
{
	cr_assert_lt(strlen(name), MAPS_NAME);
	strcpy(to, name);
}

static void put_backend(struct maps *m, const struct plan_backend *b, const struct conf *conf)
{
	cr_assert_lt(b->id, MAPS_BACKENDS);
	cr_assert(!*m->owner[b->id], "backend %u is there", b->id);
	name_copy(m->owner[b->id], conf->services[b->conf_service].name);
	memcpy(m->legs[b->id], b->leg, sizeof(b->leg));
	m->dead[b->id] = !b->alive;
}

static void mark_backend(struct maps *m, const struct plan_backend *b)
{
	cr_assert(*m->owner[b->id]);
	cr_assert_eq(m->dead[b->id], b->alive, "nothing to mark");
	m->dead[b->id] = !b->alive;
}

/*
 * Services of another block still read the old place, and would find others' ids
 * by its members. More slots begin as what they were a part of; fewer begin anew.
 */
static void fill_table(struct maps *m, const struct plan_table *t)
{
	struct maps_place *place = &m->place[t->number], was = *place;

	cr_assert_lt(t->number, MAPS_TABLES);
	*place = (struct maps_place){ make_words(t), t->slots, t->base };
	for (uint32_t s = 0; s < t->slots; s++) {
		const uint32_t from =
			was.words && was.slots <= t->slots ? was.words[s & (was.slots - 1)] : 0;

		place->words[s] =
			slot_step(from, SHUNT_SLOT_CUR(place->words[s]), t->base, &m->alive);
	}
	if (was.words && was.base != t->base)
		m->before[t->number] = was;
	else
		free(was.words);
}

/* What flows are moved from is the same backend as what they are moved to. */
static void move_flows(struct maps *m, const struct plan_op *op)
{
	const struct plan_table *to = op->table, *from = op->moved;
	uint32_t moved = 0;

	cr_assert_eq(to->number, from->number);
	cr_assert_eq(m->before[to->number].base, from->base);
	cr_assert(from->base + from->span <= to->base || to->base + to->span <= from->base,
		  "blocks overlap");
	for (uint32_t i = 1; i < from->span; i++) {
		if (!*m->owner[from->base + i] || !*m->owner[to->base + i])
			continue;
		moved++;
		cr_assert_str_eq(m->owner[from->base + i], m->owner[to->base + i]);
		for (int f = 0; f < SHUNT_FAMILIES; f++)
			cr_assert(addr_is_equal(&m->legs[from->base + i][f].addr,
						&m->legs[to->base + i][f].addr));
	}
	m->moved += moved;
}

static void put_service(struct maps *m, const struct plan_service *s, const struct conf *conf)
{
	size_t i = find_service(m, &s->key);

	cr_assert_lt(i, MAPS_SERVICES);
	if (i == m->n_services)
		m->n_services++;
	else
		cr_assert(m->service[i].table != s->table || m->service[i].base != s->base ||
				  m->service[i].flags != s->flags,
			  "nothing to put");
	m->service[i] = *s;
	name_copy(m->service_name[i], conf->services[s->conf_service].name);
}

static void del_service(struct maps *m, const struct plan_service *s)
{
	size_t i = find_service(m, &s->key);

	cr_assert_lt(i, m->n_services);
	m->n_services--;
	m->service[i] = m->service[m->n_services];
	memmove(m->service_name[i], m->service_name[m->n_services], MAPS_NAME);
}

static void put_vip(struct maps *m, const struct shunt_addr *vip)
{
	cr_assert_eq(find_vip(m, vip), m->n_vips);
	m->vips[m->n_vips++] = *vip;
}

static void del_vip(struct maps *m, const struct shunt_addr *vip)
{
	size_t i = find_vip(m, vip);

	cr_assert_lt(i, m->n_vips);
	m->vips[i] = m->vips[--m->n_vips];
}

static void step(struct maps *m, const struct plan_op *op, const struct conf *conf)
{
	switch (op->kind) {
	case PLAN_PUT_BACKEND:
		put_backend(m, op->backend, conf);
		break;
	case PLAN_MARK_BACKEND:
		mark_backend(m, op->backend);
		break;
	case PLAN_PUT_LOAD:
		cr_assert(*m->owner[op->backend->id]);
		m->limit[op->backend->id] = op->backend->limit;
		m->load_weight[op->backend->id] = op->backend->load_weight;
		break;
	case PLAN_FILL_TABLE:
		fill_table(m, op->table);
		break;
	case PLAN_PUT_VIP:
		put_vip(m, op->vip);
		break;
	case PLAN_PUT_SERVICE:
		put_service(m, op->service, conf);
		break;
	case PLAN_MOVE_FLOWS:
		move_flows(m, op);
		break;
	case PLAN_DEL_SERVICE:
		del_service(m, op->service);
		break;
	case PLAN_DEL_VIP:
		del_vip(m, op->vip);
		break;
	case PLAN_CLEAR_TABLE:
		cr_assert_not_null(m->place[op->table->number].words);
		free(take_ptr(&m->place[op->table->number].words));
		break;
	case PLAN_DEL_BACKEND:
		cr_assert(*m->owner[op->backend->id]);
		*m->owner[op->backend->id] = '\0';
		break;
	}
}

static const struct maps_place *place_of(const struct maps *m, size_t service)
{
	const struct plan_service *s = &m->service[service];

	return s->base == m->place[s->table].base ? &m->place[s->table] : &m->before[s->table];
}

/* Every slot of a service leads to backends of its own, and keeps flows there. */
static void expect_safe(const struct maps *m)
{
	for (size_t i = 0; i < m->n_services; i++) {
		const struct maps_place *place = place_of(m, i);

		cr_assert_not_null(place->words, "a service without a table");
		cr_assert_eq(place->base, m->service[i].base);
		for (uint32_t s = 0; s < place->slots; s++) {
			const uint32_t cur = SHUNT_SLOT_CUR(place->words[s]);
			const uint32_t prev = SHUNT_SLOT_PREV(place->words[s]);

			cr_assert(!cur || !strcmp(m->owner[place->base + cur], m->service_name[i]),
				  "%s leads to a backend of \"%s\"", m->service_name[i],
				  m->owner[place->base + cur]);
			cr_assert(!prev ||
					  !strcmp(m->owner[place->base + prev], m->service_name[i]),
				  "%s keeps flows at a backend of \"%s\"", m->service_name[i],
				  m->owner[place->base + prev]);
		}
	}
}

/* By now nobody reads the places of blocks that were outgrown. */
static void leave_places(struct maps *m)
{
	for (size_t i = 0; i < m->n_services; i++)
		cr_assert_eq(place_of(m, i), &m->place[m->service[i].table]);
	for (size_t t = 0; t < MAPS_TABLES; t++)
		free(take_ptr(&m->before[t].words));
}

size_t maps_carry_out(struct maps *m, const struct plan *old, const struct plan *new,
		      const struct conf *conf)
{
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n = 0;

	cr_assert_eq(plan_diff(old, new, &ops, &n), 0);
	m->alive = new->alive;
	for (size_t i = 0; i < n; i++) {
		cr_assert(!i || ops[i].kind >= ops[i - 1].kind, "not the safe order");
		step(m, &ops[i], conf);
		expect_safe(m);
	}
	leave_places(m);
	return n;
}

void maps_pass_time(struct maps *m, uint64_t *random)
{
	for (size_t t = 0; t < MAPS_TABLES; t++)
		for (uint32_t s = 0; m->place[t].words && s < m->place[t].slots; s++) {
			uint32_t *at = &m->place[t].words[s];
			const uint32_t word = *at, cur = SHUNT_SLOT_CUR(word);
			const uint32_t state = SHUNT_SLOT_STATE(word);

			if (state == SHUNT_SLOT_STABLE || make_random(random, 8))
				continue;
			*at = state == SHUNT_SLOT_PINNED
				      ? SHUNT_SLOT(SHUNT_SLOT_STABLE, 0, cur)
				      : SHUNT_SLOT(state + 1, SHUNT_SLOT_PREV(word), cur);
		}
}

/* The slots of @t belong to whom the recipe says; what is kept is kept at the living. */
static void expect_table(const struct maps *m, const struct plan_table *t)
{
	_cleanup_free_ uint32_t *words = make_words(t);

	cr_assert_eq(m->place[t->number].slots, t->slots);
	for (uint32_t s = 0; s < t->slots; s++) {
		const uint32_t word = m->place[t->number].words[s];
		const uint32_t prev = SHUNT_SLOT_PREV(word);

		cr_assert_eq(SHUNT_SLOT_CUR(word), SHUNT_SLOT_CUR(words[s]));
		cr_assert(!prev || id_set_has(&m->alive, t->base + prev));
	}
}

void maps_expect(const struct maps *m, const struct plan *plan)
{
	size_t n_backends = 0, n_tables = 0;

	for (size_t i = 0; i < MAPS_BACKENDS; i++)
		n_backends += !!*m->owner[i];
	for (size_t i = 0; i < MAPS_TABLES; i++)
		n_tables += !!m->place[i].words;
	cr_assert_eq(n_backends, plan->n_backends);
	cr_assert_eq(n_tables, plan->n_tables);
	cr_assert_eq(m->n_services, plan->n_services);
	cr_assert_eq(m->n_vips, plan->n_vips);
	array_for_each (b, plan->backends, plan->n_backends) {
		cr_assert(*m->owner[b->id]);
		cr_assert_eq(m->dead[b->id], !b->alive);
		cr_assert(!b->counted || m->limit[b->id] == b->limit);
		cr_assert(!b->counted || m->load_weight[b->id] == b->load_weight);
		for (int f = 0; f < SHUNT_FAMILIES; f++) {
			cr_assert_eq(m->legs[b->id][f].forward, b->leg[f].forward);
			cr_assert_eq(m->legs[b->id][f].port, b->leg[f].port);
			cr_assert(addr_is_equal(&m->legs[b->id][f].addr, &b->leg[f].addr));
		}
	}
	array_for_each (t, plan->tables, plan->n_tables)
		expect_table(m, t);
	array_for_each (s, plan->services, plan->n_services)
		cr_assert_eq(m->service[find_service(m, &s->key)].table, s->table);
	array_for_each (v, plan->vips, plan->n_vips)
		cr_assert_lt(find_vip(m, v), m->n_vips);
}
