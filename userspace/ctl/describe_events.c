/* SPDX-License-Identifier: BSD-2-Clause */
/* What the daemon has logged. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log_ring.h"
#include "ctl/describe.h"

static const char *level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	return names[level];
}

static json_t *describe_event(const struct log_entry *e, const char *text)
{
	return json_pack("{s:I, s:I, s:s, s:o}", "serial", (json_int_t)e->serial, "time_ms",
			 (json_int_t)e->wall_ms, "level", level_name(e->level), "text",
			 describe_text(text));
}

/* The first serial that is still there, behind @after. */
static uint64_t first_after(uint64_t after)
{
	const uint64_t last = log_ring_last();

	if (last > LOG_RING_LINES && after < last - LOG_RING_LINES)
		return last - LOG_RING_LINES + 1;
	return after + 1;
}

json_t *describe_events(uint64_t after)
{
	json_t *list = json_array();

	for (uint64_t serial = first_after(after); serial <= log_ring_last(); serial++) {
		const struct log_entry *e = log_ring_get(serial);

		json_array_append_new(list, describe_event(e, e->text));
	}
	return list;
}

/* What stands below the first line may quote the config. */
static json_t *describe_first_line(const struct log_entry *e)
{
	_cleanup_free_ char *text = strdup(e->text);

	if (!text)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return describe_event(e, text);
}

json_t *describe_latest_events(void)
{
	const uint64_t first = first_after(0);
	json_t *list = json_array();

	for (uint64_t serial = log_ring_last();
	     serial >= first && json_array_size(list) < DESCRIBE_EVENTS; serial--) {
		const struct log_entry *e = log_ring_get(serial);

		if (e->level < LOG_LEVEL_DEBUG)
			json_array_append_new(list, describe_first_line(e));
	}
	return list;
}
