/* SPDX-License-Identifier: BSD-2-Clause */
/* What was found out about a packet, as JSON: ids become names. */
#ifndef CTL_EXPLAIN_DESCRIBE_H
#define CTL_EXPLAIN_DESCRIBE_H

#include <jansson.h>

#include "dataplane/explain.h"

/* @in: the interface that it came in by. A new reference, or NULL if out of memory. */
json_t *explain_describe(const struct snapshot *s, const struct snapshot_interface *in,
			 const struct explain *x);

#endif /* CTL_EXPLAIN_DESCRIBE_H */
