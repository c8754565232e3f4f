/* SPDX-License-Identifier: BSD-2-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "saved.h"

#define LINE_BYTES 512

FILE *saved_open(const char *path)
{
	FILE *f = path ? fopen(path, "r") : NULL;

	if (path && !f)
		err(EXIT_FAILURE, "%s", path);
	return f;
}

static bool read_numbers(const char *at, double numbers[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *end;

		numbers[i] = strtod(at, &end);
		if (end == at)
			return false;
		at = end;
	}
	return true;
}

bool saved_find(FILE *f, const char *name, double numbers[], size_t n)
{
	const size_t len = strlen(name);
	char line[LINE_BYTES];

	rewind(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == '\t')
			return read_numbers(line + len, numbers, n);
	return false;
}
