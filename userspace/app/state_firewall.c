/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall in the state file: what was said at runtime, and the ids of rules. */
#include <errno.h>

#include "app/state_json.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/json_put.h"

void state_put_prefixes(const struct admin *admin, struct buf *out)
{
	char prefix[CONF_PREFIX_TEXT];

	buf_puts(out, "[");
	array_for_each (p, admin->prefixes, admin->n_prefixes) {
		buf_puts(out, p > admin->prefixes ? ",\n{\"service\":" : "\n{\"service\":");
		json_put_text_or_null(out, p->service);
		buf_puts(out, ",");
		json_put_member_text(out, "prefix", conf_prefix_format(&p->prefix, prefix));
		buf_puts(out, p->allow ? ",\"allow\":true," : ",\"allow\":false,");
		json_put_member_number(out, "since", p->since_wall_s);
		buf_puts(out, ",");
		json_put_member_number(out, "until",
				       p->deadline_ms ? state_to_wall(p->deadline_ms) : 0);
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

void state_put_rules(const struct rules *rules, struct buf *out)
{
	buf_puts(out, "[");
	array_for_each (r, rules->ids, rules->n) {
		buf_puts(out, r > rules->ids ? ",\n{" : "\n{");
		json_put_member_text(out, "name", r->name);
		buf_puts(out, ",");
		json_put_member_number(out, "id", r->id);
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

int state_prefixes_from_json(struct admin *admin, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		_cleanup_(buf_free) struct buf flaw = { 0 };
		struct admin_prefix p = { 0 };
		json_int_t since, until;
		const char *prefix;
		int allow, err;

		if (json_unpack(item, "{s:s, s:b, s:I, s:I}", "prefix", &prefix, "allow", &allow,
				"since", &since, "until", &until) ||
		    conf_prefix_parse(prefix, &p.prefix, &flaw))
			return -EINVAL;
		p.service = (char *)json_string_value(json_object_get(item, "service"));
		p.allow = allow;
		p.since_wall_s = since;
		p.deadline_ms = until > 0 ? state_from_wall(until) : 0;
		err = admin_put_prefix(admin, &p);
		if (err)
			return err;
	}
	return 0;
}

int state_rules_from_json(struct rules *rules, const json_t *list)
{
	json_int_t id;
	const char *name;
	json_t *item;
	size_t i;
	int err = 0;

	json_array_foreach(list, i, item)
	{
		if (json_unpack(item, "{s:s, s:I}", "name", &name, "id", &id) || id < 1 ||
		    id > UINT32_MAX)
			return -EINVAL;
		err = rules_restore(rules, name, id);
		if (err)
			break;
	}
	return err;
}
