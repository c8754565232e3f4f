/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/log_ring.h"

static enum log_level max_level = LOG_LEVEL_INFO;

void log_level_set(enum log_level level)
{
	max_level = level;
}

enum log_level log_level_get(void)
{
	return max_level;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error: ", "warning: ", "", "debug: " };
	static const int priorities[] = { 3, 4, 6, 7 };
	char line[1024];
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_ring_add(level, line);
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", priorities[level], line);
	else
		fprintf(stderr, "%s%s\n", names[level], line);
}

int log_err(int err, const char *fmt, ...)
{
	char text[896];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!err) {
		log_line(LOG_LEVEL_ERROR, "%s", text);
		return -EINVAL;
	}
	log_line(LOG_LEVEL_ERROR, "%s: %s", text, strerror(-err));
	return err;
}
