/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/duration.h"

int duration_parse(const char *text, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 } };
	unsigned long long n;
	char *unit;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	n = strtoull(text, &unit, 10);
	array_for_each (u, units, array_len(units)) {
		if (strcmp(u->name, unit))
			continue;
		if (n > DURATION_MAX_MS / u->ms)
			return -EINVAL;
		*ms = n * u->ms;
		return 0;
	}
	return -EINVAL;
}
