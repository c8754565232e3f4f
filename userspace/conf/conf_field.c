/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/nearest.h"
#include "conf/conf_field.h"
#include "conf/conf_unique.h"
#include "conf/conf_value.h"

/* Which nodes a setter is given; for others the walker complains. */
enum shape {
	SHAPE_SCALAR, /* a scalar that is not null */
	SHAPE_ITEMS, /* a list with something in it, or such a scalar */
	SHAPE_ANY,
};

struct kind {
	enum shape shape;
	void (*set)(struct conf_job *job, const struct conf_field *f, const struct conf_node *node,
		    void *base);
};

static CONF_SETTER(set_group)
{
	conf_fields_apply(job, f->fields, node, conf_field_at(base, f->off));
}

/* The values of @list become the elements of an array, in the same order. */
static void set_elems(struct conf_job *job, const struct conf_field *f,
		      const struct conf_node *list, void *base)
{
	const struct conf_elem *elem = f->elem;
	char *item = conf_job_keep(job, list->n_children * elem->size);

	if (!item)
		return;
	*(void **)conf_field_at(base, f->off) = item;
	*(size_t *)conf_field_at(base, f->off_also) = list->n_children;
	for (const struct conf_node *c = list->first; c; c = c->next, item += elem->size) {
		conf_fields_preset(job, elem->fields, item);
		if (elem->begin)
			elem->begin(job, c, item, base);
		conf_fields_apply(job, elem->fields, c, item);
	}
}

static const char *describe(const struct conf_node *node)
{
	static const char *const names[] = {
		[CONF_NODE_SCALAR] = "a single value",
		[CONF_NODE_LIST] = "a list",
		[CONF_NODE_MAP] = "a mapping (key: value)",
	};

	return conf_node_is_null(node) ? "nothing" : names[node->kind];
}

/* True if @node is a @kind or null, which stands for an empty one. */
static bool is_kind_or_null(struct conf_job *job, const struct conf_node *node,
			    enum conf_node_kind kind)
{
	const struct conf_node wanted = { .kind = kind };

	if (node->kind == kind || conf_node_is_null(node))
		return true;
	if (node->kind != CONF_NODE_BAD)
		conf_error(job, node, "expected %s, found %s", describe(&wanted), describe(node));
	return false;
}

static void note_repeated_key(struct conf_job *job, const struct conf_entry *first,
			      const struct conf_entry *again)
{
	conf_error(job, again->node, "duplicate key %s (first on %s)",
		   conf_quoted(job, again->node), conf_line_of_node(job, again->node, first->node));
}

static void check_repeated_keys(struct conf_job *job, const struct conf_node *map)
{
	struct conf_unique seen = conf_unique_make(job, map->n_children);

	for (const struct conf_node *c = map->first; c; c = c->next)
		conf_unique_add(&seen, (struct conf_entry){ c->key->text, strlen(c->key->text),
							    c->key, NULL });
	conf_unique_report(job, &seen, note_repeated_key);
}

static CONF_SETTER(set_named)
{
	if (!is_kind_or_null(job, node, CONF_NODE_MAP))
		return;
	check_repeated_keys(job, node);
	for (const struct conf_node *c = node->first; c; c = c->next)
		if (!f->elem->is_name(c->key->text))
			conf_error(job, c->key, "%s is not a name: %s", conf_quoted(job, c->key),
				   f->elem->name_rule);
	set_elems(job, f, node, base);
}

static CONF_SETTER(set_list)
{
	if (is_kind_or_null(job, node, CONF_NODE_LIST))
		set_elems(job, f, node, base);
}

static const struct kind kinds[] = {
	[CONF_BOOL] = { SHAPE_SCALAR, conf_set_bool },
	[CONF_NUMBER] = { SHAPE_SCALAR, conf_set_number },
	[CONF_POWER] = { SHAPE_SCALAR, conf_set_power },
	[CONF_AUTO_POWER] = { SHAPE_SCALAR, conf_set_auto_power },
	[CONF_PORT_NUMBER] = { SHAPE_SCALAR, conf_set_port_number },
	[CONF_PORT_RANGE] = { SHAPE_SCALAR, conf_set_port_range },
	[CONF_MSEC] = { SHAPE_SCALAR, conf_set_msec },
	[CONF_OFF_MSEC] = { SHAPE_SCALAR, conf_set_off_msec },
	[CONF_SIZE] = { SHAPE_SCALAR, conf_set_size },
	[CONF_DAYS] = { SHAPE_SCALAR, conf_set_days },
	[CONF_PERCENT] = { SHAPE_SCALAR, conf_set_percent },
	[CONF_RATE] = { SHAPE_SCALAR, conf_set_rate },
	[CONF_WORD] = { SHAPE_SCALAR, conf_set_word },
	[CONF_WORDS] = { SHAPE_ITEMS, conf_set_words },
	[CONF_SWITCH] = { SHAPE_SCALAR, conf_set_switch },
	[CONF_NAME] = { SHAPE_SCALAR, conf_set_name },
	[CONF_FILE] = { SHAPE_SCALAR, conf_set_file },
	[CONF_URL_PATH] = { SHAPE_SCALAR, conf_set_url_path },
	[CONF_HOST] = { SHAPE_SCALAR, conf_set_host },
	[CONF_DNS_NAME] = { SHAPE_SCALAR, conf_set_dns_name },
	[CONF_TEXT] = { SHAPE_SCALAR, conf_set_text },
	[CONF_TEXTS] = { SHAPE_ITEMS, conf_set_texts },
	[CONF_BYTES] = { SHAPE_SCALAR, conf_set_bytes },
	[CONF_HEX] = { SHAPE_SCALAR, conf_set_hex },
	[CONF_LISTEN] = { SHAPE_SCALAR, conf_set_listen },
	[CONF_IPV4] = { SHAPE_SCALAR, conf_set_ipv4 },
	[CONF_IPV6] = { SHAPE_SCALAR, conf_set_ipv6 },
	[CONF_VIPS] = { SHAPE_ITEMS, conf_set_vips },
	[CONF_PORTS] = { SHAPE_ITEMS, conf_set_ports },
	[CONF_ENDPOINTS] = { SHAPE_ITEMS, conf_set_endpoints },
	[CONF_PATTERNS] = { SHAPE_ITEMS, conf_set_patterns },
	[CONF_PREFIXES] = { SHAPE_ITEMS, conf_set_prefixes },
	[CONF_STATUS] = { SHAPE_ITEMS, conf_set_status },
	[CONF_GROUP] = { SHAPE_ANY, set_group },
	[CONF_NAMED] = { SHAPE_ANY, set_named },
	[CONF_LIST] = { SHAPE_ANY, set_list },
};

static bool has_shape(struct conf_job *job, const struct conf_node *node, enum shape shape)
{
	bool is_value = node->kind == CONF_NODE_SCALAR && !conf_node_is_null(node);

	if (node->kind == CONF_NODE_BAD)
		return false;
	if (is_value || shape == SHAPE_ANY)
		return true;
	if (shape == SHAPE_ITEMS && node->kind == CONF_NODE_LIST && node->n_children)
		return true;
	if (node->kind == CONF_NODE_LIST && !node->n_children)
		conf_error(job, node, "expected a value, found an empty list");
	else
		conf_error(job, node, "expected %s, found %s",
			   shape == SHAPE_ITEMS ? "a value or a list" : "a single value",
			   describe(node));
	return false;
}

void conf_field_set(struct conf_job *job, const struct conf_field *f, const struct conf_node *node,
		    void *base)
{
	const struct kind *kind = &kinds[f->kind];

	if (has_shape(job, node, kind->shape))
		kind->set(job, f, node, base);
}

void conf_fields_preset(struct conf_job *job, const struct conf_fields *set, void *base)
{
	array_for_each (f, set->rows, set->n) {
		struct conf_node node = { .kind = CONF_NODE_SCALAR, .text = f->preset };

		if (f->kind == CONF_GROUP && !f->base)
			conf_fields_preset(job, f->fields, conf_field_at(base, f->off));
		else if (f->preset)
			conf_field_set(job, f, &node, base);
	}
}

static bool is_known(const struct conf_fields *set, const char *key)
{
	array_for_each (f, set->rows, set->n)
		if (*f->key == *key && !strcmp(f->key, key))
			return true;
	return false;
}

static void note_unknown_key(struct conf_job *job, const struct conf_fields *set,
			     const struct conf_node *key)
{
	struct nearest n = { .typed = key->text };

	array_for_each (f, set->rows, set->n)
		nearest_offer(&n, f->key);
	if (n.best)
		conf_error(job, key, "unknown key %s (did you mean \"%s\"?)", conf_quoted(job, key),
			   n.best);
	else
		conf_error(job, key, "unknown key %s", conf_quoted(job, key));
}

static void check_keys(struct conf_job *job, const struct conf_fields *set,
		       const struct conf_node *map)
{
	check_repeated_keys(job, map);
	for (const struct conf_node *c = map->first; c; c = c->next)
		if (!is_known(set, c->key->text))
			note_unknown_key(job, set, c->key);
	array_for_each (f, set->rows, set->n)
		if (f->required && !map->is_open && !conf_node_get(map, f->key))
			conf_error(job, map, "\"%s\" is missing", f->key);
}

void conf_fields_apply(struct conf_job *job, const struct conf_fields *set,
		       const struct conf_node *node, void *base)
{
	const struct conf_node *value;

	if (!is_kind_or_null(job, node, CONF_NODE_MAP))
		return;
	array_for_each (f, set->rows, set->n) {
		value = conf_node_get(node, f->key);
		if (value)
			conf_field_set(job, f, value, base);
	}
	check_keys(job, set, node);
	if (set->verify)
		set->verify(job, node, base);
}
