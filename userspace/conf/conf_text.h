/* SPDX-License-Identifier: BSD-2-Clause */
/* Characters, lines and the piece of a line that a message shows. */
#ifndef CONF_CONF_TEXT_H
#define CONF_CONF_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf_node.h"

/**
 * conf_text_char() - the UTF-8 character at @p (RFC 3629)
 * @n: bytes there are, at least 1
 *
 * Return: its bytes, 1 to 4, and its code point in @cp; 0 if it is not valid.
 */
size_t conf_text_char(const char *p, size_t n, uint32_t *cp);

/**
 * conf_text_flaw() - the first thing in @text that is not plain text
 * @pos: of it
 *
 * Control characters, a lone carriage return and the exotic line ends of YAML
 * 1.1 count as flaws, so that lines are what every editor says they are.
 *
 * Return: what it is, for people, or NULL if there is none.
 */
const char *conf_text_flaw(const char *text, size_t len, struct conf_pos *pos);

/* Where line @line, from 1, starts: a pointer into @text, or its end. */
const char *conf_text_line(const char *text, size_t len, int line);

/*
 * The line that starts at @line and a caret under @pos, both with a newline. Of
 * a long line the part around @pos. Nothing if the line is empty.
 */
void conf_text_excerpt(struct buf *out, const char *line, const char *end, struct conf_pos pos);

/* A word of the user in a message: cut if long, without control characters. */
void conf_text_print(struct buf *out, const char *word);

#endif /* CONF_CONF_TEXT_H */
