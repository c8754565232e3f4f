/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operator has said, and the config does not. */
#include <string.h>

#include "base/array.h"
#include "ctl/describe.h"

static bool is_in_config(const struct snapshot *s, const struct admin_entry *e)
{
	array_for_each (service, s->services, s->n_services)
		array_for_each (b, service->backends, service->n_backends)
			if (!strcmp(b->name, e->backend) &&
			    !strcmp(service->conf->name, e->service))
				return true;
	return false;
}

static json_t *number_or_null(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *describe_override(const struct snapshot *s, const struct admin_entry *e)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:b}", "service", e->service,
			 "backend", e->backend, "state", admin_state_name(e->state), "weight",
			 number_or_null(e->weight), "weight_percent",
			 number_or_null(e->weight_percent), "since", (json_int_t)e->since_wall_s,
			 "until", (json_int_t)describe_wall(s, e->deadline_ms), "configured",
			 is_in_config(s, e));
}

json_t *describe_overrides(const struct snapshot *s)
{
	json_t *list = json_array();

	for (size_t i = 0; s->admin && i < s->admin->n; i++)
		json_array_append_new(list, describe_override(s, &s->admin->entries[i]));
	return list;
}

json_t *describe_edits(const struct snapshot *s)
{
	json_t *list = json_array();

	array_for_each (e, s->edits, s->n_edits)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:o}", "service", e->service,
						"backend", e->backend, "what",
						e->text ? "added" : "deleted", "settings",
						e->text ? describe_text(e->text) : json_null()));
	return list;
}
