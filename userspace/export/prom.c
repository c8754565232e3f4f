/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "export/prom.h"

void prom_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Three characters have a meaning inside of quotes. */
static void add_escaped(struct buf *out, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "\\\"\n");

		buf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		buf_puts(out, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\");
		text++;
	}
}

static void add_series(struct buf *out, const char *name, const struct prom_label *labels)
{
	const char *before = "{";

	buf_puts(out, name);
	for (const struct prom_label *l = labels; l && l->name; l++) {
		buf_puts(out, before);
		buf_puts(out, l->name);
		buf_puts(out, "=\"");
		add_escaped(out, l->value);
		buf_puts(out, "\"");
		before = ",";
	}
	buf_puts(out, *before == ',' ? "} " : " ");
}

/* There are so many that printf() would take most of the time. */
static void add_number(struct buf *out, uint64_t value)
{
	char text[24];
	char *p = text + sizeof(text);

	*--p = '\n';
	do {
		*--p = '0' + value % 10;
		value /= 10;
	} while (value);
	buf_add(out, p, text + sizeof(text) - p);
}

void prom_int(struct buf *out, const char *name, const struct prom_label *labels, uint64_t value)
{
	add_series(out, name, labels);
	add_number(out, value);
}

void prom_float(struct buf *out, const char *name, const struct prom_label *labels, double value)
{
	add_series(out, name, labels);
	buf_printf(out, "%.15g\n", value);
}
