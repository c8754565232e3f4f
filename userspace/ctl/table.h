/* SPDX-License-Identifier: BSD-2-Clause */
/* Text in aligned columns, coloured where the reader can see it. */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum table_color {
	TABLE_PLAIN,
	TABLE_GREEN,
	TABLE_YELLOW,
	TABLE_RED,
	TABLE_BOLD,
};

struct table_column {
	const char *head;
	bool right; /* numbers */
};

struct table_cell {
	char *text;
	enum table_color color;
};

/* Set @columns and @n_columns, leave the rest 0; cells are added row by row. */
struct table {
	const struct table_column *columns;
	size_t n_columns;
	struct table_cell *cells;
	size_t n_cells;
};

/* The next cell. Control characters are shown as '?': a terminal obeys them. */
void table_add(struct table *t, enum table_color color, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Fill the row up with empty cells. */
void table_end_row(struct table *t);

/* The whole table, heads first if there are any; nothing if it has no rows. */
void table_print(const struct table *t, bool color, struct buf *out);

/* Usable as _cleanup_(table_free). */
void table_free(struct table *t);

/* @text as it is, but for control characters, as table_add(); more lines are indented. */
void table_put_text(struct buf *out, const char *text);

/* @text in @color; plain if @enabled is false. */
void table_paint(struct buf *out, bool enabled, enum table_color color, const char *text);

#endif /* CTL_TABLE_H */
