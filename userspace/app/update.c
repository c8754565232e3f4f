/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a plan to the maps.
 *
 * The order is the safe one: backends and their next hops first, then the slots
 * that name them, then the services that use the slots; what goes, goes last. A
 * program that lacks a feature of the new plan is replaced before the slots use
 * it, one that has more than it needs after.
 *
 * Where the plan outgrows the maps, a second data plane is made beside the first,
 * filled, and put in its place on every interface; packets see one or the other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/daemon.h"
#include "app/peers.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define PINS_PER_S_MIN 64
#define RETRY_MAX_S 64

/*
 * What all CPUs pin in the time that a slot is PINNING fills half of the cache at
 * most; but a small cache on many CPUs must still learn of some flows.
 */
static uint32_t pins_per_s(const struct plan *plan)
{
	const uint64_t entries = (plan->rodata.flow_mask + 1ULL) * SHUNT_FLOWS_PER_LINE;
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	const uint64_t pins = entries / 2 / plan->flow_idle_s / (cpus > 0 ? cpus : 1);

	return pins > PINS_PER_S_MIN ? pins : PINS_PER_S_MIN;
}

int daemon_plan(struct daemon *d, struct plan **out)
{
	int err;

	d->next_ms = LIFE_NEVER;
	err = plan_build(d->conf, &d->state.admin, d->state.ids, daemon_condition, d, out);
	if (err)
		return log_err(err, "plan the tables of %s", d->conf_path);
	state_hash_key(&d->state, d->conf, (*out)->rodata.hash_key);
	(*out)->rodata.pins_per_s = pins_per_s(*out);
	(*out)->rodata.capture = d->captures;
	return 0;
}

/* The constants that serve both: every feature that one of them has. */
static struct shunt_rodata rodata_join(const struct shunt_rodata *a, const struct shunt_rodata *b)
{
	struct shunt_rodata r = *b;

	r.ipv4 |= a->ipv4;
	r.ipv6 |= a->ipv6;
	r.any_port |= a->any_port;
	r.direct |= a->direct;
	r.ipip4 |= a->ipip4;
	r.ipip6 |= a->ipip6;
	r.tracked |= a->tracked;
	r.rich |= a->rich;
	r.nat |= a->nat;
	r.resets |= a->resets;
	r.guard |= a->guard;
	return r;
}

static int use_rodata(struct daemon *d, const struct shunt_rodata *rodata)
{
	int err;

	if (!memcmp(&d->rodata, rodata, sizeof(*rodata)))
		return 0;
	err = dataplane_reload(d->dp, rodata);
	if (!err)
		d->rodata = *rodata;
	return err;
}

static size_t count_puts(const struct plan_op *steps, size_t n)
{
	size_t puts = 0;

	while (puts < n && steps[puts].kind == PLAN_PUT_BACKEND)
		puts++;
	return puts;
}

/* Carry out @steps in @d->dp, whose program may need other constants. */
static int carry_out(struct daemon *d, const struct plan *next, const struct plan_op *steps,
		     size_t n)
{
	const uint64_t now_ms = clock_now_ms();
	struct shunt_rodata both = rodata_join(&d->rodata, &next->rodata);
	size_t puts = count_puts(steps, n);

	return daemon_guard(d, next)
		?: dataplane_apply(d->dp, next, steps, puts, now_ms)
		?: hops_follow(d->hops, next, now_ms)
		?: use_rodata(d, &both)
		?: dataplane_apply(d->dp, next, steps + puts, n - puts, now_ms)
		?: use_rodata(d, &next->rodata);
}

int daemon_attach(struct daemon *d)
{
	const struct conf *conf = d->conf;
	int err = 0;

	for (size_t i = 0; i < conf->n_interfaces && !err; i++)
		err = dataplane_attach(d->dp, conf->interfaces[i].name, conf->interfaces[i].mode);
	return err;
}

/* Undo of grow(): the former data plane goes on as if nothing had been. */
static void grow_undo(struct daemon *d, struct dataplane *former, struct hops *former_hops)
{
	hops_free(d->hops);
	d->hops = former_hops;
	if (d->dp)
		dataplane_give_back(d->dp, former);
	dataplane_close(d->dp);
	d->dp = former;
	daemon_unpublish_guard(d);
}

/* What a backend of @dp has counted under @id goes to its service; it is 0 then. */
static void retire(struct daemon *d, struct dataplane *dp, uint32_t id, const char *service)
{
	struct shunt_counter count;
	struct retired *sum;

	if (dataplane_read_counter(dp, id, &count))
		return;
	sum = state_retired(&d->state, service);
	if (!sum)
		return;
	sum->packets += count.packets;
	sum->bytes += count.bytes;
	dataplane_clear_counter(dp, id);
	d->state_is_dirty = true;
}

/* The id that a backend has after @moves: another one if its block was outgrown. */
static uint32_t moved_id(const struct plan_op *moves, size_t n, uint32_t id)
{
	array_for_each (m, moves, n)
		if (id - m->moved->base < m->moved->span)
			return id - m->moved->base + m->table->base;
	return id;
}

static int compare_services(const void *a, const void *b)
{
	const struct plan_service *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static const struct plan_service *find_service(const struct plan *plan,
					       const struct plan_service *s)
{
	return plan->n_services
		       ? bsearch(s, plan->services, plan->n_services, sizeof(*s), compare_services)
		       : NULL;
}

/*
 * After they were carried out, because a backend counts until its slots have moved:
 * @from is the data plane that has counted. Where a block was outgrown every backend
 * gets another id; its counts have moved along, and it has neither come nor gone.
 */
static void note_steps(struct daemon *d, struct dataplane *from, const struct plan *next,
		       const struct plan_op *steps, size_t n)
{
	const struct plan_op *moves = NULL;
	size_t n_moves = 0;
	uint32_t now;

	memset(d->steps, 0, sizeof(d->steps));
	array_for_each (s, steps, n) {
		d->steps[s->kind]++;
		if (s->kind == PLAN_PUT_SERVICE && d->plan && find_service(d->plan, s->service))
			d->steps[PLAN_PUT_SERVICE]--;
		if (s->kind == PLAN_MOVE_FLOWS) {
			moves = moves ?: s;
			n_moves++;
		}
		if (s->kind != PLAN_DEL_BACKEND)
			continue;
		now = moved_id(moves, n_moves, s->backend->id);
		if (now != s->backend->id && plan_backend_by_id(next, now)) {
			d->steps[PLAN_PUT_BACKEND]--;
			d->steps[PLAN_DEL_BACKEND]--;
		} else {
			retire(d, from, from == d->dp ? now : s->backend->id,
			       d->plan_conf->services[s->backend->conf_service].name);
		}
	}
}

/* @former has counted until its program was replaced. */
static void note_growth(struct daemon *d, struct dataplane *former, const struct plan *next)
{
	_cleanup_free_ struct plan_op *steps = NULL;
	size_t n;

	if (!plan_diff(d->plan, next, &steps, &n))
		note_steps(d, former, next, steps, n);
}

/* A second data plane for @next, as large as @sizes, to be put in place of @former. */
static int open_larger(struct daemon *d, const struct plan *next,
		       const struct dataplane_sizes *sizes, const struct dataplane *former)
{
	int err = dataplane_open(d->pin_dir, sizes, &next->rodata, false, &d->dp);

	if (!err)
		dataplane_carry(former, d->dp);
	return err;
}

/*
 * Fill it and put it in place of the first. What that one has counted is carried when
 * it has seen its last packet.
 */
static int grow(struct daemon *d, const struct plan *next, const struct dataplane_sizes *sizes)
{
	_cleanup_free_ struct plan_op *steps = NULL;
	struct hops *former_hops = d->hops;
	struct dataplane *former = d->dp;
	struct shunt_rodata rodata = d->rodata;
	size_t n;
	int err;

	err = plan_diff(NULL, next, &steps, &n);
	if (err)
		return err;
	d->hops = NULL;
	d->dp = NULL;
	daemon_unpublish_guard(d);
	d->rodata = next->rodata;
	err = open_larger(d, next, sizes, former)
		?: hops_create(&dataplane_map_ops, d->dp, &d->hops)
		?: carry_out(d, next, steps, n)
		?: daemon_attach(d)
		?: dataplane_commit(d->dp);
	if (err) {
		grow_undo(d, former, former_hops);
		d->rodata = rodata;
		return err;
	}
	d->hops_are_new = true;
	hops_free(former_hops);
	dataplane_carry_hits(former, d->dp);
	note_growth(d, former, next);
	dataplane_close(former);
	d->sizes = *sizes;
	log_info("maps replaced: %zu KiB of slots, %u backends, %u virtual services, %zu KiB of "
		 "flows, %u connections",
		 sizes->slot_lines * sizeof(struct shunt_slot_line) / 1024, sizes->backends,
		 sizes->services, sizes->flow_lines * sizeof(struct shunt_flow_line) / 1024,
		 sizes->conns);
	return 0;
}

/*
 * Services that get prefixes of their own are marked before these are there: lists are
 * published at once, and who did not ask for those of its service meanwhile would find
 * neither what was said of all before, nor what is said of it.
 */
static int mark_guarded(struct daemon *d, const struct plan *next)
{
	int err = 0;

	for (size_t i = 0; d->plan && i < d->plan->n_services && !err; i++) {
		struct plan_service s = d->plan->services[i];
		const struct plan_service *then = find_service(next, &s);
		const struct plan_op put = { .kind = PLAN_PUT_SERVICE, .service = &s };

		if (!then || !(then->flags & ~s.flags & SHUNT_SERVICE_GUARDED))
			continue;
		s.flags |= SHUNT_SERVICE_GUARDED;
		err = dataplane_apply(d->dp, d->plan, &put, 1, clock_now_ms());
	}
	return err;
}

static int step_in_place(struct daemon *d, const struct plan *next)
{
	_cleanup_free_ struct plan_op *steps = NULL;
	size_t n;
	int err;

	err = plan_diff(d->plan, next, &steps, &n)
		      ?: mark_guarded(d, next)
		      ?: carry_out(d, next, steps, n);
	if (!err)
		note_steps(d, d->dp, next, steps, n);
	return err;
}

static int step_to(struct daemon *d, const struct plan *next)
{
	const struct dataplane_sizes need = sizes_of(d->conf, next);
	const struct dataplane_sizes larger = sizes_join(&d->sizes, &need);
	int err = -ENOSPC;

	if (sizes_hold(&d->sizes, &need))
		err = step_in_place(d, next);
	/* Or there are lines enough for the slots, but not in a row, or not yet. */
	return err == -ENOSPC ? grow(d, next, &larger) : err;
}

/* What the maps hold is not known any more. */
static void forget_plan(struct daemon *d)
{
	plan_free(take_ptr(&d->plan));
	d->plan_conf = NULL;
}

/*
 * Take the maps to @next, which is taken over. Where it was not known what they
 * hold (a former daemon's, or a failure in the middle), what is too much is swept.
 */
static int realize(struct daemon *d, struct plan *next)
{
	bool was_known = d->plan;
	int err;

	/*
	 * Ids are on disk before a map holds them: a crash must not hand them out
	 * twice. But a disk that is full must not keep dead backends in service.
	 */
	if (d->saved_ids != ids_given(d->state.ids))
		daemon_save(d);
	daemon_withdraw_lost(d, next);
	err = daemon_build_guard(d) ?: step_to(d, next);
	/* Soon: what was given out is on disk, and the maps must not wait. */
	d->state_is_dirty = true;
	if (!err && !was_known)
		err = dataplane_sweep(d->dp, next);
	plan_free(d->plan);
	d->plan = next;
	d->plan_conf = d->conf;
	if (!err)
		return 0;
	log_error("the maps may hold only part of the plan; it will be tried again");
	forget_plan(d);
	return err;
}

int daemon_update(struct daemon *d)
{
	struct plan *next;
	int err;

	err = daemon_plan(d, &next);
	/* Of another config a plan is of no use, and that config may go away. */
	if (err && d->plan_conf != d->conf)
		forget_plan(d);
	err = err ?: realize(d, next);
	daemon_follow_peers(d);
	d->is_behind = err;
	daemon_announce(d);
	return err;
}

void daemon_retry(struct daemon *d)
{
	if (!d->is_behind || (d->retry_s && --d->retry_s))
		return;
	if (!daemon_update(d)) {
		log_info("the maps hold the whole plan again");
		d->retry_gap_s = 0;
	} else if (d->retry_gap_s < RETRY_MAX_S) {
		d->retry_gap_s = d->retry_gap_s ? 2 * d->retry_gap_s : 1;
	}
	d->retry_s = d->retry_gap_s;
}
