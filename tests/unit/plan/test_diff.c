/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps from plan to plan: least, in a safe order, and leading to the plan. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "desk.h"
#include "maps.h"

/* Plan again and count the steps of each kind. */
static void steps_of(struct desk *d, int count[PLAN_DEL_BACKEND + 1])
{
	_cleanup_(plan_freep) struct plan *before = d->plan;
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n = 0;

	d->plan = NULL;
	desk_plan(d);
	cr_assert_eq(plan_diff(before, d->plan, &ops, &n), 0);
	memset(count, 0, (PLAN_DEL_BACKEND + 1) * sizeof(*count));
	array_for_each (op, ops, n)
		count[op->kind]++;
}

#define expect_steps(d, ...)                                                                       \
	({                                                                                         \
		const int expected[PLAN_DEL_BACKEND + 1] = { __VA_ARGS__ };                        \
		int count[PLAN_DEL_BACKEND + 1];                                                   \
                                                                                                   \
		steps_of(d, count);                                                                \
		for (int k = 0; k <= PLAN_DEL_BACKEND; k++)                                        \
			cr_assert_eq(count[k], expected[k], "kind %d: %d steps", k, count[k]);     \
	})

static struct conf *make_two(void)
{
	struct conf *conf = make_web(1024, 4, 10);
	struct conf_service *dns = make_service(conf, "dns", "192.0.2.53");

	dns->ports[0].proto = IPPROTO_UDP;
	for (uint32_t i = 1; i <= 3; i++)
		make_backend(conf, dns, i, 1);
	return conf;
}

Test(diff, from_nothing)
{
	_cleanup_(desk_close) struct desk d;
	_cleanup_free_ struct plan_op *ops = NULL;
	size_t n;

	desk_open(&d, make_two());
	cr_assert_eq(plan_diff(NULL, d.plan, &ops, &n), 0);
	cr_assert_eq(n, 7 + 2 + 2 + 2);
	cr_assert_eq(ops[0].kind, PLAN_PUT_BACKEND);
	cr_assert_eq(ops[0].backend->id, 1);
	cr_assert_eq(ops[n - 1].kind, PLAN_PUT_SERVICE);
}

Test(diff, least_steps)
{
	_cleanup_(desk_close) struct desk d;
	struct conf_service *web, *dns;

	desk_open(&d, make_two());
	web = &d.conf->services[0];
	dns = &d.conf->services[1];
	expect_steps(&d, 0);

	d.down[2] = true;
	expect_steps(&d, [PLAN_MARK_BACKEND] = 1, [PLAN_FILL_TABLE] = 1);
	/* Nothing that concerns a backend without slots concerns the table. */
	web->backends[2].weight = 30;
	web->backends[2].weight = 10;
	admin_get(&d.admin, "web", "b3")->state = ADMIN_DRAIN;
	expect_steps(&d, 0);
	web->backends[2].address = make_addr("10.7.7.7");
	expect_steps(&d, [PLAN_PUT_BACKEND] = 1, [PLAN_DEL_BACKEND] = 1);

	web->backends[0].address = make_addr("10.7.7.8");
	expect_steps(&d, [PLAN_PUT_BACKEND] = 1, [PLAN_FILL_TABLE] = 1, [PLAN_DEL_BACKEND] = 1);
	dns->ports[dns->n_ports++] = (struct conf_port){ 53, IPPROTO_TCP };
	expect_steps(&d, [PLAN_PUT_SERVICE] = 1);
	make_vip(d.conf, dns, "192.0.2.54");
	expect_steps(&d, [PLAN_PUT_SERVICE] = 2, [PLAN_PUT_VIP] = 1);
	web->forward = SHUNT_FORWARD_IPIP;
	/* Four more members do not fit in the block: the next one begins with those of before. */
	expect_steps(&d, [PLAN_PUT_BACKEND] = 4, [PLAN_FILL_TABLE] = 1, [PLAN_PUT_SERVICE] = 1,
		     [PLAN_MOVE_FLOWS] = 1, [PLAN_DEL_BACKEND] = 4);
	web->scheduler = CONF_SCHEDULER_MAGLEV;
	expect_steps(&d, [PLAN_FILL_TABLE] = 1);
	d.conf->n_services = 1;
	expect_steps(&d, [PLAN_DEL_SERVICE] = 4, [PLAN_DEL_VIP] = 2, [PLAN_CLEAR_TABLE] = 1,
		     [PLAN_DEL_BACKEND] = 3);
}

/* Whoever has no slots may still have flows, which end with it. */
Test(diff, a_drained_backend_that_dies_is_marked_and_its_table_looked_at)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_two());
	admin_get(&d.admin, "web", "b3")->state = ADMIN_DRAIN;
	expect_steps(&d, [PLAN_FILL_TABLE] = 1);
	d.down[2] = true;
	expect_steps(&d, [PLAN_MARK_BACKEND] = 1, [PLAN_FILL_TABLE] = 1);
	d.down[2] = false;
	expect_steps(&d, [PLAN_MARK_BACKEND] = 1);
	/* Gone from the config, with no slot to give back. */
	d.conf->services[0].n_backends = 2;
	d.conf->services[0].backends[2] = d.conf->services[0].backends[3];
	d.conf->services[0].n_backends = 3;
	expect_steps(&d, [PLAN_FILL_TABLE] = 1, [PLAN_DEL_BACKEND] = 1);
}

/* It takes no new flows, but those that it has are not given up. */
Test(diff, a_backend_without_a_verdict_is_alive)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_two());
	d.unknown[1] = true;
	expect_steps(&d, [PLAN_FILL_TABLE] = 1);
	cr_assert_not(plan_backend_of(d.plan, 0, 1)->usable);
	cr_assert(id_set_has(&d.plan->alive, plan_backend_of(d.plan, 0, 1)->id));
	d.unknown[1] = false;
	d.down[1] = true;
	expect_steps(&d, [PLAN_MARK_BACKEND] = 1, [PLAN_FILL_TABLE] = 1);
	cr_assert_not(id_set_has(&d.plan->alive, plan_backend_of(d.plan, 0, 1)->id));
}

Test(diff, a_service_with_other_flags_is_put_again)
{
	_cleanup_(desk_close) struct desk d;

	desk_open(&d, make_two());
	cr_assert_eq(d.plan->rodata.tracked, 0);
	d.conf->services[0].udp_moves = true; /* of TCP: means nothing */
	expect_steps(&d, 0);
	d.conf->services[1].udp_moves = true;
	expect_steps(&d, [PLAN_PUT_SERVICE] = 1);
	d.conf->services[0].track = true;
	expect_steps(&d, [PLAN_PUT_SERVICE] = 1);
	cr_assert_eq(d.plan->rodata.tracked, 1);
}

/* A VIP that goes from one service to another: the key changes its table. */
Test(diff, a_service_moves_to_another_table)
{
	_cleanup_(desk_close) struct desk d;
	struct shunt_addr vip;

	desk_open(&d, make_two());
	d.conf->services[1].ports[0].proto = IPPROTO_TCP;
	desk_plan(&d);
	vip = d.conf->services[0].vips[0];
	d.conf->services[0].vips[0] = d.conf->services[1].vips[0];
	d.conf->services[1].vips[0] = vip;
	expect_steps(&d, [PLAN_PUT_SERVICE] = 2);
}

/* Write-once is not a wish: an id that meant something else is a mistake of ours. */
Test(diff, an_id_never_changes_its_meaning, .signal = SIGABRT)
{
	_cleanup_(desk_close) struct desk d, other;
	struct plan_op *ops;
	size_t n;

	desk_open(&d, make_web(1024, 1, 1));
	desk_open(&other, make_web(1024, 1, 1));
	other.conf->services[0].forward = SHUNT_FORWARD_IPIP;
	ids_free(other.ids);
	other.ids = ids_create();
	desk_plan(&other);
	plan_diff(d.plan, other.plan, &ops, &n);
}

/* --- a long walk ------------------------------------------------------------------ */

#define WALK_SERVICES 5
#define WALK_BACKENDS 12

/* What the config shall be, in numbers that a random step may change. */
struct wish {
	bool present;
	bool v4, v6, udp, two_ports;
	int forward, scheduler, when_all_down;
	bool fixed, failback;
	uint32_t slots;
	struct {
		bool present, has6, backup;
		int weight;
		int address;
	} backend[WALK_BACKENDS];
};

struct walk {
	uint64_t random;
	struct wish wish[WALK_SERVICES];
	bool down[WALK_SERVICES][WALK_BACKENDS];
	struct admin admin;
	struct conf *conf;
	struct ids *ids;
	struct plan *plan;
	struct maps maps;
};

static void change_service(struct walk *w, struct wish *s)
{
	switch (make_random(&w->random, 10)) {
	case 0:
		s->present = !s->present;
		break;
	case 1:
		s->v6 = !s->v6;
		s->v4 |= !s->v6;
		break;
	case 2:
		s->v4 = !s->v4;
		s->v6 |= !s->v4;
		break;
	case 3:
		s->udp = !s->udp;
		break;
	case 4:
		s->two_ports = !s->two_ports;
		break;
	case 5:
		s->forward = 1 + make_random(&w->random, SHUNT_FORWARD_COUNT - 1);
		break;
	case 6:
		s->scheduler = make_random(&w->random, 3);
		break;
	case 7:
		s->fixed = !s->fixed;
		break;
	case 8:
		s->slots = make_random(&w->random, 2) << (10 + make_random(&w->random, 2));
		break;
	case 9:
		s->when_all_down = make_random(&w->random, 3);
		s->failback = !s->failback;
		break;
	}
}

static void change_backend(struct walk *w, uint32_t s, uint32_t b)
{
	struct wish *wish = &w->wish[s];
	char service[8], backend[8];
	struct admin_entry *e;

	snprintf(service, sizeof(service), "s%u", s);
	snprintf(backend, sizeof(backend), "b%u", b);
	e = admin_get(&w->admin, service, backend);
	switch (make_random(&w->random, 8)) {
	case 0:
		wish->backend[b].present = !wish->backend[b].present;
		break;
	case 1:
		wish->backend[b].has6 = !wish->backend[b].has6;
		break;
	case 2:
		wish->backend[b].weight = make_random(&w->random, 30);
		break;
	case 3:
		wish->backend[b].address = make_random(&w->random, 4);
		break;
	case 4:
		w->down[s][b] = !w->down[s][b];
		break;
	case 5:
		e->state = make_random(&w->random, 2) ? ADMIN_DRAIN : ADMIN_ENABLED;
		break;
	case 6:
		e->weight_percent = (int)make_random(&w->random, 200) - 1;
		break;
	case 7:
		wish->backend[b].backup = !wish->backend[b].backup;
		break;
	}
}

static void walk_backend(struct walk *w, struct conf_service *s, const struct wish *wish,
			 uint32_t b)
{
	struct conf_backend *backend = make_backend(w->conf, s, b, wish->backend[b].weight);
	char text[32];

	snprintf(text, sizeof(text), "10.5.%d.%u", wish->backend[b].address, b);
	backend->address = make_addr(text);
	backend->id = wish->fixed ? b + 1 : 0;
	backend->backup = wish->backend[b].backup;
	if (wish->backend[b].has6) {
		backend->has_address6 = true;
		backend->address6 = make_addr("2001:db8::b");
	}
}

static void walk_service(struct walk *w, uint32_t index)
{
	const struct wish *wish = &w->wish[index];
	struct conf_service *s;
	char name[8], vip[32];

	snprintf(name, sizeof(name), "s%u", index);
	snprintf(vip, sizeof(vip), wish->v4 ? "192.0.2.%u" : "2001:db8::%u", index);
	s = make_service(w->conf, name, vip);
	if (wish->v4 && wish->v6)
		make_vip(w->conf, s, "2001:db8::ff");
	s->ports[0] = (struct conf_port){ 1000 + index, wish->udp ? IPPROTO_UDP : IPPROTO_TCP };
	if (wish->two_ports)
		s->ports[s->n_ports++] = (struct conf_port){ 2000 + index, IPPROTO_TCP };
	s->forward = wish->forward;
	s->scheduler = wish->scheduler;
	s->failback = wish->failback;
	s->when_all_down = wish->when_all_down;
	s->slots = wish->slots;
	for (uint32_t b = 0; b < WALK_BACKENDS; b++)
		if (wish->backend[b].present)
			walk_backend(w, s, wish, b);
}

/* Services and backends are named by their place in the wish. */
static struct plan_condition walk_condition(void *arg, size_t service, size_t backend)
{
	const struct walk *w = arg;
	const struct conf_service *s = &w->conf->services[service];
	const bool down = w->down[atoi(s->name + 1)][atoi(s->backends[backend].name + 1)];

	return (struct plan_condition){ .health = down ? HEALTH_DOWN : HEALTH_UP,
					.warmth = PLAN_KEEP_ALL };
}

static void walk_step(struct walk *w)
{
	_cleanup_(make_free) struct conf *before = w->conf;
	_cleanup_(plan_freep) struct plan *old = w->plan;

	for (uint32_t i = 1 + make_random(&w->random, 3); i; i--) {
		uint32_t s = make_random(&w->random, WALK_SERVICES);

		if (make_random(&w->random, 4))
			change_backend(w, s, make_random(&w->random, WALK_BACKENDS));
		else
			change_service(w, &w->wish[s]);
	}
	w->conf = make_conf(0);
	for (uint32_t s = 0; s < WALK_SERVICES; s++)
		if (w->wish[s].present)
			walk_service(w, s);
	cr_assert_eq(plan_build(w->conf, &w->admin, w->ids, walk_condition, w, &w->plan), 0);
	maps_carry_out(&w->maps, old, w->plan, w->conf);
	maps_pass_time(&w->maps, &w->random);
	maps_expect(&w->maps, w->plan);
}

/* As if the daemon had been started again. */
static void walk_restart(struct walk *w)
{
	_cleanup_(buf_free) struct buf text = { 0 };
	struct ids *loaded = NULL;

	cr_assert_eq(ids_save(w->ids, &text), 0);
	cr_assert_eq(ids_load(text.data, &loaded), 0);
	ids_free(w->ids);
	w->ids = loaded;
}

Test(diff, walks_end_where_they_should_and_are_safe_at_every_step)
{
	uint32_t moved = 0;

	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct walk *w = calloc(1, sizeof(*w));

		w->random = seed * 0x9e3779b97f4a7c15ULL;
		w->ids = ids_create();
		for (int s = 0; s < WALK_SERVICES; s++)
			w->wish[s] = (struct wish){ .v4 = true, .forward = SHUNT_FORWARD_DIRECT };
		for (int i = 0; i < 250; i++) {
			walk_step(w);
			if (i % 10 == 0)
				walk_restart(w);
		}
		moved += w->maps.moved;
		maps_free(&w->maps);
		make_free(&w->conf);
		plan_free(w->plan);
		ids_free(w->ids);
		admin_free(&w->admin);
		free(w);
	}
	cr_assert_gt(moved, 0, "no block was outgrown");
}
