/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line per event on stderr. Under systemd (JOURNAL_STREAM is set) lines
 * start with <N>, the syslog priority; on a terminal with the level's name.
 * A failure is logged once, by whoever understands it:
 *	return log_err(err, "attach to %s", ifname);
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* The most verbose level printed: with the lines kept (log_ring.h) all that is global. */
void log_level_set(enum log_level level);
enum log_level log_level_get(void);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * log_err() - log "@fmt: strerror(err)"
 * @err: negative errno; 0 logs the text alone and returns -EINVAL
 *
 * Return: @err, so that a caller can log and return in one statement.
 */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif /* BASE_LOG_H */
