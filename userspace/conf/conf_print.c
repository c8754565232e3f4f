/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_limit.h"
#include "conf/conf_print.h"
#include "conf/conf_value.h"
#include "net/addr.h"

#define PRINTER(name)                                                                              \
	static void name(const struct conf_field *f, const void *base, struct buf *out)

/* The member of @base that @f is, of type @type. */
#define VALUE(type) (*(const type *)((const char *)base + f->off))
#define ALSO(type) (*(const type *)((const char *)base + f->off_also))

PRINTER(print_bool)
{
	buf_puts(out, VALUE(bool) ? "true" : "false");
}

/* What is less than could be written was not. */
PRINTER(print_number)
{
	char text[CONF_VALUE_TEXT];

	if (VALUE(uint32_t) >= f->min)
		buf_puts(out, conf_format_limit(f, VALUE(uint32_t), text));
}

PRINTER(print_auto_power)
{
	if (VALUE(uint32_t))
		print_number(f, base, out);
	else
		buf_puts(out, "auto");
}

PRINTER(print_off_msec)
{
	if (VALUE(uint32_t))
		print_number(f, base, out);
	else
		buf_puts(out, "off");
}

PRINTER(print_port_number)
{
	if (VALUE(uint16_t))
		buf_printf(out, "%u", VALUE(uint16_t));
}

PRINTER(print_port_range)
{
	buf_printf(out, "%u-%u", VALUE(uint16_t), ALSO(uint16_t));
}

PRINTER(print_size)
{
	char text[CONF_VALUE_TEXT];

	buf_puts(out, conf_format_limit(f, VALUE(uint64_t) / 1024, text));
}

static void print_word_of(const struct conf_word *words, unsigned int value, struct buf *out)
{
	for (; words->name; words++) {
		if (words->value == value) {
			buf_puts(out, words->name);
			return;
		}
	}
}

PRINTER(print_word)
{
	print_word_of(f->words, VALUE(unsigned int), out);
}

PRINTER(print_switch)
{
	print_word_of(f->words, VALUE(bool), out);
}

PRINTER(print_text)
{
	buf_puts(out, VALUE(char *) ?: "");
}

PRINTER(print_listen)
{
	buf_puts(out, VALUE(char *) ?: "none");
}

PRINTER(print_addr)
{
	char text[ADDR_TEXT];

	if (ALSO(bool))
		buf_puts(out, addr_format(&VALUE(struct shunt_addr), text));
}

/* "[" before the first item of several, ", " between two, "]" behind the last one. */
static const char *before_item(size_t i, size_t n)
{
	return i ? ", " : n > 1 ? "[" : "";
}

static const char *behind_items(size_t n)
{
	return n > 1 ? "]" : "";
}

PRINTER(print_vips)
{
	const struct shunt_addr *vips = VALUE(struct shunt_addr *);
	const size_t n = ALSO(size_t);
	char text[ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", before_item(i, n), addr_format(&vips[i], text));
	buf_puts(out, behind_items(n));
}

PRINTER(print_ports)
{
	const struct conf_port *ports = VALUE(struct conf_port *);
	const size_t n = ALSO(size_t);

	for (size_t i = 0; i < n; i++) {
		buf_puts(out, before_item(i, n));
		if (ports[i].port)
			buf_printf(out, "%u", ports[i].port);
		else
			buf_puts(out, "any");
		buf_puts(out, ports[i].proto == IPPROTO_UDP ? "/udp" : "/tcp");
	}
	buf_puts(out, behind_items(n));
}

PRINTER(print_endpoints)
{
	const struct conf_endpoint *ends = VALUE(struct conf_endpoint *);
	const size_t n = ALSO(size_t);
	char text[ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		buf_printf(out, addr_is_v4(&ends[i].addr) ? "%s%s:%u" : "%s[%s]:%u",
			   before_item(i, n), addr_format(&ends[i].addr, text), ends[i].port);
	buf_puts(out, behind_items(n));
}

PRINTER(print_words)
{
	const uint32_t set = VALUE(uint32_t);
	const size_t n = __builtin_popcount(set);
	size_t i = 0;

	for (const struct conf_word *w = f->words; w->name; w++)
		if (set & (1U << w->value))
			buf_printf(out, "%s%s", before_item(i++, n), w->name);
	buf_puts(out, behind_items(n));
}

/* In quotes, which tell where one ends. */
PRINTER(print_texts)
{
	const char *const *texts = VALUE(char **);
	const size_t n = ALSO(size_t);

	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s\"", before_item(i, n));
		for (const char *c = texts[i]; *c; c++)
			buf_printf(out, "%s%c", strchr("\"\\", *c) ? "\\" : "", *c);
		buf_puts(out, "\"");
	}
	buf_puts(out, behind_items(n));
}

PRINTER(print_bytes)
{
	const uint8_t *bytes = VALUE(uint8_t *);

	array_for_each (b, bytes, ALSO(size_t))
		buf_printf(out, *b < ' ' || *b > '~' || *b == '\\' ? "\\x%02x" : "%c", *b);
}

PRINTER(print_patterns)
{
	const char *const *patterns = VALUE(char **);
	const size_t n = ALSO(size_t);

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s", before_item(i, n), patterns[i]);
	buf_puts(out, behind_items(n));
}

PRINTER(print_rate)
{
	const struct conf_rate *r = &VALUE(struct conf_rate);
	char text[CONF_RATE_TEXT];

	if (r->count)
		buf_puts(out, conf_rate_format(r, text));
}

/* What is in files, too: as much as shows that it has changed. */
PRINTER(print_prefixes)
{
	const struct conf_prefix_list *list = &VALUE(struct conf_prefix_list);
	const size_t n = list->n + list->n_patterns;
	size_t i = 0;

	array_for_each (r, list->rules, list->n)
		if (!r->is_file)
			buf_printf(out, "%s%s", before_item(i++, n), r->name);
	for (size_t p = 0; p < list->n_patterns; p++)
		buf_printf(out, "%s{ file: %s }", before_item(i++, n), list->patterns[p]);
	array_for_each (r, list->rules, list->n)
		if (r->is_file)
			buf_printf(out, "%s%s: %zu prefixes, sum %016" PRIx64, before_item(i++, n),
				   r->name, r->n, conf_prefixes_sum(r));
	buf_puts(out, behind_items(n));
}

PRINTER(print_status)
{
	const struct conf_status_range *r = &VALUE(struct conf_status_range);
	const size_t n = ALSO(size_t);

	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%u", before_item(i, n), r[i].first);
		if (r[i].last != r[i].first)
			buf_printf(out, "-%u", r[i].last);
	}
	buf_puts(out, behind_items(n));
}

static void (*const printers[])(const struct conf_field *f, const void *base, struct buf *out) = {
	[CONF_BOOL] = print_bool,
	[CONF_NUMBER] = print_number,
	[CONF_POWER] = print_number,
	[CONF_AUTO_POWER] = print_auto_power,
	[CONF_PORT_NUMBER] = print_port_number,
	[CONF_PORT_RANGE] = print_port_range,
	[CONF_MSEC] = print_number,
	[CONF_OFF_MSEC] = print_off_msec,
	[CONF_SIZE] = print_size,
	[CONF_DAYS] = print_number,
	[CONF_PERCENT] = print_number,
	[CONF_RATE] = print_rate,
	[CONF_WORD] = print_word,
	[CONF_WORDS] = print_words,
	[CONF_SWITCH] = print_switch,
	[CONF_NAME] = print_text,
	[CONF_FILE] = print_text,
	[CONF_URL_PATH] = print_text,
	[CONF_HOST] = print_text,
	[CONF_DNS_NAME] = print_text,
	[CONF_TEXT] = print_text,
	[CONF_TEXTS] = print_texts,
	[CONF_BYTES] = print_bytes,
	[CONF_HEX] = print_text,
	[CONF_LISTEN] = print_listen,
	[CONF_IPV4] = print_addr,
	[CONF_IPV6] = print_addr,
	[CONF_VIPS] = print_vips,
	[CONF_PORTS] = print_ports,
	[CONF_ENDPOINTS] = print_endpoints,
	[CONF_PATTERNS] = print_patterns,
	[CONF_PREFIXES] = print_prefixes,
	[CONF_STATUS] = print_status,
};

bool conf_kind_is_printed(enum conf_kind kind)
{
	return kind < array_len(printers) && printers[kind];
}

void conf_value_print(const struct conf_field *f, const void *base, struct buf *out)
{
	assert(conf_kind_is_printed(f->kind));
	printers[f->kind](f, base, out);
}
