/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last lines that were logged, for whoever asks what happened: `shunt events`.
 * Of the process, as stderr is; for one thread.
 */
#ifndef BASE_LOG_RING_H
#define BASE_LOG_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

#define LOG_RING_LINES 512
#define LOG_RING_TEXT 240

/**
 * struct log_entry - one line
 * @serial: from 1 on, one more each
 * @wall_ms: since 1970
 * @text: without a level; cut if it was longer
 */
struct log_entry {
	uint64_t serial;
	uint64_t wall_ms;
	enum log_level level;
	char text[LOG_RING_TEXT];
};

/* Only log_line() does. */
void log_ring_add(enum log_level level, const char *text);

/* Of the last line; 0 if there was none. */
uint64_t log_ring_last(void);

/* When the first line was logged, in ms since 1970, 0 if none was: tells one daemon's
 * serials from another's. */
uint64_t log_ring_began(void);

/* The line with that serial; NULL if it is too old, or is yet to come. */
const struct log_entry *log_ring_get(uint64_t serial);

#endif /* BASE_LOG_RING_H */
