/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/array.h"
#include "ctl/describe.h"

static json_t *describe_address(const struct snapshot_announcement *a)
{
	json_t *o =
		json_pack("{s:o, s:s, s:s, s:b, s:I}", "address", describe_addr(&a->addr), "kind",
			  a->is_pool ? "pool" : "vip", "state", announce_state_name(a->state),
			  "announced", a->is_there, "since", (json_int_t)a->since_wall_s);

	if (a->state == ANNOUNCE_WAITING)
		json_object_set_new(o, "waits_for", json_string(a->is_held ? "peers" : "verdicts"));
	if (!a->service)
		return o;
	json_object_set_new(o, "service", json_string(a->service));
	json_object_set_new(o, "backends_usable", json_integer(a->usable));
	json_object_set_new(o, "min_healthy", json_integer(a->wanted));
	return o;
}

static json_t *describe_routes(const struct conf_ha_routes *r)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "table", (json_int_t)r->table, "protocol",
			 (json_int_t)r->protocol, "metric", (json_int_t)r->metric, "drain_metric",
			 (json_int_t)r->drain_metric);
}

json_t *describe_announcements(const struct snapshot *s)
{
	const struct conf_ha *ha = &s->conf->ha;
	json_t *list = json_array(), *o;

	array_for_each (a, s->announcements, s->n_announcements)
		json_array_append_new(list, describe_address(a));
	o = json_pack("{s:s, s:I, s:o}", "method", conf_announce_name(ha->announce),
		      "drained_since", (json_int_t)(s->admin ? s->admin->drained_since_wall_s : 0),
		      "addresses", list);
	if (ha->announce == CONF_ANNOUNCE_ROUTES)
		json_object_set_new(o, "routes", describe_routes(&ha->routes));
	if (ha->announce == CONF_ANNOUNCE_VRRP_FILE)
		json_object_set_new(o, "file", describe_text(ha->vrrp_file));
	return o;
}
