/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables as a JSON Schema (draft 7), for editors and for those who generate
 * configs. It accepts all that conf_load() accepts, read by the rules of YAML 1.2:
 * a number may stand in quotes, a name may look like one. What it cannot say is what
 * keys mean to each other, and ranges of values with a unit.
 */
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conf_reference.h"
#include "conf/conf_tables.h"
#include "conf/conf_value.h"

#define DIALECT "http://json-schema.org/draft-07/schema#"

#define NUMBER "(0|[1-9][0-9]*)"
#define DURATION "[0-9]+(ms|s|m|h)"
#define PORT_TEXT "([0-9]+|any)/(tcp|udp)"
#define PREFIX "[0-9A-Fa-f:.]+(/[0-9]+)?"
#define STATUS_TEXT "[1-5][0-9][0-9](-[1-5][0-9][0-9])?"

/**
 * struct form - what a value looks like
 * @types: of JSON
 * @pattern: of those that are strings; whole, a regular expression of ECMA 262
 * @is_list: a list of such values will do, too
 * @limit: of those that are numbers .min and .max are the limits
 * @text_limit: .max is that of their length
 */
struct form {
	const char *types[3];
	const char *pattern;
	bool is_list;
	bool limit;
	bool text_limit;
};

static const struct form forms[] = {
	[CONF_BOOL] = { { "boolean", "string" }, "true|false" },
	[CONF_NUMBER] = { { "integer", "string" }, NUMBER, .limit = true },
	[CONF_POWER] = { { "integer", "string" }, NUMBER, .limit = true },
	[CONF_AUTO_POWER] = { { "integer", "string" }, "auto|" NUMBER, .limit = true },
	[CONF_PORT_NUMBER] = { { "integer", "string" }, NUMBER, .limit = true },
	[CONF_PORT_RANGE] = { { "string" }, "[0-9]+-[0-9]+" },
	[CONF_MSEC] = { { "string" }, DURATION },
	[CONF_OFF_MSEC] = { { "string", "integer" }, "off|0|" DURATION },
	[CONF_SIZE] = { { "string" }, "[0-9]+(KiB|MiB|GiB)" },
	[CONF_DAYS] = { { "string" }, "[0-9]+d" },
	[CONF_PERCENT] = { { "string" }, "[0-9]+%" },
	[CONF_RATE] = { { "string" }, "[0-9]+/[smh]" },
	[CONF_NAME] = { { "string", "number", "boolean" }, CONF_NAME_PATTERN },
	[CONF_FILE] = { { "string" }, "/[^\\0]*", .text_limit = true },
	[CONF_URL_PATH] = { { "string" }, "/[!-~]*", .text_limit = true },
	[CONF_HOST] = { { "string", "number", "boolean" }, "[!-~]+", .text_limit = true },
	[CONF_DNS_NAME] = { { "string", "number", "boolean" }, "[A-Za-z0-9_.-]+" },
	[CONF_TEXT] = { { "string", "number", "boolean" }, ".+", .text_limit = true },
	[CONF_TEXTS] = { { "string", "number", "boolean" }, NULL, .is_list = true },
	[CONF_BYTES] = { { "string", "number", "boolean" }, ".+" },
	[CONF_HEX] = { { "string", "number" }, "[0-9a-fA-F]*", .text_limit = true },
	[CONF_LISTEN] = { { "string" }, "none|.*:[0-9]+" },
	[CONF_IPV4] = { { "string" }, "[0-9]+(\\.[0-9]+){3}" },
	[CONF_IPV6] = { { "string" }, "[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*" },
	[CONF_VIPS] = { { "string" }, "[0-9A-Fa-f:.]+", .is_list = true },
	[CONF_PORTS] = { { "string" }, PORT_TEXT, .is_list = true },
	[CONF_ENDPOINTS] = { { "string" }, ".*:[0-9]+", .is_list = true },
	[CONF_PATTERNS] = { { "string" }, "/.*", .is_list = true },
	[CONF_STATUS] = { { "integer", "string" }, STATUS_TEXT, .is_list = true },
};

static void put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *types_of(const char *const *types, size_t max)
{
	json_t *list;

	if (!types[1])
		return json_string(types[0]);
	list = json_array();
	for (size_t i = 0; i < max && types[i]; i++)
		json_array_append_new(list, json_string(types[i]));
	return list;
}

static void put_pattern(json_t *schema, const char *pattern)
{
	put(schema, "pattern", json_sprintf("^(%s)$", pattern));
}

static json_t *value_schema(const struct conf_field *f, const struct form *form)
{
	json_t *schema = json_object();

	put(schema, "type", types_of(form->types, array_len(form->types)));
	if (form->pattern)
		put_pattern(schema, form->pattern);
	if (form->limit) {
		put(schema, "minimum", json_integer(f->kind == CONF_AUTO_POWER ? 0 : f->min));
		put(schema, "maximum", json_integer(f->max));
	}
	if (form->text_limit)
		put(schema, "maxLength", json_integer(f->max));
	return schema;
}

static json_t *words_schema(const struct conf_field *f)
{
	json_t *words = json_array();

	for (const struct conf_word *w = f->words; w->name; w++)
		json_array_append_new(words, json_string(w->name));
	return json_pack("{s:o}", "enum", words);
}

/* A value, or a list of such. */
static json_t *list_schema(json_t *one)
{
	json_t *many = json_pack("{s:s, s:O, s:i}", "type", "array", "items", one, "minItems", 1);

	return json_pack("{s:[o, o]}", "anyOf", one, many);
}

/* A prefix, or a list of them and of files. */
static json_t *prefixes_schema(void)
{
	json_t *one = json_pack("{s:s, s:s}", "type", "string", "pattern", "^(" PREFIX ")$");
	json_t *file = json_pack("{s:s, s:{s:{s:s, s:s}}, s:[s], s:b}", "type", "object",
				 "properties", "file", "type", "string", "pattern", "^/",
				 "required", "file", "additionalProperties", false);
	json_t *item = json_pack("{s:[O, o]}", "anyOf", one, file);

	return json_pack("{s:[o, {s:s, s:o, s:i}]}", "anyOf", one, "type", "array", "items", item,
			 "minItems", 1);
}

static json_t *fields_schema(const struct conf_fields *set, bool has_presets);

static json_t *named_schema(const struct conf_elem *elem)
{
	json_t *names = json_object();

	put_pattern(names, elem->name_pattern);
	return json_pack("{s:[s, s], s:o, s:o}", "type", "object", "null", "propertyNames", names,
			 "additionalProperties", fields_schema(elem->fields, true));
}

static json_t *elems_schema(const struct conf_elem *elem)
{
	return json_pack("{s:[s, s], s:o}", "type", "array", "null", "items",
			 fields_schema(elem->fields, true));
}

static json_t *field_schema(const struct conf_field *f, bool has_presets)
{
	if (f->kind == CONF_GROUP)
		return fields_schema(f->fields, has_presets && !f->base);
	if (f->kind == CONF_NAMED)
		return named_schema(f->elem);
	if (f->kind == CONF_LIST)
		return elems_schema(f->elem);
	if (f->kind == CONF_PREFIXES)
		return prefixes_schema();
	if (f->words)
		return f->kind == CONF_WORDS ? list_schema(words_schema(f)) : words_schema(f);
	/* Of a kind that is not described here all is accepted. */
	if (f->kind >= array_len(forms) || !forms[f->kind].types[0])
		return json_object();
	return forms[f->kind].is_list ? list_schema(value_schema(f, &forms[f->kind]))
				      : value_schema(f, &forms[f->kind]);
}

/* @f->preset as somebody would write it. */
static json_t *preset_of(const struct conf_field *f)
{
	uint32_t number;

	if (f->kind == CONF_BOOL)
		return json_boolean(!strcmp(f->preset, "true"));
	if (f->kind < array_len(forms) && forms[f->kind].limit &&
	    conf_read_number(f->preset, &number))
		return json_integer(number);
	return json_string(f->preset);
}

static json_t *described(const struct conf_field *f, bool has_presets)
{
	json_t *schema = field_schema(f, has_presets);

	put(schema, "description", json_string(f->doc));
	if (has_presets && f->preset && !f->base)
		put(schema, "default", preset_of(f));
	return schema;
}

/* @has_presets: what is not written has them, and not values from elsewhere. */
static json_t *fields_schema(const struct conf_fields *set, bool has_presets)
{
	json_t *properties = json_object(), *required = json_array();
	json_t *schema =
		json_pack("{s:[s, s], s:o, s:b, s:o}", "type", "object", "null", "properties",
			  properties, "additionalProperties", false, "required", required);

	array_for_each (f, set->rows, set->n) {
		put(properties, f->key, described(f, has_presets));
		if (f->required)
			json_array_append_new(required, json_string(f->key));
	}
	return schema;
}

void conf_schema(struct buf *out)
{
	json_t *schema = json_pack("{s:s, s:s}", "$schema", DIALECT, "title", "shunt.yaml");
	json_t *root = fields_schema(&conf_root_fields, true);
	_cleanup_free_ char *text = NULL;

	json_object_update(schema, root);
	/* Without anything in it the file is none. */
	put(schema, "type", json_string("object"));
	text = json_dumps(schema, JSON_INDENT(2));
	out->failed |= !text;
	buf_puts(out, text ?: "");
	buf_puts(out, "\n");
	json_decref(root);
	json_decref(schema);
}
