/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds over the connections of nat and fullnat (tables/conns_sweep.h), what they have
 * counted, and a list of some.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "dataplane/internal.h"

/* Where there is no connection, and nothing to give back, a round is hardly needed. */
#define QUIET_GAP_MS (10 * 1000)

/* --- who is of which service --------------------------------------------------------- */

static uint32_t seconds(uint32_t ms)
{
	return ms / 1000 + !!(ms % 1000);
}

static struct conns_service describe(const struct conf_timeouts *t)
{
	return (struct conns_service){
		.timeout_s = { [SHUNT_CONN_OPENING] = seconds(t->syn_ms),
			       [SHUNT_CONN_ESTABLISHED] = seconds(t->established_ms),
			       [SHUNT_CONN_CLOSING] = seconds(t->closing_ms),
			       [SHUNT_CONN_CLOSED] = seconds(t->closed_ms),
			       [SHUNT_CONN_ONE_WAY] = seconds(t->udp_ms),
			       [SHUNT_CONN_REPLIED] = seconds(t->udp_replied_ms) },
	};
}

static int learn(struct dataplane *dp, const struct plan *plan, const struct conf *conf)
{
	_cleanup_free_ struct conns_service *services =
		calloc(conf->n_services + 1, sizeof(*services));
	const struct conns_service **by_id = calloc(dp->n_backends, sizeof(*by_id));

	if (!services || !by_id) {
		free(by_id);
		return -ENOMEM;
	}
	for (size_t i = 0; i < conf->n_services; i++)
		services[i] = describe(&conf->services[i].timeouts);
	array_for_each (b, plan->backends, plan->n_backends) {
		if (b->id >= dp->n_backends ||
		    !conf_forward_is_nat(conf->services[b->conf_service].forward))
			continue;
		services[b->conf_service].counted |= b->counted;
		by_id[b->id] = &services[b->conf_service];
	}
	free(dp->conns.services);
	free(dp->conns.by_id);
	dp->conns.services = take_ptr(&services);
	dp->conns.by_id = by_id;
	dp->conns.knows = true;
	return 0;
}

/* --- rounds ------------------------------------------------------------------------- */

static uint64_t sum_states(const struct conns_sweep *s)
{
	uint64_t n = 0;

	array_for_each (state, s->last_by_state, array_len(s->last_by_state))
		n += *state;
	return n;
}

static uint64_t count_entries(const struct dataplane *dp)
{
	const struct conns *c = &dp->conns.maps;

	/* But for that of nobody. */
	return conns_count_bits(c->bits, c->n) - 1;
}

static bool is_due(const struct dataplane *dp, uint64_t now_ms)
{
	const struct conns_sweep *s = &dp->conns.sweep;

	if (!conns_sweep_is_due(s, now_ms))
		return false;
	return s->running || s->n_queue || !s->rounds || sum_states(s) || count_entries(dp) ||
	       now_ms - s->began_ms >= QUIET_GAP_MS;
}

static int work(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		uint64_t now_ms)
{
	struct conn_cache *c = &dp->conns;
	int err = c->knows ? 0 : learn(dp, plan, conf);

	if (!err && !c->works) {
		err = conn_cache_hold(dp);
		c->works = !err;
	}
	if (err || conns_sweep_step(&c->sweep, &c->maps, c->by_id, now_ms))
		return err;
	c->works = false;
	conn_cache_release(dp);
	return 0;
}

bool conn_cache_work(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		     uint64_t now_ms)
{
	int err;

	if (!dp->sizes.conns || !is_due(dp, now_ms))
		return false;
	err = work(dp, plan, conf, now_ms);
	if (err)
		log_err(err, "look for connections that are over");
	return dp->conns.works;
}

bool dataplane_take_suspect(struct dataplane *dp, uint32_t *id)
{
	return dp->sizes.conns && conns_suspects_take(&dp->conns.sweep.suspects, id);
}

/* --- numbers ------------------------------------------------------------------------ */

uint32_t conn_cache_count(const struct dataplane *dp, uint32_t id)
{
	return dp->sizes.conns && id < dp->conns.sweep.n_ids ? dp->conns.sweep.last_live[id] : 0;
}

static void read_ports(const struct dataplane *dp, struct snapshot_conntrack *out)
{
	const struct conns_sweep *s = &dp->conns.sweep;

	out->ports_each = pool_space_ports(&dp->sizes.pool);
	for (uint32_t i = 0; i < s->n_spaces; i++) {
		const uint32_t used = s->last_used[i];

		out->ports_used += used;
		if (used || port_spaces_in_use(&dp->conns.spaces, i))
			out->ports_capacity += out->ports_each;
		if (used > out->ports_most)
			out->ports_most = used;
	}
}

struct snapshot_conntrack conn_cache_read(const struct dataplane *dp)
{
	const struct conns_sweep *s = &dp->conns.sweep;
	struct snapshot_conntrack out = { 0 };

	if (!dp->sizes.conns)
		return out;
	out.entries = count_entries(dp);
	out.capacity = dp->conns.maps.n - 1;
	memcpy(out.by_state, s->last_by_state, sizeof(out.by_state));
	out.has_syn_flood = dp->conns.is_flood;
	read_ports(dp, &out);
	return out;
}

/* --- a list ------------------------------------------------------------------------- */

static struct snapshot_endpoint endpoint(const struct shunt_addr *addr, __be32 ports, int which)
{
	return (struct snapshot_endpoint){ *addr, conns_port(ports, which) };
}

static struct snapshot_conn describe_conn(const struct shunt_conn *conn,
					  const struct plan_backend *b, uint32_t now_s)
{
	return (struct snapshot_conn){
		.service = b->conf_service,
		.backend = b->conf_backend,
		.proto = conn->client.proto,
		.client = endpoint(&conn->client.src, conn->client.ports, 0),
		.vip = endpoint(&conn->client.dst, conn->client.ports, 1),
		.server = endpoint(&conn->server.src, conn->server.ports, 0),
		.source = endpoint(&conn->server.dst, conn->server.ports, 1),
		.state = conns_state(conn),
		.idle_s = conns_idle_s(conn, now_s),
	};
}

static bool is_of(const struct plan_backend *b, size_t service)
{
	return b && (service == SIZE_MAX || b->conf_service == service);
}

static int list(struct dataplane *dp, const struct plan *plan, size_t service, size_t max,
		struct snapshot_conns *out)
{
	const struct conns *c = &dp->conns.maps;
	const uint32_t now_s = clock_now_ms() / 1000;

	for (uint32_t r = conns_next(c, 1); r && out->n < max; r = conns_next(c, r + 1)) {
		const struct shunt_conn conn = conns_read(c, r);
		const struct plan_backend *b = plan_backend_by_id(plan, conn.backend);
		struct snapshot_conn *next;

		if (!conns_is_written(&conn) || !is_of(b, service))
			continue;
		next = array_add(&out->list, &out->n);
		if (!next)
			return -ENOMEM;
		*next = describe_conn(&conn, b, now_s);
	}
	return 0;
}

static uint64_t count_total(const struct dataplane *dp, const struct plan *plan, size_t service)
{
	uint64_t n = 0;

	array_for_each (b, plan->backends, plan->n_backends)
		if (is_of(b, service))
			n += conn_cache_count(dp, b->id);
	return n;
}

int dataplane_list_conns(struct dataplane *dp, const struct plan *plan, size_t service, size_t max,
			 struct snapshot_conns *out)
{
	struct snapshot_conns found = { 0 };
	int err;

	*out = found;
	if (!dp->sizes.conns)
		return 0;
	err = conn_cache_hold(dp);
	if (err)
		return err;
	err = list(dp, plan, service, max, &found);
	conn_cache_release(dp);
	if (err) {
		free(found.list);
		return err;
	}
	found.total = count_total(dp, plan, service);
	if (found.total < found.n || found.n < max)
		found.total = found.n;
	*out = found;
	return 0;
}
