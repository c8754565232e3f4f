/* SPDX-License-Identifier: BSD-2-Clause */
/* The config that runs, every default filled in. */
#include <netinet/in.h>
#include <stdio.h>

#include "base/array.h"
#include "ctl/describe.h"
#include "ctl/firewall_describe.h"
#include "ctl/settings.h"
#include "net/addr.h"

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *addr_or_null(bool has, const struct shunt_addr *a)
{
	char text[ADDR_TEXT];

	return has ? json_string(addr_format(a, text)) : json_null();
}

static json_t *backend_of(const struct conf_backend *b)
{
	json_t *backend = json_pack("{s:s, s:o, s:o, s:i, s:i, s:b, s:o}", "name", b->name,
				    "address", addr_or_null(b->has_address, &b->address),
				    "address6", addr_or_null(b->has_address6, &b->address6),
				    "weight", (int)b->weight, "id", (int)b->id, "backup", b->backup,
				    "check", describe_check(&b->check));

	settings_describe_backend(b, backend);
	return backend;
}

static json_t *service_of(const struct conf_service *s)
{
	json_t *vips = json_array(), *ports = json_array(), *backends = json_array();
	char text[ADDR_TEXT];
	json_t *service;

	array_for_each (vip, s->vips, s->n_vips)
		json_array_append_new(vips, json_string(addr_format(vip, text)));
	array_for_each (p, s->ports, s->n_ports) {
		const char *proto = p->proto == IPPROTO_UDP ? "udp" : "tcp";

		if (p->port)
			snprintf(text, sizeof(text), "%u/%s", p->port, proto);
		else
			snprintf(text, sizeof(text), "any/%s", proto);
		json_array_append_new(ports, json_string(text));
	}
	array_for_each (b, s->backends, s->n_backends)
		json_array_append_new(backends, backend_of(b));
	service = json_pack(
		"{s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:o, s:o}", "name", s->name,
		"vip", vips, "ports", ports, "forward", conf_forward_name(s->forward), "scheduler",
		conf_scheduler_name(s->scheduler), "failback", conf_failback_name(s->failback),
		"when_all_down", conf_all_down_name(s->when_all_down), "udp",
		conf_udp_name(s->udp_moves), "track", s->track, "slots", (int)s->slots, "check",
		describe_check(&s->check), "backends", backends);
	settings_describe(s, service);
	json_object_set_new(service, "firewall", firewall_describe_conf(&s->firewall));
	return service;
}

static json_t *nat_of(const struct conf *c)
{
	json_t *pool = json_array();
	char text[ADDR_TEXT];

	array_for_each (a, c->nat_pool, c->n_nat_pool)
		json_array_append_new(pool, json_string(addr_format(a, text)));
	return json_pack("{s:I, s:o, s:[i, i]}", "connections", (json_int_t)c->nat_connections,
			 "pool", pool, "ports", c->nat_first_port, c->nat_last_port);
}

static json_t *peers_of(const struct conf_peers *p)
{
	json_t *to = json_array();
	char addr[ADDR_TEXT];

	array_for_each (e, p->send_to, p->n_send_to)
		json_array_append_new(to, json_pack("{s:s, s:i}", "address",
						    addr_format(&e->addr, addr), "port", e->port));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "listen", text_or_null(p->listen),
			 "send_to", to, "group", text_or_null(p->group), "interface",
			 text_or_null(p->interface), "key_file", text_or_null(p->key_file), "rate",
			 (json_int_t)p->rate, "refresh_ms", (json_int_t)p->refresh_ms);
}

static json_t *daemon_of(const struct conf *c)
{
	return json_pack("{s:{s:s, s:o, s:o}, s:o, s:s, s:{s:o, s:b}, s:i, s:I, s:I, s:I, s:I}",
			 "control", "socket", c->socket, "group", text_or_null(c->group),
			 "read_group", text_or_null(c->read_group), "state_dir",
			 text_or_null(c->state_dir), "on_stop", conf_on_stop_name(c->on_stop),
			 "metrics", "listen", text_or_null(c->metrics_listen), "per_backend",
			 c->metrics_per_backend, "slots", (int)c->slots, "flow_cache_bytes",
			 (json_int_t)c->flow_cache_bytes, "flow_early_ms",
			 (json_int_t)c->flow_early_ms, "flow_idle_ms", (json_int_t)c->flow_idle_ms,
			 "icmp_rate", (json_int_t)c->icmp_per_s);
}

static json_t *ha_of(const struct conf *c)
{
	const struct conf_ha_routes *r = &c->ha.routes;

	return json_pack("{s:s, s:{s:I, s:I, s:I, s:I, s:b}, s:{s:o}, s:o}", "announce",
			 conf_announce_name(c->ha.announce), "routes", "table",
			 (json_int_t)r->table, "protocol", (json_int_t)r->protocol, "metric",
			 (json_int_t)r->metric, "drain_metric", (json_int_t)r->drain_metric, "pool",
			 r->pool, "vrrp", "file", text_or_null(c->ha.vrrp_file), "peers",
			 peers_of(&c->peers));
}

json_t *describe_conf(const struct conf *c)
{
	json_t *interfaces = json_array(), *services = json_array();

	array_for_each (i, c->interfaces, c->n_interfaces)
		json_array_append_new(interfaces, json_pack("{s:s, s:s}", "name", i->name, "mode",
							    conf_xdp_mode_name(i->mode)));
	array_for_each (s, c->services, c->n_services)
		json_array_append_new(services, service_of(s));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "path", describe_text(c->path),
			 "daemon", daemon_of(c), "nat", nat_of(c), "ha", ha_of(c), "firewall",
			 firewall_describe_conf(&c->firewall), "interfaces", interfaces, "services",
			 services);
}
