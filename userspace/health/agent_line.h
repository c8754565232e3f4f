/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agent on a backend says: one line of words, as agents for other balancers
 * do, too. Words are apart by blanks or commas, in any case; what stands behind a #
 * is for people.
 *
 *	75%			its weight, of the configured one; 0% to 100%
 *	ready, drain, maint	what it wants
 *	up, down, fail, stopped	how it is
 *	maxconn:N		is not looked at
 *
 * A line says everything: what is not in it is 100%, ready and up.
 */
#ifndef HEALTH_AGENT_LINE_H
#define HEALTH_AGENT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health/health.h"

/* Longest line, without its end. */
#define AGENT_LINE_MAX_BYTES 255

/**
 * struct agent_line - zero-initialised is ready for the first byte
 * @text: printable ASCII and tabs; other bytes above it have become question marks
 */
struct agent_line {
	size_t n;
	char text[AGENT_LINE_MAX_BYTES + 1];
};

/**
 * struct agent_says
 * @down: it is
 */
struct agent_says {
	bool down;
	enum health_agent state;
	uint8_t percent;
};

/**
 * agent_line_feed() - read on
 *
 * Return: 1 once the line has ended (\n or \r), the rest is not looked at; 0 to go on;
 * -EMSGSIZE if it is too long; -EBADMSG if it has control characters.
 */
int agent_line_feed(struct agent_line *l, const char *data, size_t len);

/* Return: 0; -EBADMSG if there is no word, or one that is not known. */
int agent_line_read(const struct agent_line *l, struct agent_says *out);

#endif /* HEALTH_AGENT_LINE_H */
