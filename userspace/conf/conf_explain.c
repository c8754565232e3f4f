/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manual of all keys, written by walking the tables. A path has NAME where
 * the user chooses the name, and [] behind a list; what is asked for may have
 * any name there, or leave it out: "services.web.backends[2].weight", "weight".
 */
#include <string.h>

#include "conf/conf_reference.h"
#include "conf/conf_tables.h"
#include "conf/conf_value.h"

/**
 * struct explainer - the walk
 * @query: NULL for everything
 * @only_paths: nothing but that
 * @base: the walk is in a group that overrides this one
 * @path: of the row at hand
 */
struct explainer {
	const char *query;
	bool only_paths;
	const char *base;
	struct buf path;
	struct buf *out;
};

static const char *const kind_names[] = {
	[CONF_BOOL] = "true or false",
	[CONF_NUMBER] = "a number",
	[CONF_POWER] = "a power of two",
	[CONF_AUTO_POWER] = "auto or a power of two",
	[CONF_PORT_NUMBER] = "a port",
	[CONF_PORT_RANGE] = "a range of ports, FIRST-LAST",
	[CONF_MSEC] = "a duration (ms, s, m, h)",
	[CONF_OFF_MSEC] = "off or a duration (ms, s, m, h)",
	[CONF_SIZE] = "a power of two (KiB, MiB, GiB)",
	[CONF_DAYS] = "a number of days (d)",
	[CONF_PERCENT] = "a percentage",
	[CONF_RATE] = "a number in a time (/s, /m, /h)",
	[CONF_WORD] = "one of",
	[CONF_WORDS] = "one, or a list, of",
	[CONF_SWITCH] = "one of",
	[CONF_NAME] = "a name: " CONF_NAME_RULE,
	[CONF_FILE] = "an absolute path",
	[CONF_URL_PATH] = "the path of a URL",
	[CONF_HOST] = "a host name",
	[CONF_DNS_NAME] = "a DNS name",
	[CONF_TEXT] = "a text",
	[CONF_TEXTS] = "a text, or a list of them",
	[CONF_BYTES] = "a text with \\xNN, \\r, \\n, \\t and \\\\ for other bytes",
	[CONF_HEX] = "hex digits",
	[CONF_LISTEN] = "ADDRESS:PORT or none",
	[CONF_IPV4] = "an IPv4 address",
	[CONF_IPV6] = "an IPv6 address",
	[CONF_VIPS] = "an IP address, or a list of them",
	[CONF_PORTS] = "PORT/tcp, PORT/udp, any/tcp or any/udp, or a list of them",
	[CONF_ENDPOINTS] = "ADDRESS:PORT, or a list of them",
	[CONF_PATTERNS] = "an absolute path, with wildcards in its last part, or a list of them",
	[CONF_PREFIXES] = "a prefix, or a list of them and of { file: /path/*.cidr }",
	[CONF_STATUS] = "a code or a range of them, or a list of those",
	[CONF_GROUP] = "a mapping",
	[CONF_NAMED] = "a mapping from names",
	[CONF_LIST] = "a list of mappings",
};

/* The next word of a path, without "[...]"; @s moves behind its dot. */
static size_t next_word(const char **s, const char **word)
{
	size_t len = strcspn(*s, ".["), all = strcspn(*s, ".");

	*word = *s;
	*s += all + ((*s)[all] == '.');
	return len;
}

static bool is_any_name(const char *word, size_t len)
{
	return len == 4 && !strncmp(word, "NAME", 4);
}

/* @path begins with the words of @start, where NAME stands for any word. */
static bool path_begins_with(const char *path, const char *start)
{
	const char *p, *s;
	size_t p_len, s_len;

	while (*start) {
		if (!*path)
			return false;
		p_len = next_word(&path, &p);
		s_len = next_word(&start, &s);
		if (is_any_name(p, p_len) || is_any_name(s, s_len))
			continue;
		if (p_len != s_len || strncmp(p, s, p_len))
			return false;
	}
	return true;
}

/* @query is a beginning of @path, or the words at its end or between. */
static bool is_asked_for(const char *path, const char *query)
{
	const char *rest = path, *word;
	size_t len;

	if (path_begins_with(path, query))
		return true;
	while (*rest) {
		path = rest;
		len = next_word(&rest, &word);
		if (!is_any_name(word, len) && path_begins_with(path, query))
			return true;
	}
	return false;
}

static bool has_limits(const struct conf_field *f)
{
	return f->kind == CONF_NUMBER || f->kind == CONF_POWER || f->kind == CONF_AUTO_POWER ||
	       f->kind == CONF_PORT_NUMBER || f->kind == CONF_PORT_RANGE || f->kind == CONF_MSEC ||
	       f->kind == CONF_OFF_MSEC || f->kind == CONF_SIZE || f->kind == CONF_DAYS ||
	       f->kind == CONF_PERCENT || f->kind == CONF_RATE;
}

static void explain_value(const struct explainer *x, const struct conf_field *f)
{
	const char *base = f->base ? f->base : x->base;
	struct buf *out = x->out;
	char min[CONF_VALUE_TEXT], max[CONF_VALUE_TEXT];

	buf_printf(out, "    %s", kind_names[f->kind]);
	if (f->words)
		for (const struct conf_word *w = f->words; w->name; w++)
			buf_printf(out, " %s", w->name);
	if (f->kind == CONF_HEX)
		buf_printf(out, ", %u of them", f->max);
	if (f->min && f->min == f->max)
		buf_printf(out, ", %u", f->min);
	else if (has_limits(f))
		buf_printf(out, ", %s to %s", conf_format_limit(f, f->min, min),
			   conf_format_limit(f, f->max, max));
	if (f->required)
		buf_puts(out, "; required");
	if (base)
		buf_printf(out, "; preset as in %s", base);
	else if (f->preset)
		buf_printf(out, "; preset %s", f->preset);
	if (f->kind != CONF_GROUP)
		buf_puts(out,
			 f->effect == CONF_LIVE ? "; changes on reload" : "; changes on restart");
	buf_puts(out, "\n");
}

/* The row itself, as a paragraph. */
static void explain_row(const struct explainer *x, const struct conf_field *f)
{
	if (x->query && !is_asked_for(buf_str(&x->path), x->query))
		return;
	if (x->only_paths) {
		buf_printf(x->out, "%s\n", buf_str(&x->path));
		return;
	}
	buf_printf(x->out, "%s%s\n", x->out->len ? "\n" : "", buf_str(&x->path));
	explain_value(x, f);
	buf_printf(x->out, "    %s\n", f->doc);
}

static void explain_fields(struct explainer *x, const struct conf_fields *set);

static void explain_group(struct explainer *x, const struct conf_field *f)
{
	const char *outer = x->base;

	/* Once is enough, unless somebody asks for a key in this very group. */
	if (f->base && !(x->query && path_begins_with(x->query, buf_str(&x->path))))
		return;
	x->base = f->base ? f->base : outer;
	explain_fields(x, f->fields);
	x->base = outer;
}

static void explain_fields(struct explainer *x, const struct conf_fields *set)
{
	size_t len = x->path.len;

	array_for_each (f, set->rows, set->n) {
		buf_printf(&x->path, "%s%s", len ? "." : "", f->key);
		if (f->kind == CONF_LIST)
			buf_puts(&x->path, "[]");
		explain_row(x, f);
		if (f->kind == CONF_NAMED)
			buf_puts(&x->path, ".NAME");
		if (f->fields)
			explain_group(x, f);
		if (f->elem)
			explain_fields(x, f->elem->fields);
		buf_cut(&x->path, len);
	}
}

static void explain_all(struct explainer *x)
{
	explain_fields(x, &conf_root_fields);
	x->out->failed |= x->path.failed;
	buf_free(&x->path);
}

void conf_explain(const char *key_or_null, struct buf *out)
{
	struct explainer x = { .query = key_or_null, .out = out };

	explain_all(&x);
}

void conf_list_keys(struct buf *out)
{
	struct explainer x = { .only_paths = true, .out = out };

	explain_all(&x);
}
