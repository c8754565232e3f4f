/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pieces of HTML. Whatever is not written in our own code goes through html_text():
 * details of health checks are what a server chose to say.
 */
#ifndef EXPORT_HTML_H
#define EXPORT_HTML_H

#include <jansson.h>

#include "base/buf.h"

/* Text, or the value of an attribute in double quotes. */
void html_text(struct buf *out, const char *text);

/* A cell; @class may be NULL. */
void html_cell(struct buf *out, const char *class, const char *text);

/* A small graph of a list of numbers, its newest one at the right edge, room for @room. */
void html_graph(struct buf *out, const json_t *numbers, size_t room);

/* A bar, @part from 0 to 1 of its length. */
void html_bar(struct buf *out, double part);

#endif /* EXPORT_HTML_H */
