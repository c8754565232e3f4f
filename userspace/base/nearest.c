/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/nearest.h"

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The neighbours @i-1, @i of @a are those of @b at @j, the other way round. */
static bool is_swap(const char *a, size_t i, const char *b, size_t j)
{
	return i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
}

/* Edit distance with swaps of neighbours, row by row; three rows are alive. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][NEAREST_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		const unsigned int *before = rows[(i + 1) % 3], *up = rows[(i - 1) % 3];
		unsigned int *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = min3(up[j] + 1, row[j - 1] + 1,
				      up[j - 1] + !same(a[i - 1], b[j - 1]));
			if (is_swap(a, i, b, j) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[a_len % 3][b_len];
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t typed_len = strlen(n->typed), name_len = strlen(name);
	unsigned int allowed = typed_len < 3 ? 1 : (typed_len + 2) / 3;
	unsigned int d;

	if (typed_len > NEAREST_MAX || name_len > NEAREST_MAX)
		return;
	d = distance(n->typed, typed_len, name, name_len);
	/* All letters wrong is not a neighbour, however short the word. */
	if (d > allowed || d >= name_len || (n->best && d >= n->distance))
		return;
	n->best = name;
	n->distance = d;
}
