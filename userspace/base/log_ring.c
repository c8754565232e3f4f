/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/clock.h"
#include "base/log_ring.h"

static struct {
	uint64_t last;
	uint64_t began;
	struct log_entry entries[LOG_RING_LINES];
} ring;

void log_ring_add(enum log_level level, const char *text)
{
	struct log_entry *e = &ring.entries[++ring.last % LOG_RING_LINES];

	e->serial = ring.last;
	e->wall_ms = clock_wall_ms();
	e->level = level;
	if (!ring.began)
		ring.began = e->wall_ms;
	/* A line may be longer than what is kept of it. */
	snprintf(e->text, sizeof(e->text), "%.*s", LOG_RING_TEXT - 1, text);
}

uint64_t log_ring_last(void)
{
	return ring.last;
}

uint64_t log_ring_began(void)
{
	return ring.began;
}

const struct log_entry *log_ring_get(uint64_t serial)
{
	const struct log_entry *e = &ring.entries[serial % LOG_RING_LINES];

	return serial && e->serial == serial ? e : NULL;
}
