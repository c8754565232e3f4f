/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "conf/conf_limit.h"
#include "conf/conf_value.h"

struct unit {
	const char *name;
	uint32_t size; /* in those that the value is kept in */
};

/* The largest first; the last one is 1. */
static const struct unit durations[] = {
	{ "h", 3600 * 1000 }, { "m", 60 * 1000 }, { "s", 1000 }, { "ms", 1 }, { NULL, 0 },
};

static const struct unit sizes[] = {
	{ "GiB", 1 << 20 },
	{ "MiB", 1 << 10 },
	{ "KiB", 1 },
	{ NULL, 0 },
};

const char *conf_read_digits(const char *s, uint32_t *value)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v > UINT32_MAX ? v : v * 10 + (*s - '0');
	*value = v > UINT32_MAX ? UINT32_MAX : v;
	return s;
}

bool conf_read_number(const char *s, uint32_t *value)
{
	const char *end = conf_read_digits(s, value);

	return end && !*end && (*s != '0' || end == s + 1);
}

static const char *format(uint32_t value, const struct unit *u, char out[CONF_VALUE_TEXT])
{
	while (value % u->size)
		u++;
	snprintf(out, CONF_VALUE_TEXT, "%u%s", value / u->size, u->name);
	return out;
}

const char *conf_format_msec(uint32_t ms, char out[CONF_VALUE_TEXT])
{
	/* 0 is whole in every unit: seconds read best. */
	return ms ? format(ms, durations, out) : strcpy(out, "0s");
}

/* As conf_format_msec(): "256KiB", "4GiB". */
static const char *format_size(uint32_t kib, char out[CONF_VALUE_TEXT])
{
	return format(kib, sizes, out);
}

const char *conf_format_limit(const struct conf_field *f, uint32_t value, char out[CONF_VALUE_TEXT])
{
	if (f->kind == CONF_MSEC || f->kind == CONF_OFF_MSEC)
		return conf_format_msec(value, out);
	if (f->kind == CONF_SIZE)
		return format_size(value, out);
	snprintf(out, CONF_VALUE_TEXT, "%u%s", value,
		 f->kind == CONF_PERCENT ? "%"
		 : f->kind == CONF_DAYS	 ? "d"
					 : "");
	return out;
}

bool conf_item_is_value(struct conf_job *job, const struct conf_node *item)
{
	if (item->kind == CONF_NODE_BAD)
		return false;
	if (item->kind == CONF_NODE_SCALAR && !conf_node_is_null(item))
		return true;
	conf_error(job, item, "expected a single value");
	return false;
}

static bool is_in_range(struct conf_job *job, const struct conf_field *f,
			const struct conf_node *node, uint32_t value)
{
	char min[CONF_VALUE_TEXT], max[CONF_VALUE_TEXT];

	if (value >= f->min && value <= f->max)
		return true;
	conf_format_limit(f, f->min, min);
	conf_format_limit(f, f->max, max);
	if (f->min == f->max)
		conf_error(job, node, "%s is not supported, only %s", conf_quoted(job, node), min);
	else
		conf_error(job, node, "%s is out of range: %s to %s", conf_quoted(job, node), min,
			   max);
	return false;
}

static bool read_number(struct conf_job *job, const struct conf_field *f,
			const struct conf_node *node, uint32_t *value)
{
	if (conf_read_number(node->text, value))
		return is_in_range(job, f, node, *value);
	conf_error(job, node, "%s is not a whole number", conf_quoted(job, node));
	return false;
}

CONF_SETTER(conf_set_bool)
{
	bool is_true = !strcmp(node->text, "true");

	if (is_true || !strcmp(node->text, "false"))
		*(bool *)conf_field_at(base, f->off) = is_true;
	else
		conf_error(job, node, "%s is neither true nor false", conf_quoted(job, node));
}

CONF_SETTER(conf_set_number)
{
	uint32_t value;

	if (read_number(job, f, node, &value))
		*(uint32_t *)conf_field_at(base, f->off) = value;
}

CONF_SETTER(conf_set_power)
{
	uint32_t value;

	if (!read_number(job, f, node, &value))
		return;
	if (value & (value - 1))
		conf_error(job, node, "%s is not a power of two", conf_quoted(job, node));
	else
		*(uint32_t *)conf_field_at(base, f->off) = value;
}

CONF_SETTER(conf_set_auto_power)
{
	uint32_t value;

	if (!strcmp(node->text, "auto"))
		*(uint32_t *)conf_field_at(base, f->off) = 0;
	else if (conf_read_number(node->text, &value))
		conf_set_power(job, f, node, base);
	else
		conf_error(job, node, "%s is neither auto nor a whole number",
			   conf_quoted(job, node));
}

CONF_SETTER(conf_set_port_number)
{
	uint32_t value;

	if (read_number(job, f, node, &value))
		*(uint16_t *)conf_field_at(base, f->off) = value;
}

/**
 * struct measure - numbers with a unit
 * @example: what one looks like
 * @names: the units, for people
 */
struct measure {
	const struct unit *units;
	const char *example;
	const char *names;
};

/* A number and its unit, in the last one of the units; saturates. */
static bool read_measure(struct conf_job *job, const struct conf_field *f,
			 const struct conf_node *node, const struct measure *m, uint32_t *value)
{
	const char *rest = conf_read_digits(node->text, value);
	const struct unit *u = m->units;
	uint64_t product;

	while (u->name && !(rest && !strcmp(u->name, rest)))
		u++;
	if (rest && !*rest)
		conf_error(job, node, "%s needs a unit: %s", conf_quoted(job, node), m->names);
	else if (!u->name)
		conf_error(job, node, "%s is not %s", conf_quoted(job, node), m->example);
	if (!u->name)
		return false;
	product = (uint64_t)*value * u->size;
	*value = product > UINT32_MAX ? UINT32_MAX : product;
	return is_in_range(job, f, node, *value);
}

CONF_SETTER(conf_set_msec)
{
	static const struct measure duration = {
		durations,
		"a duration such as 500ms, 2s, 5m or 1h",
		"ms, s, m or h",
	};
	uint32_t ms;

	if (read_measure(job, f, node, &duration, &ms))
		*(uint32_t *)conf_field_at(base, f->off) = ms;
}

CONF_SETTER(conf_set_off_msec)
{
	if (!strcmp(node->text, "off") || !strcmp(node->text, "0"))
		*(uint32_t *)conf_field_at(base, f->off) = 0;
	else
		conf_set_msec(job, f, node, base);
}

CONF_SETTER(conf_set_size)
{
	static const struct measure size = {
		sizes,
		"a size such as 256KiB, 4MiB or 1GiB",
		"KiB, MiB or GiB",
	};
	char below[CONF_VALUE_TEXT], above[CONF_VALUE_TEXT];
	uint32_t kib, power = 1;

	if (!read_measure(job, f, node, &size, &kib))
		return;
	while (power <= kib / 2)
		power *= 2;
	if (kib == power)
		*(uint64_t *)conf_field_at(base, f->off) = (uint64_t)kib * 1024;
	else
		conf_error(job, node, "%s is not a power of two: the nearest are %s and %s",
			   conf_quoted(job, node), format_size(power, below),
			   format_size(2 * power, above));
}

CONF_SETTER(conf_set_days)
{
	static const struct unit units[] = { { "d", 1 }, { NULL, 0 } };
	static const struct measure days = { units, "a number of days such as 14d", "d" };
	uint32_t value;

	if (read_measure(job, f, node, &days, &value))
		*(uint32_t *)conf_field_at(base, f->off) = value;
}

CONF_SETTER(conf_set_percent)
{
	uint32_t value;
	const char *rest = conf_read_digits(node->text, &value);

	if (rest && !*rest)
		conf_error(job, node, "%s needs a percent sign", conf_quoted(job, node));
	else if (!rest || strcmp(rest, "%"))
		conf_error(job, node, "%s is not a percentage such as 5%%", conf_quoted(job, node));
	else if (is_in_range(job, f, node, value))
		*(uint32_t *)conf_field_at(base, f->off) = value;
}

CONF_SETTER(conf_set_rate)
{
	static const struct unit units[] = {
		{ "/h", 3600 }, { "/m", 60 }, { "/s", 1 }, { NULL, 0 }
	};
	const struct unit *u = units;
	uint32_t value;
	const char *rest = conf_read_digits(node->text, &value);

	while (u->name && !(rest && !strcmp(u->name, rest)))
		u++;
	if (rest && !*rest)
		conf_error(job, node, "%s needs a time: /s, /m or /h", conf_quoted(job, node));
	else if (!u->name)
		conf_error(job, node, "%s is not a rate such as 200/s, 10/m or 1/h",
			   conf_quoted(job, node));
	else if (is_in_range(job, f, node, value))
		*(struct conf_rate *)conf_field_at(base, f->off) =
			(struct conf_rate){ .count = value, .per_s = u->size };
}

/* "direct or ipip", "none, tcp or http" */
static void list_words(const struct conf_word *words, struct buf *out)
{
	for (const struct conf_word *w = words; w->name; w++) {
		if (w > words)
			buf_puts(out, w[1].name ? ", " : " or ");
		buf_puts(out, w->name);
	}
}

static void note_unknown_word(struct conf_job *job, const struct conf_field *f,
			      const struct conf_node *node)
{
	struct nearest n = { .typed = node->text };
	struct buf known = { 0 };

	for (const struct conf_word *w = f->words; w->name; w++)
		nearest_offer(&n, w->name);
	list_words(f->words, &known);
	job->failed |= known.failed;
	if (n.best)
		conf_error(job, node, "unknown value %s (did you mean \"%s\"?), known: %s",
			   conf_quoted(job, node), n.best, buf_str(&known));
	else
		conf_error(job, node, "unknown value %s, known: %s", conf_quoted(job, node),
			   buf_str(&known));
	buf_free(&known);
}

/* The word that @node is, or NULL and a complaint. */
static const struct conf_word *find_word(struct conf_job *job, const struct conf_field *f,
					 const struct conf_node *node)
{
	for (const struct conf_word *w = f->words; w->name; w++)
		if (!strcmp(w->name, node->text))
			return w;
	note_unknown_word(job, f, node);
	return NULL;
}

CONF_SETTER(conf_set_word)
{
	const struct conf_word *w = find_word(job, f, node);

	if (w)
		*(unsigned int *)conf_field_at(base, f->off) = w->value;
}

CONF_SETTER(conf_set_switch)
{
	const struct conf_word *w = find_word(job, f, node);

	if (w)
		*(bool *)conf_field_at(base, f->off) = w->value;
}

CONF_SETTER(conf_set_words)
{
	const struct conf_node *item;
	const struct conf_word *w;
	uint32_t set = 0;

	for (item = conf_item_first(node); item; item = conf_item_next(node, item)) {
		w = conf_item_is_value(job, item) ? find_word(job, f, item) : NULL;
		set |= w ? 1U << w->value : 0;
	}
	if (set)
		*(uint32_t *)conf_field_at(base, f->off) = set;
}
