/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/fmt.h"
#include "export/html.h"

#define GRAPH_HEIGHT 16

static const char *entity_of(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	default: /* A control character: HTML has no way to say it. */
		return "?";
	}
}

static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != '\177' && !strchr("<>&\"", c);
}

void html_text(struct buf *out, const char *text)
{
	while (*text) {
		size_t plain = 0;

		while (is_plain(text[plain]))
			plain++;
		buf_add(out, text, plain);
		text += plain;
		if (*text)
			buf_puts(out, entity_of(*text++));
	}
}

void html_cell(struct buf *out, const char *class, const char *text)
{
	if (class)
		buf_printf(out, "<td class=\"%s\">", class);
	else
		buf_puts(out, "<td>");
	html_text(out, text);
}

/* The greatest of the numbers touches the top. */
void html_graph(struct buf *out, const json_t *numbers, size_t room)
{
	const size_t n = json_array_size(numbers);
	const json_t *number;
	double peak = 0;
	size_t i;

	json_array_foreach(numbers, i, number)
	{
		peak = fmax(peak, json_number_value(number));
	}
	if (n < 2 || n > room)
		return;
	buf_printf(out,
		   "<svg class=\"graph\" viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\">"
		   "<title>at most %s/s</title><polyline points=\"",
		   room - 1, GRAPH_HEIGHT, fmt_count(peak).text);
	json_array_foreach(numbers, i, number)
	{
		const double part = peak > 0 ? json_number_value(number) / peak : 0;

		buf_printf(out, "%zu,%.1f ", room - n + i,
			   GRAPH_HEIGHT - 1 - part * (GRAPH_HEIGHT - 2));
	}
	buf_puts(out, "\"/></svg>");
}

void html_bar(struct buf *out, double part)
{
	buf_printf(out,
		   "<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\">"
		   "<rect width=\"100\" height=\"4\"/><rect class=\"full\" width=\"%.1f\" "
		   "height=\"4\"/></svg>",
		   100 * fmin(fmax(part, 0), 1));
}
