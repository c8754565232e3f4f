/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/explain_describe.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/describe.h"
#include "ctl/firewall_describe.h"
#include "net/addr.h"

/* In the words of the protocol. */
static const char *const whys[EXPLAIN_WHYS] = {
	[EXPLAIN_NO_BACKEND] = "none",	     [EXPLAIN_OWNER] = "slot",
	[EXPLAIN_FORMER_OWNER] = "former",   [EXPLAIN_PINNED] = "flow-cache",
	[EXPLAIN_NOTED] = "noted",	     [EXPLAIN_DEALT] = "scheduler",
	[EXPLAIN_CONNECTION] = "connection",
};

/* --- names ---------------------------------------------------------------------- */

struct owner {
	const struct snapshot_service *service;
	const struct snapshot_backend *backend;
};

static struct owner find_owner(const struct snapshot *s, uint32_t id)
{
	array_for_each (service, s->services, s->n_services)
		array_for_each (b, service->backends, service->n_backends)
			if (b->id == id)
				return (struct owner){ service, b };
	return (struct owner){ NULL, NULL };
}

/* "nginx1"; null: nobody, or somebody who has left the config. */
static json_t *name_of(const struct snapshot *s, uint32_t id)
{
	const struct owner o = find_owner(s, id);

	return o.backend ? describe_text(o.backend->name) : json_null();
}

static bool answers_to(const struct conf_service *c, const struct shunt_service_key *key)
{
	array_for_each (vip, c->vips, c->n_vips)
		array_for_each (port, c->ports, c->n_ports)
			if (addr_is_equal(vip, &key->vip) && port->proto == key->proto &&
			    port->port == ntohs(key->port))
				return true;
	return false;
}

static const struct snapshot_service *find_service_of(const struct snapshot *s,
						      const struct shunt_service_key *key)
{
	array_for_each (service, s->services, s->n_services)
		if (answers_to(service->conf, key))
			return service;
	return NULL;
}

/* --- pieces ------------------------------------------------------------------------ */

static json_t *describe_end(const struct snapshot_endpoint *e)
{
	return json_pack("{s:o, s:i}", "address", describe_addr(&e->addr), "port", e->port);
}

static json_t *describe_packet(const struct explain_packet *p)
{
	return json_pack("{s:s, s:o, s:o, s:b}", "protocol",
			 p->proto == IPPROTO_TCP ? "tcp" : "udp", "source", describe_end(&p->src),
			 "destination", describe_end(&p->dst), "syn", p->syn);
}

static json_t *describe_interface(const struct snapshot_interface *in)
{
	return json_pack("{s:s, s:s, s:b}", "name", in->name, "mode", conf_xdp_mode_name(in->mode),
			 "attached", in->attached);
}

static json_t *describe_found(const struct snapshot *s, const struct explain *x)
{
	const struct snapshot_service *service = find_service_of(s, &x->key);
	const struct conf_service *c = service ? service->conf : NULL;

	if (!x->has_service)
		return json_null();
	return json_pack("{s:o, s:o, s:i, s:s, s:s}", "name", describe_text(c ? c->name : ""),
			 "vip", describe_addr(&x->key.vip), "port", ntohs(x->key.port), "scheduler",
			 c ? conf_scheduler_name(c->scheduler) : "", "forward",
			 c ? conf_forward_name(c->forward) : "");
}

/* Of nat a slot is asked for connections that begin. */
static json_t *describe_slot(const struct snapshot *s, const struct explain *x)
{
	const uint32_t cur = SHUNT_SLOT_CUR(x->word), prev = SHUNT_SLOT_PREV(x->word);

	if (!x->has_service)
		return json_null();
	return json_pack("{s:I, s:I, s:s, s:o, s:o}", "number", (json_int_t)x->slot, "of",
			 (json_int_t)x->slots, "state", slot_state_name(SHUNT_SLOT_STATE(x->word)),
			 "owner", cur ? name_of(s, x->base + cur) : json_null(), "former_owner",
			 prev ? name_of(s, x->base + prev) : json_null());
}

static json_t *describe_rules(const struct snapshot *s, const struct explain *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->n_rules; i++)
		array_for_each (r, s->rules, s->n_rules)
			if (r->rule->id == x->rules[i])
				json_array_append_new(list, firewall_describe_rule(r));
	return list;
}

static json_t *describe_flow(const struct snapshot *s, const struct explain_flow *f)
{
	if (!f->backend)
		return json_null();
	return json_pack("{s:o, s:i, s:b}", "backend", name_of(s, f->backend), "age_s",
			 (int)f->age_s, "closing", f->closing);
}

static json_t *describe_kept(const struct snapshot *s, const struct explain *x,
			     const struct explain_flow flows[EXPLAIN_WHENS])
{
	if (!x->has_service || !x->tracked)
		return json_null();
	return json_pack("{s:o, s:o}", "before", describe_flow(s, &flows[EXPLAIN_BEFORE]), "after",
			 describe_flow(s, &flows[EXPLAIN_AFTER]));
}

static json_t *describe_conn(const struct snapshot *s, const struct explain_conn *c)
{
	if (!c->record)
		return json_null();
	return json_pack("{s:o, s:s, s:i, s:o, s:o, s:s}", "backend", name_of(s, c->backend),
			 "state", conn_state_name(c->state), "idle_s", (int)c->idle_s, "server",
			 describe_end(&c->server), "source", describe_end(&c->source), "way",
			 c->way == SHUNT_TO_SERVER ? "to-server" : "to-client");
}

static json_t *describe_conns(const struct snapshot *s, const struct explain *x)
{
	const bool nat = x->service_flags & SHUNT_SERVICE_NAT;

	if (!nat && !x->conn[EXPLAIN_BEFORE].record)
		return json_null();
	return json_pack("{s:o, s:o}", "before", describe_conn(s, &x->conn[EXPLAIN_BEFORE]),
			 "after", describe_conn(s, &x->conn[EXPLAIN_AFTER]));
}

static json_t *describe_backend(const struct snapshot *s, const struct explain *x)
{
	const struct owner o = find_owner(s, x->backend);

	if (!x->backend)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:s}", "service",
			 describe_text(o.service ? o.service->conf->name : ""), "name",
			 describe_text(o.backend ? o.backend->name : ""), "id",
			 (json_int_t)x->backend, "why", whys[x->why]);
}

static json_t *describe_mac(const uint8_t *m)
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		 m[5]);
	return json_string(text);
}

static json_t *describe_way(const struct explain *x)
{
	char ifname[IF_NAMESIZE] = "";

	if (!x->has_way)
		return json_null();
	if (x->egress.ifindex)
		if_indextoname(x->egress.ifindex & ~SHUNT_EGRESS_VLAN, ifname);
	return json_pack("{s:s, s:o, s:i, s:o, s:o, s:i, s:i, s:b}", "forward",
			 conf_forward_name(x->leg.forward), "address", describe_addr(&x->leg.addr),
			 "port", ntohs(x->leg.port), "interface", describe_text(ifname), "mac",
			 x->egress.ifindex ? describe_mac(x->leg.hop.dmac) : json_null(), "vlan",
			 ntohs(x->egress.vlan), "mtu", x->leg.mtu, "dead",
			 x->leg.flags & SHUNT_LEG_DEAD);
}

static json_t *describe_bytes(const uint8_t *bytes, size_t n)
{
	char text[2 * EXPLAIN_BYTES + 1] = "";

	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return json_string(text);
}

static json_t *describe_result(const struct explain *x)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "reason", reason_name(x->reason), "action",
			 reason_action(x->reason), "text", reason_text(x->reason), "in",
			 describe_bytes(x->in, x->in_bytes), "out",
			 describe_bytes(x->out, x->out_bytes));
}

json_t *explain_describe(const struct snapshot *s, const struct snapshot_interface *in,
			 const struct explain *x)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "firewall",
			 describe_rules(s, x), "packet", describe_packet(&x->packet), "interface",
			 describe_interface(in), "service", describe_found(s, x), "slot",
			 describe_slot(s, x), "flow_cache", describe_kept(s, x, x->pinned), "noted",
			 describe_kept(s, x, x->noted), "connection", describe_conns(s, x),
			 "backend", describe_backend(s, x), "way", describe_way(x), "result",
			 describe_result(x));
}
