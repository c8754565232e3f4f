/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flow cache is swept while it may hold entries: what has expired is cleared,
 * which also keeps 16-bit times from coming round; and slots that are PINNED learn
 * whether they still have flows elsewhere. While some wait for that, sweeps follow
 * each other closely.
 *
 * Only a slice of the map is mapped at a time: the mapping of an array counts as
 * memory of the process, all of it and at once. A tick looks at one slice.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"
#include "tables/flows.h"

/* From the end of a sweep to the beginning of the next. */
#define SWEEP_GAP_MS (30 * 1000)
#define SWEEP_GAP_WAITED_FOR_MS (5 * 1000)

/* The last packets of a flow that was ended go where it was. */
#define CLOSING_MAX_AGE_S 60

/* A note serves until the second packet of a flow. */
#define NOTE_MAX_AGE_S 60

/* --- mappings ---------------------------------------------------------------- */

struct shunt_flow_line *flow_lines_map(int fd, size_t first, size_t n)
{
	const size_t bytes = sizeof(struct shunt_flow_line);
	void *p = mmap(NULL, n * bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, first * bytes);

	return p == MAP_FAILED ? NULL : p;
}

void flow_lines_unmap(struct shunt_flow_line *lines, size_t n)
{
	munmap(lines, n * sizeof(*lines));
}

/* A value of the map is the least there is. */
static size_t marks_bytes(size_t n)
{
	return n < sizeof(struct shunt_flow_marks) ? sizeof(struct shunt_flow_marks) : n;
}

uint8_t *flow_marks_map(int fd, size_t first, size_t n)
{
	void *p = mmap(NULL, marks_bytes(n), PROT_READ | PROT_WRITE, MAP_SHARED, fd, first);

	_Static_assert(sizeof(struct shunt_flow_marks) == SHUNT_MARKS_PER_VALUE, "a byte a line");
	return p == MAP_FAILED ? NULL : p;
}

void flow_marks_unmap(uint8_t *marks, size_t n)
{
	munmap(marks, marks_bytes(n));
}

/* Scan @n lines of the cache from @first on. */
static int scan_flows(const struct dataplane *dp, size_t first, size_t n, struct flows_scan *s)
{
	struct shunt_flow_line *lines = flow_lines_map(dp->fds[LOAD_FLOWS], first, n);
	uint8_t *marks = lines ? flow_marks_map(dp->fds[LOAD_MARKS], first, n) : NULL;
	const int err = marks ? 0 : -errno;

	if (marks) {
		flows_scan(s, lines, n);
		flows_unmark(lines, n, marks);
		flow_marks_unmap(marks, n);
	}
	if (lines)
		flow_lines_unmap(lines, n);
	return err;
}

static int scan_notes(const struct dataplane *dp, struct flows_scan *s)
{
	struct shunt_flow_line *lines = flow_lines_map(dp->fds[LOAD_FRESH], 0, SHUNT_FRESH_LINES);

	if (!lines)
		return -errno;
	flows_scan(s, lines, SHUNT_FRESH_LINES);
	flow_lines_unmap(lines, SHUNT_FRESH_LINES);
	return 0;
}

/* --- ids that are used again --------------------------------------------------- */

int flow_cache_open(struct dataplane *dp)
{
	dp->flows.live = calloc(dp->n_backends, sizeof(*dp->flows.live));
	dp->flows.last_live = calloc(dp->n_backends, sizeof(*dp->flows.last_live));
	dp->flows.looks = calloc(dp->n_backends, sizeof(*dp->flows.looks));
	if (!dp->flows.live || !dp->flows.last_live || !dp->flows.looks)
		return log_err(-ENOMEM, "open the flow cache");
	return 0;
}

void flow_cache_close(struct dataplane *dp)
{
	free(dp->flows.live);
	free(dp->flows.last_live);
	free(dp->flows.looks);
}

void flow_cache_adopt(struct dataplane *dp)
{
	dp->flows.may_hold = true;
	for (size_t id = 1; id < dp->n_backends; id++)
		if (!dp->backends[id].leg[SHUNT_V4].forward &&
		    !dp->backends[id].leg[SHUNT_V6].forward)
			id_set_add(&dp->flows.former, id);
}

void flow_cache_disown(struct dataplane *dp, uint32_t id)
{
	id_set_add(&dp->flows.former, id);
	/* A sweep may have passed what was entered before this. */
	id_set_remove(&dp->flows.doomed, id);
}

bool flow_cache_may_hold(const struct dataplane *dp)
{
	return dp->flows.may_hold || dp->tables.transit.n_tables || dp->rodata.tracked;
}

/* Clear what names a backend that has gone, and nothing else. */
static int purge(struct dataplane *dp)
{
	_cleanup_free_ struct flows_backend *backends = calloc(dp->n_backends, sizeof(*backends));
	struct flows_scan s = { .backends = backends,
				.n_backends = dp->n_backends,
				.max_age_s = UINT16_MAX };
	int err = backends ? 0 : -ENOMEM;

	for (size_t id = 1; !err && id < dp->n_backends; id++)
		backends[id].alive = !id_set_has(&dp->flows.former, id);
	for (size_t at = 0; !err && at < dp->sizes.flow_lines; at += FLOW_SLICE_LINES) {
		const size_t left = dp->sizes.flow_lines - at;

		err = scan_flows(dp, at, left < FLOW_SLICE_LINES ? left : FLOW_SLICE_LINES, &s);
	}
	return err ?: scan_notes(dp, &s);
}

void flow_cache_claim(struct dataplane *dp, uint32_t id)
{
	int err;

	if (!id_set_has(&dp->flows.former, id))
		return;
	err = flow_cache_may_hold(dp) ? purge(dp) : 0;
	if (err)
		log_err(err, "look for flows of removed backends; some may be sent to new ones");
	dp->flows.former = dp->flows.doomed = (struct id_set){ 0 };
}

/* --- ids that become others ---------------------------------------------------- */

/* Of a block of ids; a packet that was under way may enter an old one once more. */
#define MOVE_PASSES 3

static int move_lines(int fd, size_t lines, const struct flows_move *moves, size_t n_moves,
		      size_t *found)
{
	for (size_t at = 0; at < lines; at += FLOW_SLICE_LINES) {
		const size_t n = lines - at < FLOW_SLICE_LINES ? lines - at : FLOW_SLICE_LINES;
		struct shunt_flow_line *slice = flow_lines_map(fd, at, n);

		if (!slice)
			return -errno;
		*found += flows_move(moves, n_moves, slice, n);
		flow_lines_unmap(slice, n);
	}
	return 0;
}

static void move_count(uint32_t *counts, uint32_t from, uint32_t to)
{
	counts[to] += counts[from];
	counts[from] = 0;
}

int flow_cache_move(struct dataplane *dp, const struct flows_move *moves, size_t n)
{
	int pass = 0, err = 0;
	size_t found;

	array_for_each (m, moves, n)
		if (m->from + m->span > dp->n_backends || m->to + m->span > dp->n_backends)
			return -ERANGE;
	do {
		found = 0;
		if (flow_cache_may_hold(dp))
			err = move_lines(dp->fds[LOAD_FLOWS], dp->sizes.flow_lines, moves, n,
					 &found)
				      ?: move_lines(dp->fds[LOAD_FRESH], SHUNT_FRESH_LINES, moves,
						    n, &found);
	} while (!err && found && ++pass < MOVE_PASSES);
	for (size_t i = 0; !err && i < n; i++)
		for (uint32_t m = 0; m < moves[i].span; m++) {
			move_count(dp->flows.last_live, moves[i].from + m, moves[i].to + m);
			move_count(dp->flows.live, moves[i].from + m, moves[i].to + m);
		}
	return err;
}

/* --- sweeps -------------------------------------------------------------------- */

/* How long clients are remembered; 0: as long as flows are. */
static uint16_t affinity_s(const struct conf *conf, size_t service)
{
	const uint32_t ms = conf ? conf->services[service].affinity_ms : 0;
	const uint32_t s = ms / 1000 + !!(ms % 1000);

	return s < PLAN_FLOW_MAX_S ? s : PLAN_FLOW_MAX_S;
}

/* What a scan asks of the backends of a service. @list: by id. */
static void list_service(const struct dataplane *dp, const struct plan *plan,
			 const struct conf *conf, size_t service, struct flows_backend *list)
{
	const struct plan_table *table = plan_table_of(plan, service);
	const struct transit_table *tt = tables_swept(&dp->tables, table->number);
	const struct plan_backend *b;

	for (size_t i = 0; (b = plan_backend_of(plan, service, i)); i++)
		if (b->id < dp->n_backends)
			list[b->id] = (struct flows_backend){
				.alive = b->alive,
				.member = b->id - table->base,
				.slot_mask = tt ? tt->slots - 1 : 0,
				.seen = tt ? tt->seen : NULL,
				.max_age_s = affinity_s(conf, service),
			};
}

/* Pointers of slots in transition are those of now. NULL: no memory. */
static struct flows_backend *list_backends(const struct dataplane *dp, const struct plan *plan,
					   const struct conf *conf)
{
	struct flows_backend *list = calloc(dp->n_backends, sizeof(*list));

	for (size_t s = 0; list && s < plan->n_conf_services; s++)
		list_service(dp, plan, conf, s, list);
	return list;
}

int flow_cache_prepare(const struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		       uint16_t now_s, struct flows_scan *out)
{
	struct flows_backend *backends = list_backends(dp, plan, conf);

	if (!backends)
		return -ENOMEM;
	*out = (struct flows_scan){ .backends = backends,
				    .n_backends = dp->n_backends,
				    .now_s = now_s,
				    .max_age_s = plan->flow_idle_s,
				    .closing_age_s = CLOSING_MAX_AGE_S };
	return 0;
}

static int sweep_begin(struct dataplane *dp, uint64_t now_ms)
{
	struct flow_cache *c = &dp->flows;

	if (tables_sweep_begin(&dp->tables, now_ms))
		return -ENOMEM;
	c->running = true;
	c->line = 0;
	c->found = 0;
	memset(c->live, 0, dp->n_backends * sizeof(*c->live));
	c->doomed = c->former;
	flow_loads_begin(dp);
	return 0;
}

/* Add to @sum what was found of each backend, and forget it. Return: how much. */
static uint64_t take_counts(struct flows_backend *backends, size_t n, uint32_t *sum)
{
	uint64_t found = 0;

	for (size_t id = 0; id < n; id++) {
		found += backends[id].flows;
		if (sum)
			sum[id] += backends[id].flows;
		backends[id].flows = 0;
		backends[id].seen = NULL;
		backends[id].max_age_s = 0;
	}
	return found;
}

/* The next slice, and the notes with the last one. */
static int sweep_slice(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		       uint16_t now_s)
{
	_cleanup_free_ struct flows_backend *backends = NULL;
	struct flow_cache *c = &dp->flows;
	const size_t left = dp->sizes.flow_lines - c->line;
	const size_t n = left < FLOW_SLICE_LINES ? left : FLOW_SLICE_LINES;
	struct flows_scan s;
	int err = flow_cache_prepare(dp, plan, conf, now_s, &s);

	if (err)
		return err;
	backends = s.backends;
	flow_loads_before(dp, plan);
	err = scan_flows(dp, c->line, n, &s);
	flow_loads_after(dp, plan, backends);
	c->line += n;
	c->found += take_counts(backends, dp->n_backends, c->live);
	if (err || n < left)
		return err;
	s.max_age_s = NOTE_MAX_AGE_S;
	err = scan_notes(dp, &s);
	c->found += take_counts(backends, dp->n_backends, NULL);
	return err;
}

static int sweep_end(struct dataplane *dp, const struct plan *plan, uint64_t now_ms)
{
	struct flow_cache *c = &dp->flows;

	flow_loads_end(dp, plan, (dp->sizes.flow_lines + FLOW_SLICE_LINES - 1) / FLOW_SLICE_LINES);

	c->running = false;
	c->ended_ms = now_ms;
	c->may_hold = c->found;
	memcpy(c->last_live, c->live, dp->n_backends * sizeof(*c->live));
	for (size_t i = 0; i < array_len(c->former.bits); i++)
		c->former.bits[i] &= ~c->doomed.bits[i];
	return tables_sweep_end(&dp->tables, now_ms);
}

static bool is_time(const struct dataplane *dp, uint64_t now_ms)
{
	const uint64_t gap =
		tables_wants_sweep(&dp->tables) ? SWEEP_GAP_WAITED_FOR_MS : SWEEP_GAP_MS;

	return flow_cache_may_hold(dp) && now_ms - dp->flows.ended_ms >= gap;
}

static int sweep(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		 uint64_t now_ms)
{
	int err = 0;

	if (!dp->flows.running && is_time(dp, now_ms))
		err = sweep_begin(dp, now_ms);
	if (err || !dp->flows.running)
		return err;
	err = sweep_slice(dp, plan, conf, transit_seconds(now_ms));
	if (err || dp->flows.line < dp->sizes.flow_lines)
		return err;
	return sweep_end(dp, plan, now_ms);
}

/* Without a sweep nothing is lost: slots stay in transition, and the next one sees them. */
void flow_cache_tick(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		     uint64_t now_ms)
{
	const int err = sweep(dp, plan, conf, now_ms);

	if (!err)
		return;
	log_err(err, "sweep the flow cache");
	tables_sweep_cancel(&dp->tables);
	dp->flows.running = false;
	dp->flows.ended_ms = now_ms;
}
