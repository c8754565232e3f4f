/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "ctl/table.h"

#define TABLE_GAP 2

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static void hide_controls(char *text)
{
	for (; *text; text++)
		if (is_control(*text))
			*text = '?';
}

void table_add(struct table *t, enum table_color color, const char *fmt, ...)
{
	struct table_cell *cell = array_add(&t->cells, &t->n_cells);
	va_list ap;

	if (!cell)
		return;
	va_start(ap, fmt);
	if (vasprintf(&cell->text, fmt, ap) < 0)
		cell->text = NULL;
	va_end(ap);
	if (cell->text)
		hide_controls(cell->text);
	cell->color = color;
}

void table_end_row(struct table *t)
{
	size_t over = t->n_cells % t->n_columns;

	for (size_t i = over; over && i < t->n_columns; i++)
		table_add(t, TABLE_PLAIN, "%s", "");
}

void table_free(struct table *t)
{
	array_for_each (cell, t->cells, t->n_cells)
		free(cell->text);
	free(t->cells);
	t->cells = NULL;
	t->n_cells = 0;
}

void table_put_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_puts(out, "\n    ");
		else
			buf_printf(out, "%c", is_control(*text) ? '?' : *text);
	}
}

void table_paint(struct buf *out, bool enabled, enum table_color color, const char *text)
{
	static const char *const codes[] = {
		[TABLE_PLAIN] = "",	  [TABLE_GREEN] = "\033[32m", [TABLE_YELLOW] = "\033[33m",
		[TABLE_RED] = "\033[31m", [TABLE_BOLD] = "\033[1m",
	};

	if (enabled && color != TABLE_PLAIN && *text)
		buf_printf(out, "%s%s\033[0m", codes[color], text);
	else
		buf_puts(out, text);
}

static const char *cell_text(const struct table_cell *cell)
{
	return cell->text ?: "";
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = strlen(t->columns[column].head);

	for (size_t i = column; i < t->n_cells; i += t->n_columns) {
		size_t len = strlen(cell_text(&t->cells[i]));

		if (len > width)
			width = len;
	}
	return width;
}

/* One line; blanks are kept back until something follows them. */
static void print_row(const struct table *t, const struct table_cell *cells, const size_t *widths,
		      bool color, struct buf *out)
{
	size_t owed = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		const char *text = cell_text(&cells[i]);
		size_t pad = widths[i] - strlen(text);

		if (*text) {
			owed += t->columns[i].right ? pad : 0;
			buf_printf(out, "%*s", (int)owed, "");
			table_paint(out, color, cells[i].color, text);
			owed = t->columns[i].right ? 0 : pad;
		} else {
			owed += pad;
		}
		owed += TABLE_GAP;
	}
	buf_puts(out, "\n");
}

static void print_heads(const struct table *t, const size_t *widths, bool color, struct buf *out)
{
	_cleanup_free_ struct table_cell *heads = calloc(t->n_columns, sizeof(*heads));
	bool any = false;

	for (size_t i = 0; heads && i < t->n_columns; i++) {
		heads[i].text = (char *)t->columns[i].head;
		heads[i].color = TABLE_BOLD;
		any |= *t->columns[i].head;
	}
	if (any)
		print_row(t, heads, widths, color, out);
}

void table_print(const struct table *t, bool color, struct buf *out)
{
	_cleanup_free_ size_t *widths = calloc(t->n_columns, sizeof(*widths));

	if (!widths || !t->n_cells)
		return;
	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = column_width(t, i);
	print_heads(t, widths, color, out);
	for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns)
		print_row(t, &t->cells[i], widths, color, out);
}
