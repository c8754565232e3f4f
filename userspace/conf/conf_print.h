/* SPDX-License-Identifier: BSD-2-Clause */
/* Values back to text, as somebody would write them in the file. */
#ifndef CONF_CONF_PRINT_H
#define CONF_CONF_PRINT_H

#include "base/buf.h"
#include "conf/conf_field.h"

/*
 * The value of @f in @base; nothing if there is none. Two values are the same if their
 * texts are. Not for groups and what holds elements.
 */
void conf_value_print(const struct conf_field *f, const void *base, struct buf *out);

/* Whether values of that kind can be printed. */
bool conf_kind_is_printed(enum conf_kind kind);

#endif /* CONF_CONF_PRINT_H */
